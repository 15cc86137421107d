"""Schemas of tools in the part of JSON Schema that every model server takes; imports no Django.

Servers refuse a whole request, and so every chat, for one schema they do not like. What is used
here is what OpenAI, Gemini, Ollama, vLLM and the grammars of llama.cpp have in common: one type a
schema, `properties` in objects, `items` in arrays, no references, alternatives as `anyOf`.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

# Deeper, wider or more often referred to than this it becomes "anything" from there on.
DEEPEST = 12
MOST_NODES = 4000
MOST_PROPERTIES = 1000
MOST_PARTS = 100
MOST_VALUES = 200
MOST_ALTERNATIVES = 20
LONGEST_NOTE = 100
MOST_EXAMPLES = 10
LONGEST_DESCRIPTION = 1000

TYPES = {
    **{name: name for name in ("string", "number", "integer", "boolean", "object", "array")},
    "str": "string",
    "text": "string",
    "date": "string",
    "datetime": "string",
    "int": "integer",
    "long": "integer",
    "float": "number",
    "double": "number",
    "bool": "boolean",
    "dict": "object",
    "map": "object",
    "list": "array",
    "tuple": "array",
}
KINDS: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    dict: "object",
    list: "array",
}
# Which words tell the type of a schema that does not name it.
TELLING = (
    ("object", ("properties", "required", "additionalProperties", "patternProperties")),
    ("array", ("items", "prefixItems", "minItems", "maxItems", "uniqueItems")),
    ("string", ("format", "pattern", "minLength", "maxLength", "contentEncoding")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
)
# What not every server takes is told in words.
NOTED = ("format", "pattern", "default", "examples")
ALTERNATIVES = ("anyOf", "oneOf")


class UnusableSchema(Exception):
    """A schema that describes no arguments; the message says what it describes, in words."""


def repaired_schema(schema: Any) -> dict[str, Any]:
    """The schema of a tool's arguments as every model server takes it.

    Raises `UnusableSchema` for one whose root can be no object.
    """
    if not isinstance(schema, dict):
        raise UnusableSchema("its schema is no object")
    root = Repair(schema).repair(schema, frozenset(), 0)
    found = as_arguments(root)
    if found is None:
        kind = root.get("type", "of several types")
        raise UnusableSchema(f"its arguments are no object but {kind}")
    return found


def as_arguments(root: dict[str, Any]) -> dict[str, Any] | None:
    """A repaired root as one object with named arguments; None when it cannot be one."""
    if root.get("type") == "object":
        return {"type": "object", "properties": {}, **without(root, ("additionalProperties",))}
    if "anyOf" not in root:
        return None
    objects = [each for each in root["anyOf"] if each.get("type") == "object"]
    if not objects:
        return None
    properties: dict[str, Any] = {}
    for each in objects:
        properties = {**each["properties"], **properties}
    needed = [set(each.get("required", ())) for each in objects]
    found: dict[str, Any] = {"type": "object", "properties": properties}
    if "description" in root:
        found["description"] = root["description"]
    if required := [name for name in properties if all(name in names for names in needed)]:
        found["required"] = required
    return found


def without(schema: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The schema without some of its words."""
    return {word: value for word, value in schema.items() if word not in names}


def anything() -> dict[str, Any]:
    """A schema for values of every kind."""
    return {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}, any_object()]}


def any_object() -> dict[str, Any]:
    """A schema for objects about which nothing is known."""
    return {"type": "object", "properties": {}, "additionalProperties": True}


