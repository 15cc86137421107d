"""Faults of tool servers at a URL, for scripted servers: what they answer to a call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mcp.tests.scripts import JSON, SSE, Hangup, reply

if TYPE_CHECKING:
    from collections.abc import Callable

Answered = tuple[int, dict[str, str], bytes]


def huge(_request: Any, _message: dict[str, Any]) -> Answered:
    """Fifty megabytes."""
    return 200, JSON, b"x" * 50_000_000


def hang_up(_request: Any, _message: dict[str, Any]) -> Answered:
    """Nothing at all."""
    raise Hangup


def promise_more(request: Any, message: dict[str, Any]) -> Answered:
    """Half of an answer, and the end of the connection."""
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(reply(message, result={})[:20])
    raise Hangup


def flood(request: Any, message: dict[str, Any]) -> Answered:
    """Events without end."""
    params = {"progressToken": message["params"].get("_meta", {}).get("progressToken")}
    told = {"jsonrpc": "2.0", "method": "notifications/progress"}
    line = f"data: {json.dumps({**told, 'params': {**params, 'progress': 1}})}\n\n".encode()
    request.send_response(200)
    request.send_header("Content-Type", "text/event-stream")
    request.end_headers()
    while True:
        request.wfile.write(line)


def inwards(status: int) -> Callable[[Any, dict[str, Any]], Answered]:
    """A redirect to where the cloud keeps its keys."""
    return lambda _request, _message: (status, {"Location": "http://169.254.169.254/latest"}, b"")


def page(_request: Any, _message: dict[str, Any]) -> Answered:
    """What a proxy says instead."""
    return 200, {"Content-Type": "text/html"}, b"<h1>Maintenance</h1>"


def junk(_request: Any, _message: dict[str, Any]) -> Answered:
    """Events that cannot be read."""
    return 200, SSE, b"data: {broken\n\n" * 100


# The fault, and a part of what the model is told.
SERVERS: dict[str, tuple[Callable[[Any, dict[str, Any]], Answered], str]] = {
    "50 MB": (huge, "larger than"),
    "closes at once": (hang_up, "not available"),
    "closes in the middle": (promise_more, "not available"),
    "events without end": (flood, ""),
    "redirect to the cloud's keys": (inwards(302), ""),
    "redirect that keeps the method": (inwards(307), ""),
    "a page": (page, ""),
    "events that are none": (junk, ""),
    "broken": (lambda *_: (500, {}, b"oops"), "status 500"),
}
