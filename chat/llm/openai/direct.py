"""A model that is asked in the words of whoever calls it, without the agent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

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
        asked = with_forced_call(self.asked) if self.endpoint.socket else self.asked
        return {**asked, "model": self.name, "stream": True, **left}

    def conceded(self) -> set[str]:
        """Which of our own additions the server refused before."""
        return {part for part in self.refused if self.may_concede(part)}

    def may_concede(self, part: str) -> bool:
        """Whether a refused part is ours to leave out."""
        return part == COUNTS or (part == LONGEST_ANSWER and part not in self.asked)


def with_forced_call(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same request for llama.cpp, which lets a model talk instead of a call it has to make.

    Such a call is asked for as JSON by a schema, and read as those are that models write.
    """
    tools = forced_tools(asked)
    if not tools:
        return asked
    if b'"$ref"' in orjson.dumps(tools):
        # Nested in another schema, what a reference names would not be found any more.
        return {**asked, "tools": tools, "tool_choice": "required"}
    schema = {"anyOf": [schema_of_call(tool["function"]) for tool in tools]}
    form = {"type": "json_schema", "json_schema": {"name": "call", "schema": schema}}
    return {**asked, "tool_choice": "none", "response_format": form}


def forced_tools(asked: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The tools of which one has to be called; none when the model may choose."""
    choice, tools = asked.get("tool_choice"), asked.get("tools", ())
    if choice == "required":
        return list(tools)
    function = choice.get("function") if isinstance(choice, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return [tool for tool in tools if tool["function"]["name"] == name]


def schema_of_call(function: Mapping[str, Any]) -> dict[str, Any]:
    """What a call of a function looks like."""
    arguments = function.get("parameters") or {"type": "object"}
    return {
        "type": "object",
        "properties": {"name": {"const": function["name"]}, "arguments": arguments},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }
