"""The rows of the servers that come with the product."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from asgiref.sync import async_to_sync

from mcp.builtin.registry import Builtin, registered
from mcp.enums import Transport
from mcp.models import Server
from mcp.services.discovery import store_tools
from mcp.services.endpoints import gateway

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mcp.gateway import FoundTool


def sync_builtin_servers() -> int:
    """Bring the rows of all built-in servers up to date; the number of their tools.

    Idempotent, and safe in several processes at once. A server that was switched off stays off.
    """
    return sync(registered.values())


def sync(builtins: Iterable[Builtin]) -> int:
    """Bring some of them up to date."""
    return sum(store_tools(server_row(one), tools_of(one.slug)) for one in builtins)


def server_row(builtin: Builtin) -> Server:
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
def tools_of(slug: str) -> list[FoundTool]:
    """The tools of a built-in server; they change only with the program."""
    module = gateway()
    endpoint = module.Endpoint(slug=slug, transport=Transport.INPROCESS)
    found: list[FoundTool] = async_to_sync(module.list_tools)(endpoint)
    return found


def missing_builtins(present: Iterable[str]) -> list[Builtin]:
    """Registered servers that have no row; `present` are slugs that are known to have one."""
    unseen = registered.keys() - set(present)
    if not unseen:
        return []
    stored = Server.objects.filter(slug__in=unseen).values_list("slug", flat=True)
    return [registered[slug] for slug in sorted(unseen - set(stored))]
