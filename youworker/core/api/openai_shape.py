"""The shape of OpenAI's errors; of its own, because the server that needs it knows no framework."""

from __future__ import annotations

from typing import Any

PATHS = (
    "/v1/audio/speech",
    "/v1/audio/transcriptions",
    "/v1/chat/completions",
    "/v1/embeddings",
    "/v1/models",
    "/v1/responses",
)
# Of OpenAI's, what is not served here: what its clients are told to use instead.
UNSERVED = {
    "/v1/completions": "/v1/chat/completions",
    "/v1/audio/translations": "/v1/audio/transcriptions",
}
# Of OpenAI's as well, and nothing here does the same.
ABSENT = (
    *("/v1/assistants", "/v1/batches", "/v1/conversations", "/v1/files", "/v1/fine_tuning"),
    *("/v1/images", "/v1/moderations", "/v1/realtime", "/v1/rerank", "/v1/threads"),
    *("/v1/uploads", "/v1/vector_stores", "/v1/videos"),
)
# What its clients are given as the base URL: the right one, others' and none, twice, or a route.
BASES = (
    "/v1",
    "",
    "/",
    "/v1/",
    "//v1",
    "/v1/v1",
    "/api",
    "/api/v1",
    "/openai",
    "/openai/v1",
    *PATHS,
)
SERVER_ERRORS = 500
# By status: what OpenAI calls such errors, by which its clients tell them apart.
TYPES = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}
# Where programs know another word for what we say.
CODES = {
    "authentication_failed": "invalid_api_key",
    "not_authenticated": "invalid_api_key",
    "throttled": "rate_limit_exceeded",
    "quota_exceeded": "insufficient_quota",
}


def speaks_openai(path: str) -> bool:
    """Whether OpenAI's clients are answered at an address."""
    if path in PATHS or instead_of(path):
        return True
    served = ("/v1/models", "/v1/responses", *ABSENT)
    return any(f"{path}/".startswith(f"{route}/") for route in served)


def instead_of(path: str) -> str:
    """Where to ask for what is not served at an address of OpenAI's; empty for other addresses."""
    if path in PATHS:
        return ""
    for route, served in ({route: route for route in PATHS} | UNSERVED).items():
        end = route.removeprefix("/v1")
        if path.endswith(end) and path.removesuffix(end) in BASES:
            return served
    return ""


def error_document(
    status: int, code: str, message: str, param: str | None = None
) -> dict[str, Any]:
    """One error as OpenAI's clients read it."""
    kind = "server_error" if status >= SERVER_ERRORS else "invalid_request_error"
    error = {
        "message": message,
        "type": TYPES.get(status, kind),
        "param": param,
        "code": CODES.get(code, code),
    }
    return {"error": error}
