"""Debian's Chromium, as tests and measurements start it."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page that asks for a host of somebody else is found out, and reaches nobody.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
MISSING = "Browser tests need Chromium: apt-get install chromium fonts-dejavu-core"


@contextmanager
def started_chromium() -> Iterator[Browser]:
    """Start Chromium, and end it afterwards; raises `RuntimeError` on a machine without it."""
    from playwright.sync_api import sync_playwright

    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if program is None:
        raise RuntimeError(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def sign_in(context: BrowserContext, username: str, password: str, *, locale: str = "en") -> None:
    """Sign a context's pages in, without the page on which people do."""
    answer = context.request.post(
        "/v1/auth/login",
        data={"username": username, "password": password},
        # The account takes its language from the browser of its first sign-in.
        headers={"Accept-Language": locale},
    )
    if not answer.ok:
        raise RuntimeError(f"{username} cannot sign in: {answer.status} {answer.text()}")
