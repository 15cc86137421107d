"""Finding out which tools a server has."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone

from mcp import breaker
from mcp.enums import Effect, Policy, ServerStatus
from mcp.exceptions import ToolServerUnavailable
from mcp.models import Server, Tool
from mcp.naming import qualified_name, safe_name, schema_hash
from mcp.services.endpoints import endpoint_of, gateway
from youworker.common.slots import holding_nothing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp.gateway import FoundTool

logger = logging.getLogger(__name__)

LONGEST_ERROR = 500
LONGEST_NAME = 200
LONGEST_DESCRIPTION = 8000


def discover_server(server: Server) -> int:
    """Ask a server for its tools and store them; the number it has.

    Tools of a server that is asked for the first time count as approved, because somebody
    has just declared it. Raises `ToolServerUnavailable` after noting that on the row.
    """
    endpoint = endpoint_of(server)
    try:
        with holding_nothing():
            found = async_to_sync(gateway().list_tools)(endpoint)
    except ToolServerUnavailable as error:
        note = error.message[:LONGEST_ERROR]
        Server.objects.filter(pk=server.pk).update(status=ServerStatus.FAILED, last_error=note)
        raise
    breaker.note_answer(server.pk)
    return store_tools(server, found)


def refresh_servers() -> dict[str, int | None]:
    """Ask every enabled server again; per slug the number of tools, None where it failed."""
    counts: dict[str, int | None] = {}
    for server in Server.objects.remote().by_slug():
        try:
            counts[server.slug] = discover_server(server)
        except ToolServerUnavailable as error:
            logger.warning("%s", error.message)
            counts[server.slug] = None
    return counts


@transaction.atomic
def store_tools(server: Server, found: Sequence[FoundTool]) -> int:
    """Make the rows equal to what was found; discoveries of one server take turns."""
    row = Server.objects.select_for_update().filter(pk=server.pk).first()
    if row is None:
        return 0
    tools = {tool.name: tool for tool in (row_for(row, one) for one in found) if tool}
    Tool.objects.upsert(list(tools.values()), approve=row.builtin or row.last_seen_at is None)
    Tool.objects.mark_missing(row, present=tools)
    row.status, row.last_error, row.last_seen_at = ServerStatus.READY, "", timezone.now()
    row.save_fields("status", "last_error", "last_seen_at")
    return len(tools)


def row_for(server: Server, found: FoundTool) -> Tool | None:
    """An unsaved row; None for a name that nobody could use."""
    if not found.name or len(found.name) > LONGEST_NAME:
        return None
    description = found.description.replace("\x00", "")[:LONGEST_DESCRIPTION]
    effects = effects_of(found)
    digest = schema_hash(description, found.input_schema, effects)
    return Tool(
        server=server,
        local_name=found.name,
        name=qualified_name(server.slug, found.name),
        safe_name=safe_name(server.slug, found.name),
        description=description,
        input_schema=found.input_schema,
        effects=effects,
        schema_hash=digest,
        approved_hash=digest if server.builtin or server.last_seen_at is None else "",
        policy=Policy.AUTO if server.builtin else Policy.ASK,
    )


def effects_of(found: FoundTool) -> list[str]:
    """What a call may do, by the server's own claim."""
    effects = [Effect.READ if found.reads_only else Effect.WRITE]
    if not found.stays_inside:
        effects.append(Effect.EGRESS)
    return [str(effect) for effect in effects]
