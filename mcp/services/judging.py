"""Which discovered tools can be kept, and what is wrong with the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from mcp.enums import Effect, Policy, Transport
from mcp.models import Tool
from mcp.naming import qualified_name, safe_name, schema_hash
from mcp.tool_schemas import UnusableSchema, repaired_schema
from youworker.core.storable import storable_json, storable_text

if TYPE_CHECKING:
    from mcp.descriptions import FoundTool, Listing
    from mcp.models import Server

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 8000
# Every prompt carries the schema of every tool; what is larger would leave no room for a question.
LARGEST_SCHEMA = 64 * 1024
LONGEST_SHOWN_NAME = 60
# What stands for a character that could not be read.
HALF_CHARACTER = "\N{REPLACEMENT CHARACTER}"


class Fault(NamedTuple):
    """A tool that is left out, or that is offered without a part of it; and why."""

    tool: str
    reason: str
    is_left_out: bool = True

    def sentence(self) -> str:
        """The note about the tool."""
        outcome = "left out" if self.is_left_out else "offered in part"
        return f"The tool {self.tool!r} is {outcome}: {self.reason}."

    def as_json(self) -> dict[str, str]:
        """The fault as it is stored and shown."""
        return {"tool": self.tool, "reason": self.reason}


def judge_tools(server: Server, found: Listing) -> tuple[list[Tool], list[Fault]]:
    """Unsaved rows of the usable tools, and a fault for each that is left out or lost something."""
    rows: dict[str, Tool] = {}
    faults = [fault_of(name, reason) for name, reason in found.refused]
    taken = taken_names(server)
    for one in found.tools:
        row = None
        fault = name_fault(one.name) or schema_fault(one.input_schema)
        if not fault:
            row = row_for(server, one)
            fault = duplicate_fault(row, rows, taken)
        if row is None or fault:
            faults.append(fault_of(one.name, fault))
        else:
            rows[row.safe_name] = row
    faults += [fault_of(name, reason, is_left_out=False) for name, reason in found.mended]
    if found.cut:
        faults.append(Fault("…", f"only the first {len(found.tools)} tools of a listing are read"))
    return list(rows.values()), faults


def taken_names(server: Server) -> dict[str, str]:
    """The tools whose safe names are in the database already, gone ones included."""
    return dict(Tool.objects.filter(server=server).values_list("safe_name", "name"))


def name_fault(name: str) -> str:
    """What is wrong with a tool's name."""
    if not name.strip():
        return "it has no name"
    if HALF_CHARACTER in name:
        return "its name has half a character"
    if len(name) > LONGEST_NAME:
        return f"its name is longer than {LONGEST_NAME} characters"
    return "" if name.isprintable() else "its name has characters that cannot be shown"


def schema_fault(schema: Any) -> str:
    """What is wrong with the schema of a tool's arguments."""
    if storable_json(schema) != schema:
        return "its schema is nested too deeply, or holds what cannot be stored"
    if len(orjson.dumps(schema)) > LARGEST_SCHEMA:
        return f"its schema is larger than {LARGEST_SCHEMA} bytes"
    try:
        repaired_schema(schema)
    except UnusableSchema as error:
        return str(error)
    return ""


def duplicate_fault(row: Tool, rows: dict[str, Tool], taken: dict[str, str]) -> str:
    """What is wrong with a name that another tool of the server has as well."""
    if row.safe_name in rows:
        return "another tool has its name, or one that looks the same to models"
    if taken.get(row.safe_name, row.name) != row.name:
        return "an earlier tool has a name that looks the same to models"
    return ""


def fault_of(name: str, reason: str, *, is_left_out: bool = True) -> Fault:
    """The fault of a tool, in words that can be stored."""
    shown = storable_text(name)
    if len(shown) > LONGEST_SHOWN_NAME:
        shown = shown[:LONGEST_SHOWN_NAME] + "…"
    return Fault(shown, storable_text(reason), is_left_out)


def row_for(server: Server, found: FoundTool) -> Tool:
    """An unsaved row."""
    description = storable_text(found.description)[:LONGEST_DESCRIPTION]
    effects = effects_of(found)
    # What is agreed to is also where a request goes.
    told = {"schema": found.input_schema, "recipe": found.recipe}
    digest = schema_hash(description, told if found.recipe else found.input_schema, effects)
    agreed = server.builtin or server.last_seen_at is None
    row = Tool(
        server=server,
        local_name=found.name,
        name=qualified_name(server.slug, found.name),
        safe_name=safe_name(server.slug, found.name),
        description=description,
        input_schema=found.input_schema,
        output_schema=kept_promise(found.output_schema),
        recipe=found.recipe,
        effects=effects,
        schema_hash=digest,
        approved_hash=digest if agreed else "",
        policy=default_policy(server, effects),
    )
    row.approved_form = row.form if agreed else None
    return row


def kept_promise(schema: Any) -> Any:
    """What a tool says of its answers, if it can be stored; a promise the model never sees."""
    if not isinstance(schema, dict) or storable_json(schema) != schema:
        return None
    return schema if len(orjson.dumps(schema)) <= LARGEST_SCHEMA else None


def default_policy(server: Server, effects: list[str]) -> Policy:
    """What holds until staff say otherwise: our own tools that read are called at once.

    So are operations of an API that only read: the method says so, not the server.
    """
    known = server.builtin or server.transport == Transport.OPENAPI
    return Policy.AUTO if known and Effect.WRITE not in effects else Policy.ASK


def effects_of(found: FoundTool) -> list[str]:
    """What a call may do, by the server's own claim."""
    effects = [Effect.READ if found.reads_only else Effect.WRITE]
    if not found.stays_inside:
        effects.append(Effect.EGRESS)
    return [str(effect) for effect in effects]
