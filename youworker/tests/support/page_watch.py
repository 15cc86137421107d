"""Notices what must not happen on a page, whatever its test looks at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Request, Response

# Runs in each document before any script of its own.
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  reportViolation(`${event.effectiveDirective} forbids ${event.blockedURI} ${event.sample}`));
"""
# Refusals are part of the product, and files that lack are noticed below.
OF_ANSWERS = "Failed to load resource"
# A page that lacks one of these is broken, even if nobody looks at what it lacks.
PARTS = {"script", "stylesheet", "image", "font", "manifest"}
SERVER_ERRORS = 500
REFUSALS = 400


class PageWatch:
    """The faults of all pages of one browser context."""

    def __init__(self, context: BrowserContext, base_url: str) -> None:
        self.faults: list[str] = []
        self.expected: list[str] = []
        self.console: list[str] = []
        self.origin = origin_of(base_url)
        context.expose_binding("reportViolation", self.note_violation)
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self.note_line)
        context.on("weberror", lambda error: self.note(f"uncaught: {error.error}"))
        context.on("dialog", self.note_dialog)
        context.on("request", self.note_request)
        context.on("response", self.note_response)

    def begin_again(self) -> None:
        """Forget what happened, and what was meant to: another test has the pages now."""
        self.faults.clear()
        self.expected.clear()
        self.console.clear()

    def expect(self, pattern: str) -> None:
        """Say that a fault is meant to happen: a regular expression that is found in it."""
        self.expected.append(pattern)

    @property
    def unexpected(self) -> list[str]:
        """What happened and should not have, each once."""
        found = dict.fromkeys(self.faults)
        return [fault for fault in found if not any(re.search(p, fault) for p in self.expected)]

    def note(self, fault: str) -> None:
        """Remember a fault."""
        self.faults.append(fault)

    def note_violation(self, source: dict[str, Any], text: str) -> None:
        """Remember what the content security policy has prevented."""
        self.note(f"content policy: {text.strip()} on {source['page'].url}")

    def note_line(self, line: ConsoleMessage) -> None:
        """Remember what a script or the browser complains about."""
        self.console.append(f"{line.type}: {line.text}")
        if line.type == "error" and not line.text.startswith(OF_ANSWERS):
            self.note(f"console: {line.text}")

    def note_dialog(self, dialog: Dialog) -> None:
        """Close a dialog of the browser's own: alert, confirm, prompt."""
        self.note(f"dialog: {dialog.type} {dialog.message}")
        dialog.dismiss()

    def note_request(self, request: Request) -> None:
        """Remember a request that leaves the installation."""
        scheme = urlsplit(request.url).scheme
        if scheme not in {"data", "blob", "about"} and origin_of(request.url) != self.origin:
            self.note(f"foreign request: {request.url}")

    def note_response(self, response: Response) -> None:
        """Remember failures of the server, and parts of pages that it does not have."""
        kind = response.request.resource_type
        if response.status >= SERVER_ERRORS or (response.status >= REFUSALS and kind in PARTS):
            self.note(f"answer: {response.status} {response.request.method} {response.url}")


def origin_of(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
