"""Serves one tool server on its own, to a program or on the loopback interface."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from accounts import services as accounts
from accounts.models import User
from accounts.services import access_by, grant_of
from chat.toolhost.endpoint import ToolHost
from mcp.calls import CallContext, use_call_context
from youworker.core.exceptions import DomainError
from youworker.core.ids import uuid7
from youworker.core.per_loop import close_all
from youworker.core.realtime.revocation import Revoked, until_revoked
from youworker.core.request_context import CorrelationASGI, OriginASGI, note_key
from youworker.encryption.keyring import require_keys
from youworker.server.standalone import Standalone

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from accounts.models import ApiKey

KEY = "YOUWORKER_API_KEY"
LOOPBACK = "127.0.0.1"
HIGHEST_PORT = 65_535
SCOPE = "tools"


class Command(BaseCommand):
    help = (
        "Serve a tool server (semantic, datetime, units, web, ingest), or what /mcp offers "
        "(youworker), to other hosts of the Model Context Protocol."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the tool server, or youworker")
        way = parser.add_mutually_exclusive_group(required=True)
        way.add_argument("--stdio", action="store_true", help="speak with whoever starts it")
        way.add_argument(
            "--http",
            type=int,
            metavar="PORT",
            help=f"streamable HTTP at http://{LOOPBACK}:PORT/mcp, for keys of the scope `tools`",
        )
        parser.add_argument(
            "--user", help=f"with --stdio, who acts; else whose key stands in {KEY}"
        )

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        require_keys()
        try:
            # Before anything is promised to whoever listens.
            from chat.toolhost.building import server_called

            server = server_called(name)
        except DomainError as error:
            raise CommandError(error.message) from error
        if options["stdio"]:
            user, key = acting_user(options["user"])
            asyncio.run(serve_program(server, user, key))
        elif options["user"]:
            raise CommandError("Over HTTP everybody acts who shows a key: leave --user out.")
        else:
            serve_http(name, options["http"])


def acting_user(name: str | None) -> tuple[User, ApiKey | None]:
    """Who acts, by name or by key; raises `CommandError`."""
    if name:
        user = User.objects.filter(username=name, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {name!r}.")
        return user, None
    secret = os.environ.pop(KEY, "")
    if not secret:
        raise CommandError(f"Say who acts: --user NAME, or a key in {KEY}.")
    found = accounts.user_of_key(secret)
    if found is None or SCOPE not in found[1].scopes:
        raise CommandError(f"The key in {KEY} is not valid, or lacks the scope `{SCOPE}`.")
    return found


async def serve_program(server: Any, user: User, key: ApiKey | None) -> None:
    """Speak over the standard streams until the other end closes them, or access ends."""
    context = CallContext(
        user_id=user.pk,
        correlation_id=uuid7().hex,
        language=user.language,
        time_zone=user.time_zone,
        key_id=key.pk if key else None,
    )
    if key is not None:
        note_key(key.pk)
    try:
        with (
            use_call_context(context),
            until_revoked(access_by(grant_of(user, key=key))) as revocable,
        ):
            await revocable.wait_for(server.run_stdio_async)
    except Revoked:
        sys.stderr.write("The access of this user or key has ended.\n")
    finally:
        await close_all()


def serve_http(name: str, port: int) -> None:
    """Serve at a port of this machine until a signal ends it."""
    import uvicorn

    from chat.toolhost.building import lowlevel_server

    if not 0 < port <= HIGHEST_PORT:
        raise CommandError("--http needs a port between 1 and 65535.")
    host = CorrelationASGI(OriginASGI(ToolHost(lambda: lowlevel_server(name))))
    application = Standalone(host, "/mcp")
    uvicorn.run(
        application, host=LOOPBACK, port=port, log_level="warning", access_log=False, lifespan="on"
    )
