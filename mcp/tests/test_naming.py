"""Names and fingerprints."""

from __future__ import annotations

import re

import pytest

from mcp.builtin.registry import Builtin, register
from mcp.naming import safe_name, schema_hash
from mcp.results import outcome_of, text_of


def test_safe_name_keeps_what_is_safe():
    assert safe_name("crm", "find-customer_2") == "crm__find-customer_2"


@pytest.mark.parametrize("tool", ["find customer", "città", "a.b", "x" * 200])
def test_safe_name_is_accepted_by_every_model_interface(tool):
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", safe_name("crm", tool))


def test_safe_names_of_different_tools_differ():
    pairs = [
        ("a", "b.c"),
        ("a", "b c"),
        ("a", "b_c"),
        ("a-b", "c"),
        ("a", "_b_c"),
        ("a", "b" * 99),
        ("a", "b" * 98),
    ]

    assert len({safe_name(*pair) for pair in pairs}) == len(pairs)


def test_schema_hash_sees_every_change_and_no_reordering():
    schema = {"type": "object", "properties": {"a": {}, "b": {}}}
    reordered = {"properties": {"b": {}, "a": {}}, "type": "object"}

    base = schema_hash("d", schema, ["read", "write"])

    assert base == schema_hash("d", reordered, ["write", "read"])
    assert base != schema_hash("D", schema, ["read", "write"])
    assert base != schema_hash("d", {**schema, "x": 1}, ["read", "write"])
    assert base != schema_hash("d", schema, ["read"])


def test_data_too_large_is_dropped_and_data_without_text_is_shown():
    small = outcome_of([], {"a": 1}, is_error=False, limit=100)
    large = outcome_of([{"type": "text", "text": "short"}], ["x" * 200], is_error=False, limit=100)

    assert (small.text, small.structured) == ('{"a":1}', {"a": 1})
    assert (large.text, large.structured) == ("short", None)


@pytest.mark.parametrize(
    ("block", "text"),
    [
        (
            {"type": "resource", "resource": {"uri": "f:1", "text": "inside"}},
            "[file f:1]\ninside",
        ),
        ({"type": "resource", "resource": {"uri": "f:1", "blob": "aGk="}}, "[file f:1]"),
        ({"type": "resource_link", "name": "Plan", "uri": "f:2"}, "[Plan: f:2]"),
        ({"type": "audio", "mimeType": "audio/wav"}, "[audio audio/wav]"),
    ],
)
def test_text_of_names_what_it_cannot_show(block, text):
    assert text_of(block) == text


def test_one_slug_is_one_builtin_server():
    factory = "mcp.builtin.clock.create_server"
    register(Builtin("datetime", "Dates and times", factory, computes=True))

    with pytest.raises(ValueError, match="datetime"):
        register(Builtin("datetime", "Other", "elsewhere.create_server"))
