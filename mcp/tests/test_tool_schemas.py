"""Schemas as every model server takes them."""

from __future__ import annotations

import jsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp.tool_schemas import DEEPEST, MOST_NODES, Repair, UnusableSchema, repaired_schema

KINDS = {"string", "number", "integer", "boolean", "object", "array"}
WORDS = {"type", "description", "properties", "required", "items", "enum", "anyOf"}
WORDS |= {"minimum", "maximum", "additionalProperties"}


def check_strictly(schema, depth=0):
    """Refuse what OpenAI, Gemini, Ollama or llama.cpp refuses."""
    assert isinstance(schema, dict)
    assert schema.keys() <= WORDS
    assert depth <= 3 * DEEPEST
    assert isinstance(schema.get("description", ""), str)
    if "anyOf" in schema:
        assert "type" not in schema
        assert len(schema["anyOf"]) > 1
        for each in schema["anyOf"]:
            check_strictly(each, depth + 1)
        return
    assert schema["type"] in KINDS
    if schema["type"] == "object":
        assert isinstance(schema["properties"], dict)
        assert set(schema.get("required", ())) <= schema["properties"].keys()
        for each in schema["properties"].values():
            check_strictly(each, depth + 1)
    if schema["type"] == "array":
        check_strictly(schema["items"], depth + 1)
    if "enum" in schema:
        assert schema["enum"]


def check_root(schema):
    check_strictly(schema)
    assert schema["type"] == "object"
    assert "additionalProperties" not in schema
    jsonschema.Draft202012Validator.check_schema(schema)
    orjson.dumps(schema)


def arguments(**properties):
    return {"type": "object", "properties": properties}


