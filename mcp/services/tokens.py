"""The token of a user for one call, exchanged anew when it has run out.

Processes take turns by a short lease on the row, so that a refresh token, which many servers take
only once, is sent once; nobody holds a transaction while the authorization server thinks.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from mcp.enums import Authorization, ConnectionStatus
from mcp.exceptions import SignInNeeded, TokenRefused, ToolServerUnavailable
from mcp.models import Connection, Server
from mcp.services.connecting import client_of, holds_for, together
from mcp.services.endpoints import oauth
from youworker.core.db import run_in_thread
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from mcp.calls import ToolInfo

logger = logging.getLogger(__name__)

# A call that is sent just before the end would arrive after it.
EARLY = timedelta(seconds=30)
# Longer than a request to an authorization server may take.
LEASE = timedelta(seconds=20)
WAIT_SECONDS = 15.0
LOOK_SECONDS = 0.1
NOT_SIGNED_IN = (
    "The user is not signed in to the tool server %(server)s: they connect it under "
    "“Account”, “Connected tools”, and ask again."
)
# Exchanges go on when the call they are for is given up: their answer is the only copy.
exchanges: set[asyncio.Task[str]] = set()


@dataclass(frozen=True, slots=True)
class Exchange:
    """The right to exchange a refresh token, until a time that names it."""

    row: Connection
    until: datetime


def require_sign_in(server: Server, user_id: UUID) -> None:
    """Raise `SignInNeeded` where users sign in for themselves, and this one is not (any more)."""
    if server.authorization != Authorization.OAUTH:
        return
    row = Connection.objects.filter(user_id=user_id, server=server).first()
    if row is None or not holds_for(row, server):
        raise sign_in_needed(server)


def lacks_sign_in(tool: ToolInfo, user_id: UUID) -> bool:
    """Whether a call would come to nothing before its user has signed in at the tool's server."""
    if not tool.signs_in:
        return False
    try:
        require_sign_in(Server.objects.get(tools=tool.id), user_id)
    except SignInNeeded:
        return True
    return False


async def find_token(server: Server, user_id: UUID, *, refused: str = "") -> str:
    """The access token of a user for one server; one that was `refused` is not given again.

    Raises `SignInNeeded`, and `ToolServerUnavailable` while nobody can be asked.
    """
    deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        found = await run_in_thread(look_for_token, server, user_id, refused)
        if isinstance(found, str):
            return found
        if isinstance(found, Exchange):
            task = asyncio.create_task(renew_token(server, found))
            exchanges.add(task)
            task.add_done_callback(exchanges.discard)
            return await asyncio.shield(task)
        await asyncio.sleep(LOOK_SECONDS)
    raise ToolServerUnavailable(
        "The sign-in at the tool server %(server)s is just being renewed; try again.",
        server=server.slug,
    )


@transaction.atomic
def look_for_token(server: Server, user_id: UUID, refused: str) -> str | Exchange | None:
    """A token that holds, or the right to exchange it; None while somebody else has that."""
    row = (
        Connection.objects.select_for_update(of=("self",))
        .filter(user_id=user_id, server=server, user__is_active=True)
        .first()
    )
    if row is None or not holds_for(row, server):
        raise sign_in_needed(server)
    now = timezone.now()
    token = row.secret_called("access")
    runs_out = row.expires_at is not None and row.expires_at <= now + EARLY
    if token and token != refused and not runs_out:
        return token
    if row.refreshing_until is not None and row.refreshing_until > now:
        return None
    if not row.secret_called("refresh"):
        if token and token != refused and row.expires_at and row.expires_at > now:
            return token
        # Written by itself: the refusal below takes this transaction back.
        return Exchange(row, now)
    row.refreshing_until = now + LEASE
    row.save_fields("refreshing_until")
    return Exchange(row, row.refreshing_until)


async def renew_token(server: Server, mine: Exchange) -> str:
    """Exchange the refresh token and keep what came; raises what `find_token` does."""
    row = mine.row
    refresh = row.secret_called("refresh")
    if not refresh:
        await run_in_thread(note_sign_in_needed, row)
        raise sign_in_needed(server)
    try:
        client = client_of(row.client)
        tokens = await oauth().request_tokens(
            oauth().Asker(row.server_url),
            row.token_endpoint,
            client,
            resource=row.resource,
            grant_type="refresh_token",
            refresh_token=refresh,
        )
    except TokenRefused as error:
        logger.info("the sign-in of %s at %s ended: %s", row.user_id, server.slug, error.message)
        await run_in_thread(note_sign_in_needed, row)
        raise sign_in_needed(server) from error
    except DomainError as error:
        await run_in_thread(release_right, mine)
        raise ToolServerUnavailable(
            "The sign-in at the tool server %(server)s cannot be renewed now.", server=server.slug
        ) from error
    if not await run_in_thread(keep_tokens, mine, tokens):
        # Disconnected, or connected anew, meanwhile.
        raise sign_in_needed(server)
    access: str = tokens.access
    return access


@transaction.atomic
def keep_tokens(mine: Exchange, tokens: Any) -> bool:
    """Store new tokens if the right to them still is ours; whether it was."""
    row = (
        Connection.objects.select_for_update()
        .filter(pk=mine.row.pk, refreshing_until=mine.until)
        .first()
    )
    if row is None:
        return False
    # Servers that go on taking the old refresh token send none.
    refresh = tokens.refresh or row.secret_called("refresh")
    row.tokens = {"access": tokens.access, "refresh": refresh}
    row.expires_at, row.refreshing_until = tokens.expires_at, None
    row.scope = tokens.scope or row.scope
    row.save_fields("tokens", "expires_at", "refreshing_until", "scope")
    return True


def release_right(mine: Exchange) -> None:
    """Give the right to exchange back."""
    rows = Connection.objects.filter(pk=mine.row.pk, refreshing_until=mine.until)
    rows.update(refreshing_until=None)


def note_sign_in_needed(row: Connection) -> None:
    """Note that these tokens are of no use any more, unless others came meanwhile."""
    rows = Connection.objects.filter(pk=row.pk, refreshing_until=row.refreshing_until)
    rows.update(status=ConnectionStatus.SIGN_IN_NEEDED, refreshing_until=None)


async def note_refusal(server: Server, user_id: UUID, *, wanted: str) -> None:
    """Note that a server does not take a new token; the next sign-in also asks for `wanted`."""
    await run_in_thread(ask_for_more, server, user_id, wanted)


@transaction.atomic
def ask_for_more(server: Server, user_id: UUID, wanted: str) -> None:
    """Let the user sign in anew, for what they had and what was wanted."""
    rows = Connection.objects.select_for_update(of=("self",))
    row = rows.filter(user_id=user_id, server=server).first()
    if row is None:
        return
    row.status = ConnectionStatus.SIGN_IN_NEEDED
    row.scope = together(row.scope, wanted)
    row.save_fields("status", "scope")


def sign_in_needed(server: Server) -> SignInNeeded:
    """The refusal of a call that needs the user's sign-in."""
    return SignInNeeded(NOT_SIGNED_IN, server=server.title or server.slug)
