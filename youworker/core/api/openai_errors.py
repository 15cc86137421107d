"""Errors in OpenAI's shape, for the routes that its clients call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from youworker.core.api.base import DomainExceptionHandler
from youworker.core.api.openai_shape import error_document

if TYPE_CHECKING:
    from rest_framework.response import Response


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
