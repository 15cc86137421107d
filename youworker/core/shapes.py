"""Shapes of answers: a `TypedDict` that whoever renders returns, and the schema is made of."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    TypedDict,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)
from uuid import UUID

from rest_framework import serializers

if TYPE_CHECKING:
    from collections.abc import Sequence

# What a value is called in a hint, and how the document describes it.
FIELDS: dict[Any, type[serializers.Field]] = {
    str: serializers.CharField,
    int: serializers.IntegerField,
    float: serializers.FloatField,
    bool: serializers.BooleanField,
    UUID: serializers.UUIDField,
    datetime: serializers.DateTimeField,
    Any: serializers.JSONField,
}


class Shape(TypedDict):
    """What clients read; whoever renders returns it, and mypy compares the two."""


@cache
def serializer_for(shape: type) -> type[serializers.Serializer[Any]]:
    """What describes a shape to the schema; answers of that shape need no rendering any more.

    Raises `TypeError` for a hint that no answer can have.
    """
    name = shape.__name__.removesuffix("Shape") + "Serializer"
    hints = get_type_hints(shape, include_extras=True)
    fields: dict[str, Any] = {key: field_for(hint) for key, hint in hints.items()}
    described = {"__doc__": shape.__doc__, "__module__": shape.__module__}
    return type(name, (serializers.Serializer,), {**fields, **described})


def field_for(hint: Any, **options: Any) -> serializers.Field:
    """The field that describes a hint; `Annotated[str, choices]` names what there may be."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (inner,) = [each for each in arguments if each is not type(None)]
        return field_for(inner, **options, allow_null=True)
    if origin is Annotated:
        return serializers.ChoiceField(choices_of(arguments[1]), **options)
    if origin is list:
        if is_typeddict(arguments[0]):
            return field_for(arguments[0], **options, many=True)
        return serializers.ListField(child=field_for(arguments[0]), **options)
    if is_typeddict(hint):
        return serializer_for(hint)(**options)
    if hint not in FIELDS or "many" in options:
        raise TypeError(f"A shape cannot have {hint}.")
    return FIELDS[hint](**options)


def choices_of(kind: Any) -> Sequence[Any]:
    """The choices of an enumeration, or those that are listed."""
    return cast("Sequence[Any]", getattr(kind, "choices", kind))
