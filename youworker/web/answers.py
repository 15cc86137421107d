"""Errors that arise before Django sees a request, in the shape of the API."""

from __future__ import annotations

import json
from http import HTTPStatus

CODES = {
    400: "bad_request",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    413: "too_large",
}
SERVER_ERRORS = 500


def error_body(status: int) -> bytes:
    """The JSON body of an error with this status."""
    kind = "server_error" if status >= SERVER_ERRORS else "client_error"
    error = {"code": CODES.get(status, "error"), "detail": HTTPStatus(status).phrase, "attr": None}
    return json.dumps({"type": kind, "errors": [error]}).encode()
