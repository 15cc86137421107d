"""What becomes of values nobody could store."""

from __future__ import annotations

import math

import orjson
import pytest

from youworker.core.storable import DEEPEST, LARGEST_INT, storable_json, storable_text


def nested(depth):
    value = "core"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value", [None, True, 3, -LARGEST_INT, 0.5, "città", {"a": [1, {"b": None}]}, nested(DEEPEST)]
)
def test_plain_values_stay_as_they_are(value):
    assert storable_json(value) == value


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("a\x00b", "ab"),
        ("a\ud800b", "a?b"),
        (2**63, "[a number of 64 bits]"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        ({1: "x", None: "y", "k\x00": "z"}, {"1": "x", "None": "y", "k": "z"}),
        ((1, 2), [1, 2]),
        (b"raw", "b'raw'"),
    ],
)
def test_odd_values_become_something_that_can_be_stored(value, stored):
    assert storable_json(value) == stored
    assert orjson.dumps(storable_json(value))


def test_numbers_longer_than_python_writes_are_named():
    assert storable_json(10**9999).startswith("[a number of 33216 bits")


def test_what_lies_too_deep_is_cut_off():
    found = storable_json(nested(10_000))

    assert b"nested too deeply" in orjson.dumps(found)


def test_text_is_cleaned():
    assert storable_text("\x00plain\udfff") == "plain?"
