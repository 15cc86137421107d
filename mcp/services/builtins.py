"""The rows of the servers that come with the product."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.db import transaction

from mcp.builtin.registry import Builtin, registered
from mcp.enums import Transport
from mcp.models import Server
from mcp.services.discovery import store_tools

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mcp.descriptions import Listing


def sync_builtin_servers() -> int:
    """Bring the rows of all built-in servers up to date; the number of their tools.

    Idempotent, and safe in several processes at once. A server that was switched off stays off.
    """
    return sync(registered.values())


def sync(builtins: Iterable[Builtin]) -> int:
    """Bring some of them up to date."""
    return sum(store(one, tools_of(one.slug)) for one in builtins)


@transaction.atomic
def store(builtin: Builtin, found: Listing) -> int:
    """Make the rows of one server; nobody sees it without its tools."""
    return store_tools(ensure_server_row(builtin), found)


def ensure_server_row(builtin: Builtin) -> Server:
    """The row of a built-in server, made when it is missing."""
    draft = Server(
        slug=builtin.slug,
        title=builtin.title,
        transport=Transport.INPROCESS,
        builtin=True,
    )
    Server.objects.bulk_create([draft], ignore_conflicts=True)
    return Server.objects.get(slug=builtin.slug)


@cache
def tools_of(slug: str) -> Listing:
    """The tools of a built-in server; they change only with the program."""
    from mcp.builtin.calling import listing_of  # noqa: PLC0415 -- loads what the tools need

    return listing_of(slug)


def ensure_builtin_rows(present: Iterable[str]) -> bool:
    """Register the servers that have no row; whether tools may be there that were not `present`.

    `present` are the slugs of the servers whose tools were just seen.
    """
    unseen = registered.keys() - set(present)
    if not unseen:
        return False
    stored = dict(Server.objects.filter(slug__in=unseen).values_list("slug", "enabled"))
    sync(registered[slug] for slug in sorted(unseen - stored.keys()))
    # A row that is there and in use was made by somebody else a moment ago.
    return len(stored) < len(unseen) or any(stored.values())
