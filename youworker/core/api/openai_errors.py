"""Errors in OpenAI's shape, for the routes that its clients call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from youworker.core.api.base import DomainExceptionHandler

if TYPE_CHECKING:
    from rest_framework.response import Response

PATHS = ("/v1/chat/completions", "/v1/embeddings", "/v1/models")
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
    return path in PATHS or path.startswith("/v1/models/")


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


class OpenAIExceptionHandler(DomainExceptionHandler):
    """Renders refusals as the other views do, and then says them in OpenAI's shape."""

    def run(self) -> Response | None:
        response = super().run()
        if response is not None:
            first = response.data["errors"][0]
            response.data = error_document(
                response.status_code, str(first["code"]), str(first["detail"]), first["attr"]
            )
        return response


def handle_exception(exc: Exception, context: Any) -> Response | None:
    """Answer an exception of a view that speaks OpenAI's protocol."""
    return OpenAIExceptionHandler(exc, context).run()


class OpenAIErrorSerializer(serializers.Serializer[Any]):
    """What went wrong, for people and for programs."""

    message = serializers.CharField()
    type = serializers.CharField()
    param = serializers.CharField(allow_null=True)
    code = serializers.CharField(allow_null=True)


class OpenAIErrorsSerializer(serializers.Serializer[Any]):
    """Why a request was refused, in OpenAI's shape."""

    error = OpenAIErrorSerializer()


# Of these routes in the OpenAPI document.
ERROR_RESPONSES: dict[Any, Any] = dict.fromkeys(
    (400, 401, 403, 404, 406, 409, 413, 415, 422, 429, 500, 503), OpenAIErrorsSerializer
)
