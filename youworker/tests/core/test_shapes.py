"""Serializers that are made of shapes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import pytest
from rest_framework import serializers

from youworker.core.shapes import Shape, serializer_for


class InnerShape(Shape):
    """A part."""

    number: float


class OuterShape(Shape):
    """A whole."""

    id: UUID
    name: str | None
    kind: Annotated[str, ("a", "b")]
    when: datetime
    parts: list[InnerShape]
    one: InnerShape | None
    anything: Any


def test_a_serializer_describes_a_shape():
    made = serializer_for(OuterShape)
    fields = made().fields

    assert (made.__name__, made.__doc__) == ("OuterSerializer", "A whole.")
    assert list(fields) == ["id", "name", "kind", "when", "parts", "one", "anything"]
    assert isinstance(fields["id"], serializers.UUIDField)
    assert (fields["name"].allow_null, fields["id"].allow_null) == (True, False)
    assert list(fields["kind"].choices) == ["a", "b"]
    assert isinstance(fields["parts"].child, serializer_for(InnerShape))
    assert fields["one"].allow_null
    assert all(field.required for field in fields.values())


def test_a_shape_is_described_once():
    assert serializer_for(InnerShape) is serializer_for(InnerShape)


@pytest.mark.parametrize("hint", [set, bytes, list[set]])
def test_what_no_answer_can_have_is_refused(hint):
    shape = type("OddShape", (dict,), {"__annotations__": {"odd": hint}})

    with pytest.raises(TypeError, match="A shape cannot have"):
        serializer_for(shape)