class Repair:
    """The repair of one schema, which counts what it has looked at."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.root = root
        self.nodes = 0

    def repair(self, schema: Any, followed: frozenset[str], depth: int) -> dict[str, Any]:
        """One schema within the root; `followed` are the references that lead to it."""
        self.nodes += 1
        if not isinstance(schema, dict) or depth > DEEPEST or self.nodes > MOST_NODES:
            return anything()
        schema, followed = self.follow(schema, followed)
        alternatives = self.alternatives(schema, followed, depth)
        if not alternatives:
            return anything()
        note = described(schema)
        if len(alternatives) == 1:
            return {**note, **alternatives[0]}
        return {**note, "anyOf": alternatives}

    def follow(
        self, schema: dict[str, Any], followed: frozenset[str]
    ) -> tuple[dict[str, Any], frozenset[str]]:
        """The schema with what its references and `allOf` add; a circle adds nothing."""
        parts, found = [schema], dict[str, Any]()
        for _ in range(MOST_PARTS):
            if not parts or self.nodes > MOST_NODES:
                break
            part = parts.pop(0)
            self.nodes += 1
            reference: Any = part.get("$ref")
            target = self.look_up(reference) if isinstance(reference, str) else None
            if isinstance(target, dict):
                # Of what a circle comes back to only the type is told again.
                is_new = reference not in followed
                parts.append(target if is_new else {"type": target.get("type")})
                followed |= {reference}
            parts += [
                each for each in list_in(part, "allOf")[:MOST_PARTS] if isinstance(each, dict)
            ]
            found = combined(found, without(part, ("$ref", "allOf")))
        return found, followed

    def look_up(self, reference: str) -> Any:
        """What a reference within the schema points to; None for others."""
        if not reference.startswith("#"):
            return None
        found: Any = self.root
        for step in reference.lstrip("#").split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict):
                found = found.get(name)
            elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
                found = found[int(name)]
            else:
                return None
        return found

    def alternatives(
        self, schema: dict[str, Any], followed: frozenset[str], depth: int
    ) -> list[dict[str, Any]]:
        """The schema as one of a single type, or as several of them."""
        plain = without(schema, ALTERNATIVES)
        choices = [each for word in ALTERNATIVES for each in list_in(schema, word)]
        choices = [each for each in choices if each is not False and not is_null(each)]
        found: list[dict[str, Any]] = []
        for choice in choices[:MOST_ALTERNATIVES]:
            whole = combined(plain, choice) if isinstance(choice, dict) else choice
            repaired = self.repair(whole, followed, depth + 1)
            found += repaired.get("anyOf", [repaired])
        if not choices:
            found = [self.of_type(kind, plain, followed, depth) for kind in types_of(plain)]
        return distinct(found)

    def of_type(
        self, kind: str, schema: dict[str, Any], followed: frozenset[str], depth: int
    ) -> dict[str, Any]:
        """The schema as one of a single type."""
        found: dict[str, Any] = {**described(schema), "type": kind}
        if kind == "object":
            return {**found, **self.members(schema, followed, depth)}
        if kind == "array":
            return {**found, "items": self.items(schema, followed, depth)}
        kinds = ("number", "integer") if kind == "number" else (kind,)
        values = [value for value in values_of(schema) if type_of(value) in kinds]
        if 0 < len(values) <= MOST_VALUES:
            found["enum"] = values
        if kind in ("number", "integer"):
            limits = {word: schema.get(word) for word in ("minimum", "maximum")}
            found |= {word: limit for word, limit in limits.items() if is_number(limit)}
        return found

    def members(
        self, schema: dict[str, Any], followed: frozenset[str], depth: int
    ) -> dict[str, Any]:
        """The properties of an object; one without any may have all."""
        given = schema.get("properties")
        named = {
            name: each
            for name, each in islice(
                given.items() if isinstance(given, dict) else (), MOST_PROPERTIES
            )
            if each is not False
        }
        if not named:
            return without(any_object(), ("type",))
        required = [
            name
            for name in list_in(schema, "required")[:MOST_PROPERTIES]
            if isinstance(name, str) and name in named
        ]
        # Older drafts say it at the property.
        required += [
            name
            for name, each in named.items()
            if isinstance(each, dict) and each.get("required") is True
        ]
        properties = {name: self.repair(each, followed, depth + 1) for name, each in named.items()}
        needed = {"required": list(dict.fromkeys(required))} if required else {}
        return {"properties": properties, **needed}

    def items(self, schema: dict[str, Any], followed: frozenset[str], depth: int) -> dict[str, Any]:
        """What the members of an array are; of a tuple any of its members."""
        given = schema.get("items")
        places = given if isinstance(given, list) else list_in(schema, "prefixItems")
        if isinstance(given, dict) or not places:
            return self.repair(given, followed, depth + 1)
        return self.repair({"anyOf": places}, followed, depth + 1)


def combined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Two schemas that hold both; of what cannot be combined the first has its way."""
    found = {**second, **first}
    if is_object(first.get("properties")) and is_object(second.get("properties")):
        found["properties"] = {**second["properties"], **first["properties"]}
    if required := [*list_in(first, "required"), *list_in(second, "required")]:
        found["required"] = required
    for word in ALTERNATIVES:
        if list_in(first, word) and list_in(second, word):
            found[word] = first[word]
    return found


