"""Finding out which tools a server has."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone

from mcp import breaker
from mcp.enums import Authorization, Protocol, ServerStatus, Transport
from mcp.exceptions import SignInNeeded, TokenNotTaken, ToolServerUnavailable
from mcp.models import Connection, Server, Tool
from mcp.services.endpoints import endpoint_of, speaker_for
from mcp.services.judging import judge_tools
from mcp.services.tokens import find_token
from youworker.core.exceptions import DomainError
from youworker.core.slots import holding_nothing
from youworker.core.storable import storable_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User
    from mcp.descriptions import Listing

logger = logging.getLogger(__name__)

LONGEST_ERROR = 500
MOST_FAULTS = 200
MOST_LOGGED = 20
NOBODY_SIGNED_IN = (
    "Nobody is signed in at this tool server whose word counts for its tools: connect it under "
    "“Account”, “Connected tools”."
)


def discover_server(server: Server, *, actor: User | None = None) -> int:
    """Ask a server for its tools and store them; the number it has.

    Where users sign in it is asked as `actor`, else as the member of staff who did so last.

    Tools of a server that is asked for the first time count as approved, because somebody
    has just declared it. Raises `ToolServerUnavailable` after noting that on the row.
    """
    is_api = server.transport == Transport.OPENAPI
    token = discovery_token(server, actor)
    endpoint = endpoint_of(server, token=token, document=server.document if is_api else "")
    try:
        with holding_nothing():
            found = async_to_sync(speaker_for(server.transport).list_tools)(endpoint)
    except TokenNotTaken as error:
        note_failure(server, NOBODY_SIGNED_IN)
        raise SignInNeeded(NOBODY_SIGNED_IN) from error
    except ToolServerUnavailable as error:
        note_failure(server, error.message)
        raise
    breaker.note_answer(server.pk)
    return store_tools(server, found)


def discover_first(server: Server, *, actor: User) -> None:
    """Ask a server that could not be asked before for its tools, with the actor's sign-in."""
    if server.last_seen_at is not None:
        return
    try:
        discover_server(server, actor=actor)
    except DomainError as error:
        # The sign-in holds all the same; the list is asked for again later.
        logger.warning("%s: %s", server.slug, error.message)


def discovery_token(server: Server, actor: User | None) -> str:
    """The token to list tools with; empty where nobody signs in, or nobody has."""
    if server.authorization != Authorization.OAUTH:
        return ""
    rows = Connection.objects.connected().filter(server=server, user__is_active=True)
    mine = rows.filter(user=actor) if actor else rows.none()
    row = mine.first() or rows.filter(user__is_staff=True).newest_first().first()
    if row is None:
        return ""
    with holding_nothing():
        return async_to_sync(find_token)(server, row.user_id)


def refresh_servers() -> dict[str, int | None]:
    """Ask every enabled server again; per slug the number of tools, None where it failed."""
    counts: dict[str, int | None] = {}
    for server in Server.objects.remote().by_slug():
        try:
            counts[server.slug] = discover_server(server)
        except (ToolServerUnavailable, SignInNeeded) as error:
            logger.warning("%s: %s", server.slug, error.message)
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
    end_consent_to_changed(row, tools)
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


def end_consent_to_changed(server: Server, found: Iterable[Tool]) -> None:
    """End what was allowed about tools that have another form now, or are back."""
    rows = Tool.objects.filter(server=server)
    known = {row[0]: row[1:] for row in rows.values_list("name", "schema_hash", "missing_since")}
    changed = [
        tool.name
        for tool in found
        if tool.name in known and known[tool.name] != (tool.schema_hash, None)
    ]
    if changed:
        rows.filter(name__in=changed).end_consent()
