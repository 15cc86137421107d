"""What the OpenAPI document shows beside types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer

if TYPE_CHECKING:
    from collections.abc import Callable

SerializerT = TypeVar("SerializerT", bound=type)


def example(**value: Any) -> Callable[[SerializerT], SerializerT]:
    """Decorate a serializer of requests with a body that works."""
    shown = OpenApiExample("Example", value=value, request_only=True)
    return extend_schema_serializer(examples=[shown])