def types_of(schema: dict[str, Any]) -> list[str]:
    """The types a schema names, or those that its other words tell."""
    given = schema.get("type")
    names = given if isinstance(given, list) else [given]
    known = [
        TYPES[name.lower()] for name in names if isinstance(name, str) and name.lower() in TYPES
    ]
    if known:
        return list(dict.fromkeys(known))
    if values := values_of(schema):
        return list(dict.fromkeys(map(type_of, values)))
    for kind, words in TELLING:
        if any(word in schema for word in words):
            return [kind]
    default = schema.get("default")
    return [type_of(default)] if type_of(default) in TYPES else []


def values_of(schema: dict[str, Any]) -> list[Any]:
    """The values a schema allows, if it lists them; those that are no plain values are left out."""
    values = [schema["const"]] if "const" in schema else list_in(schema, "enum")[: 2 * MOST_VALUES]
    return [
        value for value in values if type_of(value) in ("string", "number", "integer", "boolean")
    ]


def type_of(value: Any) -> str:
    """The type of a value in the words of JSON Schema."""
    return KINDS.get(type(value), "null")


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """The description of a schema, with what cannot be said otherwise."""
    given = schema.get("description")
    text = given.strip()[:LONGEST_DESCRIPTION] if isinstance(given, str) else ""
    for word in NOTED:
        value = schema.get(word)
        if not is_short(value):
            continue
        shown = str(value)
        if len(shown) <= LONGEST_NOTE and shown not in text:
            text = f"{text} ({word}: {shown})".strip()
    return {"description": text} if text else {}


def is_short(value: Any) -> bool:
    """Whether a value can be told in a note: one plain value, or a few."""
    if isinstance(value, list):
        plain = all(not isinstance(each, list) and is_short(each) for each in value[:MOST_EXAMPLES])
        return 0 < len(value) <= MOST_EXAMPLES and plain
    return (
        type_of(value) not in ("null", "object") and value != "" and len(str(value)) <= LONGEST_NOTE
    )


def list_in(schema: dict[str, Any], word: str) -> list[Any]:
    """The list under a word; nothing when it is none."""
    found = schema.get(word)
    return found if isinstance(found, list) else []


def is_object(value: Any) -> bool:
    """Whether a value is a JSON object."""
    return isinstance(value, dict)


def is_number(value: Any) -> bool:
    """Whether a value is a number; older drafts have switches in their places."""
    return type(value) in (int, float)


def is_null(schema: Any) -> bool:
    """Whether a schema allows nothing but null: what is not given need not be null as well."""
    return isinstance(schema, dict) and schema.get("type") in ("null", ["null"])


def distinct(schemas: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The schemas without repetitions; where anything is allowed that alone counts."""
    found: list[dict[str, Any]] = []
    for schema in schemas:
        if schema not in found:
            found.append(schema)
    return found[:MOST_ALTERNATIVES]