STRING, NUMBER = {"type": "string"}, {"type": "number"}
PERSON = {"type": "object", "properties": {"name": STRING, "boss": {"$ref": "#/$defs/Person"}}}
HARMLESS = {
    "nothing": {},
    "no properties": {"type": "object"},
    "null properties": {"type": "object", "properties": None},
    "properties that are a list": {"type": "object", "properties": ["a"]},
    "a dialect": {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"},
    "more properties": {**arguments(a=STRING), "additionalProperties": False},
    "an array without items": arguments(a={"type": "array"}),
    "items that are true": arguments(a={"type": "array", "items": True}),
    "items that are empty": arguments(a={"type": "array", "items": {}}),
    "a tuple": arguments(a={"type": "array", "items": [STRING, NUMBER]}),
    "a tuple of today": arguments(a={"type": "array", "prefixItems": [STRING], "items": False}),
    "an array in an array": arguments(a={"type": "array", "items": {"type": "array"}}),
    "types in a list": arguments(a={"type": ["string", "null"]}),
    "several types": arguments(a={"type": ["string", "integer", "array", "null"]}),
    "the root's types in a list": {"type": ["object", "null"], "properties": {"a": STRING}},
    "an unknown type": arguments(a={"type": "any"}, b={"type": "file"}, c={"type": 7}),
    "a type in capitals": arguments(a={"type": "STRING"}, b={"type": "Integer"}),
    "no type": arguments(a={"description": "count", "default": 10}, b={}, c={"title": "C"}),
    "boolean schemas": arguments(a=True, b=False),
    "null in place of a schema": arguments(a=None, b=7, c="string"),
    "nullable": arguments(a={"type": "string", "nullable": True}),
    "null only": arguments(a={"type": "null"}),
    "optional": arguments(a={"anyOf": [STRING, {"type": "null"}], "default": None}),
    "alternatives": arguments(a={"oneOf": [STRING, {"type": "array", "items": NUMBER}]}),
    "no alternatives": arguments(a={"anyOf": []}, b={"anyOf": [{"type": "null"}]}),
    "nested alternatives": arguments(a={"anyOf": [{"anyOf": [STRING, NUMBER]}, STRING]}),
    "anyOf at the root": {"anyOf": [arguments(a=STRING), arguments(b=NUMBER)]},
    "oneOf beside properties": {**arguments(a=STRING), "oneOf": [{"required": ["a"]}, {}]},
    "allOf at the root": {"allOf": [arguments(a=STRING), arguments(b=NUMBER)]},
    "a reference at the root": {"$ref": "#/$defs/A", "$defs": {"A": arguments(a=STRING)}},
    "references": {**arguments(a={"$ref": "#/definitions/A"}), "definitions": {"A": STRING}},
    "a reference beside words": {
        **arguments(a={"$ref": "#/$defs/A", "description": "x"}),
        "$defs": {"A": STRING},
    },
    "a reference into a property": arguments(a=STRING, b={"$ref": "#/properties/a"}),
    "a reference with escapes": {**arguments(a={"$ref": "#/$defs/a~1b"}), "$defs": {"a/b": STRING}},
    "a reference to nowhere": arguments(a={"$ref": "#/$defs/none"}, b={"$ref": 7}),
    "a reference to elsewhere": arguments(a={"$ref": "https://example.org/a.json"}),
    "a circle": {"$ref": "#/$defs/Person", "$defs": {"Person": PERSON}},
    "a circle of two": {
        **arguments(a={"$ref": "#/$defs/A"}),
        "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}},
    },
    "itself": arguments(a={"$ref": "#"}),
    "formats": arguments(a={"type": "string", "format": "uri", "pattern": "^(?i)x"}),
    "limits of older drafts": arguments(
        a={"type": "number", "minimum": 0, "exclusiveMinimum": True}
    ),
    "endless repetitions": arguments(a={"type": "string", "maxLength": 10**9}),
    "a constant": arguments(a={"const": "x"}, b={"const": None}, c={"const": {"d": 1}}),
    "values without a type": arguments(a={"enum": ["x", "y"]}),
    "values of several types": arguments(a={"enum": ["x", 1, None, True]}),
    "values of another type": arguments(a={"type": "string", "enum": [1, 2]}),
    "values that are null": arguments(a={"type": ["string", "null"], "enum": ["x", None]}),
    "no values": arguments(a={"type": "string", "enum": []}),
    "ten thousand values": arguments(a={"enum": [f"v{n}" for n in range(10_000)]}),
    "required at the property": arguments(a={"type": "string", "required": True}),
    "required that is a switch": {**arguments(a=STRING), "required": True},
    "required names nobody has": {**arguments(a=STRING), "required": ["b", 7, ["a"], {}]},
    "a map": arguments(a={"type": "object", "additionalProperties": STRING}),
    "names by pattern": arguments(a={"type": "object", "patternProperties": {"^x": STRING}}),
    "conditions": {**arguments(a=STRING), "if": {"properties": {"a": {"const": 1}}}, "then": {}},
    "not": arguments(a={"not": {}}, b={"type": "string", "not": {"enum": ["x"]}}),
    "a description that is a number": arguments(a={"type": "string", "description": 7}),
    "a property called type": arguments(type=STRING, properties=STRING, required=NUMBER),
    "hundreds of properties": arguments(**{f"p{n}": STRING for n in range(600)}),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_shapes_are_repaired(name):
    check_root(repaired_schema(HARMLESS[name]))


@pytest.mark.parametrize(
    ("schema", "property_", "repaired"),
    [
        (arguments(a={"type": "array"}), "items", None),
        (HARMLESS["types in a list"], "type", "string"),
        (HARMLESS["optional"], "type", "string"),
        (HARMLESS["no type"], "type", "integer"),
        (HARMLESS["references"], "type", "string"),
        (HARMLESS["a reference beside words"], "description", "x"),
        (HARMLESS["a constant"], "enum", ["x"]),
        (HARMLESS["values without a type"], "type", "string"),
        (HARMLESS["formats"], "description", "(format: uri) (pattern: ^(?i)x)"),
        (HARMLESS["a map"], "additionalProperties", True),
    ],
)
def test_what_a_schema_says_is_kept(schema, property_, repaired):
    found = repaired_schema(schema)["properties"]["a"]

    assert property_ in found
    assert repaired is None or found[property_] == repaired


def test_alternatives_at_the_root_become_one_object_with_what_all_of_them_need():
    one = {**arguments(a=STRING, b=STRING), "required": ["a", "b"]}
    other = {**arguments(a=STRING, c=NUMBER), "required": ["a", "c"]}

    found = repaired_schema({"anyOf": [one, other, {"type": "string"}]})

    assert found["properties"].keys() == {"a", "b", "c"}
    assert found["required"] == ["a"]


def test_a_property_that_is_forbidden_is_left_out():
    assert repaired_schema(HARMLESS["boolean schemas"])["properties"].keys() == {"a"}


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "string"}, "no object but string"),
        ({"type": "array", "items": {}}, "no object but array"),
        ({"enum": ["a"]}, "no object but string"),
        ({"anyOf": [STRING, NUMBER]}, "several types"),
        ([], "no object"),
        (None, "no object"),
        (True, "no object"),
        ("object", "no object"),
    ],
)
def test_what_describes_no_arguments_is_refused_in_words(schema, reason):
    with pytest.raises(UnusableSchema, match=reason):
        repaired_schema(schema)


