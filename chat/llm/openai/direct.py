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
        # Our own servers are llama.cpp's.
        asked = with_choice_in_words(self.asked) if self.endpoint.socket else self.asked
        return {**asked, "model": self.name, "stream": True, **left}

    def conceded(self) -> set[str]:
        """Which of our own additions the server refused before."""
        return {part for part in self.refused if self.may_concede(part)}

    def may_concede(self, part: str) -> bool:
        """Whether a refused part is ours to leave out."""
        return part == COUNTS or (part == LONGEST_ANSWER and part not in self.asked)


def with_choice_in_words(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same request for llama.cpp, which takes a choice of one tool for none at all.

    It is offered that tool alone, and has to call one.
    """
    choice = asked.get("tool_choice")
    function = choice.get("function") if isinstance(choice, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    chosen = [tool for tool in asked.get("tools", ()) if tool["function"]["name"] == name]
    return {**asked, "tools": chosen, "tool_choice": "required"} if chosen else asked
