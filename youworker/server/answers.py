"""Errors that arise before Django sees a request, in the shape of the API."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from youworker.core.api.openai_shape import error_document, speaks_openai
from youworker.core.request_context import HEADER, accept_correlation_id
from youworker.server.headers import missing
from youworker.server.plain_pages import POLICY

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
SENTENCES = {
    400: "The request could not be read.",
    401: "Authentication credentials were not provided, or are not valid.",
    408: "The request did not arrive in time.",
    413: "The request is larger than this server takes.",
    414: "The address is longer than this server takes.",
    415: "Requests cannot be packed: leave Content-Encoding out.",
    429: "There are too many connections from this address; try again in some seconds.",
    431: "The headers are larger, or more, than this server takes.",
    507: "There is no room left to store this.",
}
SERVER_ERRORS = 500
RETRY_SECONDS = 5


def error_body(status: int, path: str = "") -> bytes:
    """The JSON body of an error with this status, as clients of the path read it."""
    kind = "server_error" if status >= SERVER_ERRORS else "client_error"
    code, sentence = CODES.get(status, "error"), SENTENCES.get(status, HTTPStatus(status).phrase)
    if speaks_openai(path):
        return json.dumps(error_document(status, code, sentence)).encode()
    error = {"code": code, "detail": sentence, "attr": None}
    return json.dumps({"type": kind, "errors": [error]}).encode()


def error_headers(
    status: int, correlation: str | None, path: str = "", page: bytes = b""
) -> list[tuple[bytes, bytes]]:
    """The headers that go with it, or with a page; `correlation` is what the caller proposed."""
    kind = b"text/html; charset=utf-8" if page else b"application/json"
    headers = [
        (b"Content-Type", kind),
        (b"Content-Length", str(len(page or error_body(status, path))).encode()),
        (HEADER.encode(), accept_correlation_id(correlation).encode()),
    ]
    if page:
        headers.append((b"Content-Security-Policy", POLICY))
    if status == HTTPStatus.UNAUTHORIZED:
        headers.append((b"WWW-Authenticate", b'Bearer realm="youworker"'))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        headers.append((b"Retry-After", str(RETRY_SECONDS).encode()))
    return headers


def proposed_id(request: Any) -> str:
    """The correlation id that a request's head proposes, whatever its bytes; empty for none."""
    value: bytes = request.getHeader(HEADER.encode()) or b""
    return value.decode("latin-1")


def path_of(target: bytes) -> str:
    """The path in the first line of a request, whatever its bytes."""
    return target.partition(b"?")[0].decode("latin-1")


def whole_answer(status: int, correlation: str | None, path: str = "", page: bytes = b"") -> bytes:
    """An error as it goes over the wire, after which the connection is closed."""
    headers = [*error_headers(status, correlation, path, page), (b"Connection", b"close")]
    lines = [b": ".join(pair) for pair in (*headers, *missing(headers))]
    first = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()
    return b"\r\n".join([first, *lines, b"", b""]) + (page or error_body(status, path))
