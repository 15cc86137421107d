"""Structured logs: one JSON object a line, with the correlation id, without secrets."""

from __future__ import annotations

import logging
import logging.config
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO

import structlog
from django.urls import Resolver404, resolve

from youworker.core.request_context import correlation_id

if TYPE_CHECKING:
    from django.http import HttpRequest

# Of a key, the part is kept by which it is found in the admin.
SECRET = re.compile(
    r"(yw_[\w-]{8})[\w-]+|(Bearer\s+)[^\s\"'\\]+|([?&](?:ticket|token|api_?key)=)[^&\s\"'\\]+",
    re.IGNORECASE | re.ASCII,
)


def add_correlation_id(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Name the work the line belongs to."""
    identifier = correlation_id()
    if identifier:
        event["correlation_id"] = identifier
    return event


def name_request(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Name a request by its pattern: query and path may hold anything, also in what is said."""
    request: Any = event.get("request")
    if hasattr(request, "path_info"):
        shown, said = pattern_of(request), event.get("event")
        event["request"] = f"{request.method} {shown}"
        if isinstance(said, str) and request.path != "/":
            # Django writes the second one.
            escaped = request.path.encode("unicode_escape").decode("ascii")
            event["event"] = said.replace(request.path, shown).replace(escaped, shown)
    return event


def pattern_of(request: HttpRequest) -> str:
    """The pattern that the address of a request fits."""
    try:
        match = request.resolver_match or resolve(request.path_info)
    except Resolver404:
        return "(unmatched)"
    return f"/{match.route}"


def hide_secrets(_: Any, __: str, line: str) -> str:
    """Cut keys, tokens and tickets out of a finished line, wherever they came from."""
    return SECRET.sub(lambda found: (found[1] or found[2] or found[3]) + "…", line)


def choose_format(wanted: str, stream: TextIO) -> str:
    """How lines look that end up in `stream`: as set, else readable where people look."""
    if wanted != "auto":
        return wanted
    return "console" if stream.isatty() else "json"


def configure(settings: dict[str, Any]) -> None:
    """Set up logging for this process; Django calls it with `settings.LOGGING`."""
    final: Any = structlog.dev.ConsoleRenderer(colors=False)
    if choose_format(settings["format"], sys.stderr) == "json":
        final = structlog.processors.JSONRenderer()
    shared: list[Any] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        name_request,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_correlation_id,
    ]
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            final,
            hide_secrets,
        ],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"structured": formatter},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
            "root": {"handlers": ["stderr"], "level": settings["level"]},
            # The SDK quotes what a tool server answered; the gateway tells that something is wrong.
            # Refusals have lines of ours (`youworker.requests`), without the address Django tells.
            "loggers": {
                "mcp.client": {"level": "CRITICAL"},
                "django.request": {"level": "ERROR"},
            }
            | {
                name: {"level": "WARNING"}
                for name in (
                    "httpx2",
                    "httpcore2",
                    "mcp",
                    "daphne",
                    "asyncio",
                    "celery",
                )
            },
        }
    )
