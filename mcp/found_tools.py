"""What a tool server says of its tools."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mcp.enums import Protocol


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
