"""Finding out which tools a server has."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone

from mcp import breaker
from mcp.enums import Protocol, ServerStatus, Transport
from mcp.exceptions import ToolServerUnavailable
from mcp.models import Server, Tool
from mcp.services.endpoints import api_gateway, endpoint_of, gateway
from mcp.services.judging import judge_tools
from youworker.core.slots import holding_nothing
from youworker.core.storable import storable_text

if TYPE_CHECKING:
    from mcp.gateway import Listing

logger = logging.getLogger(__name__)

LONGEST_ERROR = 500
MOST_FAULTS = 200
MOST_LOGGED = 20


def discover_server(server: Server) -> int:
    """Ask a server for its tools and store them; the number it has.

    Tools of a server that is asked for the first time count as approved, because somebody
    has just declared it. Raises `ToolServerUnavailable` after noting that on the row.
    """
    is_api = server.transport == Transport.OPENAPI
    endpoint = endpoint_of(server, document=server.document if is_api else "")
    try:
        with holding_nothing():
            speaker = api_gateway() if is_api else gateway()
            found = async_to_sync(speaker.list_tools)(endpoint)
    except ToolServerUnavailable as error:
        note_failure(server, error.message)
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
        except Exception:
            # Whatever one server sends, the others have their turn.
            logger.exception("the tools of %s could not be stored", server.slug)
            note_failure(server, "Its tools could not be stored; the log says why.")
            counts[server.slug] = None
    return counts


def note_failure(server: Server, reason: str) -> None:
    """Note on the row that the last contact failed; what it speaks is found out anew."""
    note = storable_text(reason)[:LONGEST_ERROR]
    Server.objects.filter(pk=server.pk).update(
        status=ServerStatus.FAILED, last_error=note, protocol=Protocol.UNKNOWN
    )


@transaction.atomic
def store_tools(server: Server, found: Listing) -> int:
    """Make the rows equal to what was found; discoveries of one server take turns.

    What cannot be used is left out; `tool_faults` say why, `last_error` as far as it holds, and
    the log when they are new.
    """
    row = Server.objects.select_for_update().filter(pk=server.pk).first()
    if row is None:
        return 0
    tools, faults = judge_tools(row, found)
    Tool.objects.upsert(tools, approve=row.builtin or row.last_seen_at is None)
    Tool.objects.mark_missing(row, present=[tool.name for tool in tools])
    row.status, row.last_seen_at = ServerStatus.READY, timezone.now()
    row.last_error = " ".join(fault.sentence() for fault in faults)[:LONGEST_ERROR]
    row.protocol = found.protocol
    told = [fault.as_json() for fault in faults[:MOST_FAULTS]]
    if told != row.tool_faults:
        row.tool_faults = told
        for fault in faults[:MOST_LOGGED]:
            logger.warning("%s: %s", row.slug, fault.sentence())
    row.save_fields("status", "last_error", "tool_faults", "protocol", "last_seen_at")
    return len(tools)
