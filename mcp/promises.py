"""Whether the data of an answer is what its tool promised; imports no Django.

Schemas of strangers are run over data of strangers: what could take for ever, or reach out, is left
out of the schema first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

if TYPE_CHECKING:
    from mcp.calls import ToolOutcome

BROKEN = "[The data of this answer is not what the tool promises: {reason}]"
LARGEST_SCHEMA = 64 * 1024
LARGEST_DATA = 64 * 1024
LONGEST_REASON = 200
DEEPEST = 32
# Patterns may take exponential time, references may go round or lead to other servers, comparing
# all members of a list takes the square of their number; the rest is names.
SKIPPED = frozenset(
    {
        *("pattern", "patternProperties", "format", "uniqueItems", "propertyNames"),
        *("$ref", "$dynamicRef", "$recursiveRef", "$id", "$schema", "$anchor", "$dynamicAnchor"),
        *("$defs", "definitions", "if", "then", "else", "not", "dependentSchemas"),
        *("unevaluatedItems", "unevaluatedProperties", "contains", "$vocabulary"),
    }
)
# What stands below these are names of the server's own.
NAMED = frozenset({"properties"})
NOTHING: Registry[Any] = Registry()


def require_promise(outcome: ToolOutcome, schema: Any) -> None:
    """Drop the data of an answer that breaks its tool's promise, and say so above its text."""
    if reason := broken_promise(schema, outcome.structured):
        outcome.structured = None
        outcome.text = f"{BROKEN.format(reason=reason)}\n{outcome.text}"


def broken_promise(schema: Any, data: Any) -> str:
    """How data differs from a schema, in words without the data; empty when it does not.

    What is too large to be looked at, and a schema that is none, promise nothing.
    """
    if not isinstance(schema, dict) or len(orjson.dumps(data)) > LARGEST_DATA:
        return ""
    try:
        if len(orjson.dumps(schema)) > LARGEST_SCHEMA:
            return ""
        plain = plain_schema(schema, DEEPEST)
        Draft202012Validator.check_schema(plain)
        fault = next(Draft202012Validator(plain, registry=NOTHING).iter_errors(data), None)
    except (SchemaError, Unresolvable, RecursionError, TypeError, ValueError):
        return ""
    if fault is None:
        return ""
    place = ".".join(str(part) for part in fault.absolute_path) or "the whole"
    return f"{place} breaks {fault.validator!r}"[:LONGEST_REASON]


def plain_schema(schema: Any, deepest: int) -> Any:
    """The schema without what could take long; below `deepest` levels it promises nothing."""
    if not isinstance(schema, dict):
        return schema
    if deepest == 0:
        return {}
    return {
        word: plain_part(word, value, deepest - 1)
        for word, value in schema.items()
        if word not in SKIPPED
    }


def plain_part(word: str, value: Any, deepest: int) -> Any:
    """What stands behind one word of a schema, made plain if it holds schemas."""
    if word in ("enum", "const", "default", "examples", "required"):
        return value
    if word in NAMED and isinstance(value, dict):
        return {name: plain_schema(each, deepest) for name, each in value.items()}
    if isinstance(value, list):
        return [plain_schema(each, deepest) for each in value]
    return plain_schema(value, deepest)
