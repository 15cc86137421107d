"""Lists, requests that are refused, and somebody who only wants to know that it works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from youworker.tests.bench.soak.ledger import LoadFault
from youworker.tests.bench.websocket import HandshakeRefused, open_socket

if TYPE_CHECKING:
    from youworker.tests.bench.soak.user import User

LISTS = {
    "title search": "/v1/sessions?search=tok",
    "sessions list": "/v1/sessions",
    "tags list": "/v1/tags",
    "documents list": "/v1/documents?search=soak",
    "collections list": "/v1/collections",
    "tool runs list": "/v1/tool-runs",
    "ingestion runs list": "/v1/ingestion/runs",
    "usage read": "/v1/account/usage",
}


async def read_lists(user: User) -> None:
    """Read every list once."""
    for kind, path in LISTS.items():
        await user.get(kind, path)


async def send_bad_requests(user: User) -> None:
    """Ask for what is not there, and send what cannot be read."""
    nobody = uuid4()
    refused: list[tuple[int, str, str, dict[str, Any]]] = [
        (404, "GET", f"/v1/runs/{nobody}", {}),
        (404, "GET", f"/v1/runs/{nobody}/events", {}),
        (404, "POST", f"/v1/sessions/{nobody}/messages", {"json": {"text": "?"}}),
        (404, "POST", f"/v1/documents/{nobody}/restore", {}),
        (404, "GET", f"/v1/documents/{nobody}/content", {}),
        (404, "GET", "/v1/nothing", {}),
        (400, "POST", "/v1/chat", {"json": {"text": " "}}),
        (
            400,
            "POST",
            "/v1/chat",
            {"content": b"{", "headers": {"Content-Type": "application/json"}},
        ),
        (400, "POST", "/v1/search", {"json": {"query": "x", "limit": 10**9}}),
        (400, "GET", "/v1/documents?limit=-1", {}),
        (401, "GET", "/v1/auth/me", {"headers": {"Authorization": "Bearer yw_nobody"}}),
    ]
    for status, method, path, options in refused:
        await user.call(f"refusal {status}", method, path, expect=(status,), **options)
    await open_bad_socket(user, str(nobody))


async def open_bad_socket(user: User, session: str) -> None:
    """Open a socket on a conversation that is not there."""
    try:
        async with open_socket(user.address, f"/ws/chat/{session}", user.key):
            raise LoadFault("socket: one was opened on nothing")
    except HandshakeRefused as refused:
        if refused.status != 404:
            raise LoadFault(f"socket: refused with {refused.status} instead of 404") from refused


async def read_health_and_self(user: User) -> None:
    """Ask whether the process lives, and who one is."""
    await user.get("health live", "/health/live")
    await user.get("auth me", "/v1/auth/me")
