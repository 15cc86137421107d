"""What the agent asks of its tools, and what it tells about them; imports no Django."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from chat.agent.state import PendingCall
    from chat.agent.types import ToolCall, ToolSchema


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What a tool answered: text for the model, the data behind it, and figures about the call.

    `preview` is the beginning of the answer as people are shown it, `files` what came with it.
    Of an error `code` names the kind, and `error` is what its readers are told.
    `images` are ids of those that models see, `unseen` the words instead of them.
    """

    text: str
    structured: Any = None
    is_error: bool = False
    preview: str = ""
    latency_ms: int | None = None
    images: Sequence[str] = ()
    unseen: str = ""
    files: Sequence[Mapping[str, Any]] = ()
    code: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class CallStart:
    """How a call stands before it is made.

    It waits for somebody's decision, or has an output without being made, or is to be made now.
    """

    tool: str
    arguments: Any
    is_waiting: bool = False
    output: ToolOutput | None = None
    # What those who are asked are told beside the call: who is asked, and why.
    asked: Mapping[str, Any] | None = None


class Toolset(Protocol):
    """The tools of one run. A tool's failure is an output that says so, never an exception."""

    @property
    def schemas(self) -> Sequence[ToolSchema]:
        """The tools the model may call."""
        ...

    def is_read_only(self, pending: PendingCall) -> bool:
        """Whether a call changes nothing, so that others may be made beside it."""
        ...

    def refuse(self, pending: PendingCall, reason: str) -> None:
        """Have a call fail for a reason that is told to the model, instead of being made."""
        ...

    async def begin(self, pending: PendingCall) -> CallStart:
        """Note that a call is about to be made, or why it is not; a call is let through once."""
        ...

    async def call(self, pending: PendingCall) -> ToolOutput:
        """Make a call that was let through."""
        ...


@dataclass(frozen=True, slots=True)
class ToolRequested:
    """The model asked for a tool."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class ToolWaiting:
    """A call is made only when somebody allows it; `asked` says who, and why."""

    id: UUID
    tool: str
    arguments: Any
    asked: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """A tool is being called."""

    id: UUID
    tool: str
    arguments: Any


@dataclass(frozen=True, slots=True)
class ToolEnded:
    """A call has its output, whether or not it was made."""

    id: UUID
    tool: str
    output: ToolOutput


ToolEvent = ToolWaiting | ToolStarted | ToolEnded
