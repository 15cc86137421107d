"""Errors that arise before Django sees a request, in the shape of the API."""

from __future__ import annotations

import json
from http import HTTPStatus

from youworker.core.request_context import HEADER, accept_correlation_id
from youworker.server.headers import missing

CODES = {
    400: "bad_request",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    408: "request_timeout",
    413: "too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    429: "throttled",
    431: "headers_too_large",
    507: "no_space",
}
SERVER_ERRORS = 500
RETRY_SECONDS = 5


def error_body(status: int) -> bytes:
    """The JSON body of an error with this status."""
    kind = "server_error" if status >= SERVER_ERRORS else "client_error"
    error = {"code": CODES.get(status, "error"), "detail": HTTPStatus(status).phrase, "attr": None}
    return json.dumps({"type": kind, "errors": [error]}).encode()


def error_headers(status: int, correlation: str | None) -> list[tuple[bytes, bytes]]:
    """The headers that go with it; `correlation` is what the caller proposed."""
    headers = [
        (b"Content-Type", b"application/json"),
        (b"Content-Length", str(len(error_body(status))).encode()),
        (HEADER.encode(), accept_correlation_id(correlation).encode()),
    ]
    if status == HTTPStatus.UNAUTHORIZED:
        headers.append((b"WWW-Authenticate", b'Bearer realm="youworker"'))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        headers.append((b"Retry-After", str(RETRY_SECONDS).encode()))
    return headers


def whole_answer(status: int, correlation: str | None) -> bytes:
    """An error as it goes over the wire, after which the connection is closed."""
    headers = [*error_headers(status, correlation), (b"Connection", b"close")]
    lines = [b": ".join(pair) for pair in (*headers, *missing(headers))]
    first = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()
    return b"\r\n".join([first, *lines, b"", b""]) + error_body(status)
