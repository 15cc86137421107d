"""Where a tool server is; imports no SDK, which most installations need not load."""

from __future__ import annotations

from dataclasses import dataclass

from mcp.enums import Protocol


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server is and what opens its door; hashable, so that it names a connection."""

    slug: str
    transport: str
    url: str = ""
    argv: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    # Whether each user signs in there; their token stands among the headers.
    signs_in: bool = False
    # What it spoke last.
    protocol: str = Protocol.UNKNOWN.value
    # Of an API only: parameters with secrets, its own address, its document, and of one operation
    # how its request is made, in JSON.
    query: tuple[tuple[str, str], ...] = ()
    base_url: str = ""
    document: str = ""
    recipe: str = ""