def nested(depth, word="properties"):
    schema = STRING
    for _ in range(depth):
        inner = {"a": schema} if word == "properties" else [schema, NUMBER]
        schema = {"type": "object", word: inner} if word == "properties" else {word: inner}
    return arguments(a=schema)


def referring(levels, width):
    names = [f"#/$defs/d{level + 1}" for level in range(levels)]
    defs = {
        f"d{level}": arguments(**{f"p{n}": {"$ref": names[level]} for n in range(width)})
        for level in range(levels)
    }
    return {**arguments(a={"$ref": "#/$defs/d0"}), "$defs": defs}


HOSTILE = {
    "deep properties": nested(300),
    "deep alternatives": nested(200, "anyOf"),
    "deep parts": nested(200, "allOf"),
    "references that multiply": referring(30, 10),
    "parts that multiply": {
        "allOf": [{"$ref": "#/$defs/d0"}] * 50,
        "$defs": {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 50} for n in range(30)},
    },
    "alternatives that multiply": {
        **arguments(a={"$ref": "#/$defs/d0"}),
        "$defs": {
            f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}, *[{"const": m} for m in range(19)]]}
            for n in range(20)
        },
    },
    "thousands of properties": arguments(**{f"p{n}": {"type": "array"} for n in range(5000)}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_schemas_cost_little_and_stay_small(name):
    repair = Repair(HOSTILE[name])

    found = repair.repair(HOSTILE[name], frozenset(), 0)

    check_strictly(found)
    # What is beyond the limit costs a constant for each place that refers to it.
    assert repair.nodes < 3 * MOST_NODES
    assert len(orjson.dumps(found)) < 2_000_000


def test_only_a_few_short_examples_are_told():
    many = {"type": "string", "examples": [f"e{n}" for n in range(5000)]}
    few = {"type": "string", "examples": ["a", 1, True], "default": "b"}
    long = {"type": "string", "default": "x" * 101, "pattern": "", "format": None}
    nested = {"type": "array", "default": [["a"]], "examples": [{"a": 1}]}

    found = repaired_schema(arguments(many=many, few=few, long=long, nested=nested))["properties"]

    told = {name: each.get("description", "") for name, each in found.items()}
    assert told["few"] == "(default: b) (examples: ['a', 1, True])"
    assert (told["many"], told["long"], told["nested"]) == ("", "", "")


class CountedList(list):
    """A list that says how often it was written out."""

    written = 0

    def __repr__(self):
        type(self).written += 1
        return super().__repr__()


def test_long_lists_are_not_written_out_for_each_place_that_refers_to_them():
    examples = CountedList(range(10_000))
    schema = arguments(**{f"p{n}": {"$ref": "#/$defs/e"} for n in range(100)})
    schema["$defs"] = {"e": {"type": "string", "examples": examples}}

    repaired_schema(schema)

    assert CountedList.written == 0


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.sampled_from(["string", "object", "#", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*WORDS, "$ref", "oneOf", "allOf", "const", "default", "format", "a"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from([*WORDS, "$ref", "oneOf", "allOf", "$defs"]), JSON))
def test_whatever_a_server_calls_a_schema_is_repaired_or_refused(schema):
    try:
        found = repaired_schema(schema)
    except UnusableSchema:
        return
    check_root(found)
