"""Values of strangers - models, tool servers - in a form that JSON, encryption and SQL accept."""

from __future__ import annotations

import math
from typing import Any

# orjson refuses to write more than 254 levels; nobody means to nest a tenth of that.
DEEPEST = 64
# What orjson and most other readers of JSON take for a whole number.
LARGEST_INT = 2**63 - 1


def storable_text(text: str) -> str:
    """The text without NUL, which PostgreSQL refuses, and with `?` for lone surrogates."""
    return text.replace("\x00", "").encode(errors="replace").decode()


def storable_json(value: Any, *, deepest: int = DEEPEST) -> Any:
    """A copy of `value` that can be stored and sent; what cannot is named in words."""
    match value:
        case None | bool():
            return value
        case str():
            return storable_text(value)
        case int():
            # A number may have more digits than Python writes out.
            fits = abs(value) <= LARGEST_INT
            return int(value) if fits else f"[a number of {value.bit_length()} bits]"
        case float():
            return value if math.isfinite(value) else str(value)
        case dict() | list() | tuple():
            return storable_tree(value, deepest - 1) if deepest else "[nested too deeply]"
    return storable_text(str(value))


def storable_tree(value: dict[Any, Any] | list[Any] | tuple[Any, ...], deepest: int) -> Any:
    """A copy of an object or array whose members are storable; the keys become text."""
    if isinstance(value, dict):
        return {
            str(storable_json(key, deepest=0)): storable_json(member, deepest=deepest)
            for key, member in value.items()
        }
    return [storable_json(member, deepest=deepest) for member in value]
