"""Data against the schemas that tools promise."""

from __future__ import annotations

import time

import pytest

from mcp.calls import ToolOutcome
from mcp.promises import broken_promise, require_promise

OBJECT = {
    "type": "object",
    "properties": {"n": {"type": "number"}, "list": {"type": "array", "items": {"type": "string"}}},
    "required": ["n"],
}
KEPT = [
    (OBJECT, {"n": 1.5}),
    (OBJECT, {"n": 1, "list": ["a"], "more": None}),
    ({"enum": [1, 2]}, 2),
    # What is no schema, or cannot be looked at, promises nothing.
    ("nonsense", {"n": 1}),
    ({"type": "nothing"}, {"n": 1}),
    ({"$ref": "http://127.0.0.1:9/schema"}, {"n": 1}),
    ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, {"n": 1}),
    ({"properties": {"pattern": {"type": "string"}}}, {"pattern": "x"}),
]
BROKEN = [
    (OBJECT, {}, "the whole breaks 'required'"),
    (OBJECT, {"n": "one"}, "n breaks 'type'"),
    (OBJECT, {"n": 1, "list": ["a", 2]}, "list.1 breaks 'type'"),
    (OBJECT, [1], "the whole breaks 'type'"),
    ({"properties": {"pattern": {"type": "string"}}}, {"pattern": 1}, "pattern breaks 'type'"),
]


@pytest.mark.parametrize(("schema", "data"), KEPT)
def test_kept_promises(schema, data):
    assert broken_promise(schema, data) == ""


@pytest.mark.parametrize(("schema", "data", "reason"), BROKEN)
def test_broken_promises_are_told_without_the_data(schema, data, reason):
    assert broken_promise(schema, data) == reason


def test_data_that_breaks_a_promise_is_dropped_and_its_text_kept():
    outcome = ToolOutcome("It is hot.", {"n": "hot"})

    require_promise(outcome, OBJECT)

    assert outcome.structured is None
    assert outcome.text.endswith("It is hot.")
    assert "n breaks 'type'" in outcome.text


HOSTILE = [
    ({"properties": {"n": {"pattern": "(a+)+$"}}}, {"n": "a" * 40 + "!"}),
    ({"patternProperties": {"(a+)+$": {}}}, {"a" * 40 + "!": 1}),
    ({"uniqueItems": True}, [[i] for i in range(5000)]),
    ({"anyOf": [{"anyOf": [{"type": "null"}] * 50}] * 50}, {"n": 1}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("schema", "data"), HOSTILE)
def test_hostile_schemas_take_no_time(schema, data):
    began = time.process_time()

    broken_promise(schema, data)

    # Whoever went through all of it would need hours.
    assert time.process_time() - began < 10


def test_a_schema_without_end_promises_nothing_below():
    schema: dict = {}
    for _ in range(2000):
        schema = {"properties": {"n": schema}}

    assert broken_promise(schema, {"n": 1}) == ""
