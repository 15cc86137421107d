"""Which servers run inside this process; other apps may register more when they load."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp.builtin.declare import BuiltinServer


@dataclass(frozen=True, slots=True)
class Builtin:
    """A server of ours; `factory` is the dotted path of a function that makes it.

    One that only `computes` says nothing that others may have written.
    """

    slug: str
    title: str
    factory: str
    computes: bool = False


registered: dict[str, Builtin] = {}


def register(builtin: Builtin) -> None:
    """Add a server; the same slug twice must be the same server."""
    known = registered.setdefault(builtin.slug, builtin)
    if known != builtin:
        raise ValueError(f"There are two built-in servers {builtin.slug!r}.")


@cache
def build(slug: str) -> BuiltinServer:
    """The server, made on first use because what its tools need takes a while to import."""
    factory: Callable[[], BuiltinServer] = import_string(registered[slug].factory)
    return factory()


register(Builtin("semantic", "Own documents", "mcp.builtin.semantic.create_server"))
register(Builtin("datetime", "Dates and times", "mcp.builtin.clock.create_server", computes=True))
register(Builtin("units", "Units of measurement", "mcp.builtin.units.create_server", computes=True))
