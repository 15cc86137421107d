"""What changed about a tool since somebody agreed to it."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from mcp.models import Tool

# What is changed in a schema of 64 KiB is no longer read line by line; comparing takes a second.
MOST_LINES = 2000
OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS


def changes_of(tool: Tool) -> list[str]:
    """The lines of a tool's form that changed, with `+` and `-`, as a unified diff without heads.

    Empty when nothing changed, or when nobody knows what was agreed to; see `Tool.approved_form`.
    """
    if not tool.needs_approval or tool.approved_form is None:
        return []
    former, present = lines_of(tool.approved_form), lines_of(tool.form)
    return list(unified_diff(former, present, lineterm="", n=2))[2:]


def lines_of(form: dict[str, Any]) -> list[str]:
    """A form as people read it, line by line."""
    told = [*str(form.get("description", "")).splitlines(), ""]
    rest = {name: value for name, value in form.items() if name != "description"}
    told += orjson.dumps(rest, option=OPTIONS).decode().splitlines()
    return told[:MOST_LINES]
