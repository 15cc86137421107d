"""A model that is asked in the words of whoever calls it, without the agent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chat.llm.openai.model import OpenAICompatibleModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chat.agent.types import ChatMessage, ToolSchema

LONGEST_ANSWER = "max_tokens"
COUNTS = "stream_options"


@dataclass(frozen=True)
class DirectModel(OpenAICompatibleModel):
    """One model of one server; `asked` is the request as its caller words it.

    Of what the caller asked for nothing is left out: a server that refuses it is believed.
    """

    asked: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def body(self, messages: Sequence[ChatMessage], tools: Sequence[ToolSchema]) -> dict[str, Any]:
        """The request as JSON: the caller's, streamed, and no longer than the operator allows."""
        most = self.endpoint.sampling.max_output_tokens
        own = {COUNTS: {"include_usage": True}, LONGEST_ANSWER: most}
        if LONGEST_ANSWER in self.asked:
            own[LONGEST_ANSWER] = min(self.asked[LONGEST_ANSWER], most)
        left = {name: value for name, value in own.items() if name not in self.conceded()}
        return {**self.asked, "model": self.name, "stream": True, **left}

    def conceded(self) -> set[str]:
        """Which of our own additions the server refused before."""
        return {part for part in self.refused if self.may_concede(part)}

    def may_concede(self, part: str) -> bool:
        """Whether a refused part is ours to leave out."""
        return part == COUNTS or (part == LONGEST_ANSWER and part not in self.asked)
