"""Leaving tool servers: tokens are forgotten, and given back to whoever handed them out."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync
from django.db import transaction

from mcp.models import Connection
from mcp.services.connecting import client_of
from mcp.services.endpoints import oauth
from youworker import audit
from youworker.core.exceptions import DomainError
from youworker.core.slots import holding_nothing

if TYPE_CHECKING:
    from accounts.models import User
    from mcp.models import Server

logger = logging.getLogger(__name__)

# Somebody waits for the removal of a server with many users.
REVOKING_SECONDS = 20.0


def remove_connection(
    connection: Connection, *, actor: User | None, may_revoke: bool = True
) -> bool:
    """Forget a user's tokens, and give them back; false when that was not possible.

    They are forgotten in any case.
    """
    with transaction.atomic():
        rows = Connection.objects.select_for_update(of=("self",)).select_related("server")
        row = rows.filter(pk=connection.pk).first()
        if row is None:
            return True
        tokens = [(kind, row.secret_called(kind)) for kind in ("refresh", "access")]
        stored, server_url, endpoint = row.client, row.server_url, row.revocation_endpoint
        audit.record("mcp_connection.delete", actor=actor, target=row, server=row.server.slug)
        row.delete()
    if endpoint and may_revoke:
        return return_tokens(server_url, endpoint, stored, tokens)
    return True


def return_tokens(
    server_url: str, endpoint: str, stored: Any, tokens: list[tuple[str, str]]
) -> bool:
    """Revoke tokens at the server that handed them out; whether it took them."""
    try:
        client = client_of(stored)
        with holding_nothing():
            for kind, token in tokens:
                if token:
                    async_to_sync(oauth().revoke_token)(
                        oauth().Asker(server_url), endpoint, client, token, kind=f"{kind}_token"
                    )
    except DomainError as error:
        logger.warning("tokens could not be revoked: %s", error.message)
        return False
    return True


def remove_connections(user: User, *, actor: User | None) -> int:
    """Forget and give back every token of a user; how many connections there were."""
    rows = list(Connection.objects.visible_to(user))
    for row in rows:
        remove_connection(row, actor=actor)
    return len(rows)


def remove_all_connections(server: Server, *, actor: User | None) -> None:
    """Forget every token for a server; they are given back as long as that succeeds in time."""
    may_revoke, deadline = True, time.monotonic() + REVOKING_SECONDS
    for row in Connection.objects.filter(server=server).iterator():
        taken = remove_connection(row, actor=actor, may_revoke=may_revoke)
        may_revoke = may_revoke and taken and time.monotonic() < deadline
