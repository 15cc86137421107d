"""What the agent, the models and the tools say to each other; imports no Django."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

Role = Literal["system", "user", "assistant", "tool"]
# At the longest length, or by a filter of its server.
StopReason = Literal["", "length", "filter"]
# No window is that large, and the sum of all turns of a run still fits its column.
MOST_TOKENS = 10_000_000


@dataclass(slots=True)
class ToolCall:
    """The model wants a tool; `name` is the safe form that the schemas show."""

    id: str
    name: str
    arguments: dict[str, Any]
    # Why the arguments could not be read; the tool is not called then.
    invalid: str = ""


@dataclass(slots=True)
class ChatMessage:
    """One message of the prompt."""

    role: Role
    content: str
    tool_calls: list[ToolCall] = field(default_factory=list)
    tool_call_id: str = ""
    # What a tool answered as data, beside the text in `content`; models on servers never see it.
    structured: Any = None
    tool_name: str = ""
    # The row it stands in, where there is one.
    id: str = ""
    # What came along with it, as untrusted text behind its own words.
    attached: str = ""
    # Images for models that see, as `data:` URLs in a request and as ids elsewhere; and the words
    # that stand for them where they are not seen.
    images: list[str] = field(default_factory=list)
    unseen: str = ""


@dataclass(frozen=True, slots=True)
class ToolSchema:
    """A tool as the model sees it. `name` is safe ([A-Za-z0-9_-]); `qualified` is `server.tool`."""

    name: str
    description: str
    parameters: dict[str, Any]
    qualified: str = ""
    # Ours: its schema is known to be well, and the product is not the same without it.
    is_builtin: bool = False


@dataclass(slots=True)
class TextDelta:
    """A piece of the answer."""

    text: str


@dataclass(slots=True)
class ReasoningDelta:
    """A piece of what the model thinks aloud."""

    text: str


@dataclass(slots=True)
class Retraction:
    """What was said in this turn so far was reasoning: only its end told so."""


@dataclass(slots=True)
class TurnEnd:
    """Why the model stopped, where that was not because it had said everything."""

    reason: StopReason


@dataclass(slots=True)
class Usage:
    """Tokens of one model turn; what no model can have read or written is cut off."""

    tokens_in: int
    tokens_out: int

    def __post_init__(self) -> None:
        self.tokens_in = min(max(self.tokens_in, 0), MOST_TOKENS)
        self.tokens_out = min(max(self.tokens_out, 0), MOST_TOKENS)


@dataclass(frozen=True, slots=True)
class Notice:
    """What the user should know about the way an answer is made."""

    text: str


ModelEvent = TextDelta | ReasoningDelta | Retraction | ToolCall | TurnEnd | Usage | Notice


class LanguageModel(Protocol):
    """Anything that continues a conversation.

    `stream` yields text and reasoning as they come, whole tool calls, at most one `TurnEnd` and at
    most one `Usage`.
    Raises `chat.agent.exceptions.ModelUnavailable` or `ModelRefused`.
    """

    @property
    def name(self) -> str:
        """The id under which users choose the model."""
        ...

    @property
    def context_tokens(self) -> int:
        """How much it can read, in tokens."""
        ...

    def stream(
        self, messages: Sequence[ChatMessage], *, tools: Sequence[ToolSchema]
    ) -> AsyncGenerator[ModelEvent, None]:
        """Continue the conversation."""
        ...
