"""Where a tool server is and what it offers; imports no SDK, which few need to load."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

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


@dataclass(frozen=True, slots=True)
class FoundTool:
    """A tool as a server describes it; the two flags are the server's own claim."""

    name: str
    description: str
    input_schema: dict[str, Any]
    reads_only: bool
    stays_inside: bool
    # What it promises of the data it answers with.
    output_schema: Any = None
    # How its request is made, when it is an operation of an API.
    recipe: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Listing:
    """The tools of a server; the name and the fault of each that was left out, or lost something.

    `cut` says that the server has more than are listed; `protocol` is what it speaks.
    """

    tools: list[FoundTool] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    mended: list[tuple[str, str]] = field(default_factory=list)
    cut: bool = False
    protocol: str = Protocol.UNKNOWN.value
