"""How a request is refused before the protocol's library sees it; knows no SDK."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

from youworker.core.request_context import HEADER, correlation_id

if TYPE_CHECKING:
    from collections.abc import Mapping

# Of JSON-RPC's range for servers; the protocol gives these no meaning of its own.
REFUSED = -32_001


class Refused(Exception):
    """A request that is answered with a status and a sentence."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: str,
        headers: Mapping[str, str] | None = None,
        *,
        audited: bool = False,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})
        # Whether a line about it was written already.
        self.audited = audited


def not_authenticated(*, shown: bool, audited: bool = False) -> Refused:
    """The refusal of somebody without a key, or with one that is not valid."""
    challenge = 'Bearer realm="youworker", scope="tools"'
    if shown:
        challenge += ', error="invalid_token", error_description="This API key is not valid."'
    message = "This API key is not valid." if shown else "Send an API key: Authorization: Bearer …"
    return Refused(
        HTTPStatus.UNAUTHORIZED,
        "not_authenticated",
        message,
        {"WWW-Authenticate": challenge},
        audited=audited,
    )


def without_scope() -> Refused:
    """The refusal of a key that is for something else."""
    challenge = 'Bearer realm="youworker", error="insufficient_scope", scope="tools"'
    return Refused(
        HTTPStatus.FORBIDDEN,
        "insufficient_scope",
        "This API key does not have the scope `tools`.",
        {"WWW-Authenticate": challenge},
    )


def throttled(message: str, wait: int) -> Refused:
    """The refusal of too many requests."""
    headers = {"Retry-After": str(wait)}
    return Refused(HTTPStatus.TOO_MANY_REQUESTS, "throttled", message, headers)


def wrong_method() -> Refused:
    """The refusal of what is done in sessions, of which there are none."""
    message = "There are no sessions here: every message is a POST of its own."
    return Refused(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", message, {"Allow": "POST"})


async def send_refusal(refusal: Refused, send: Any) -> None:
    """Answer with an error in the shape of JSON-RPC."""
    error = {"code": REFUSED, "message": refusal.message, "data": {"code": refusal.code}}
    body = orjson.dumps({"jsonrpc": "2.0", "id": None, "error": error})
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        HEADER: correlation_id(),
        **refusal.headers,
    }
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
