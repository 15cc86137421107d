"""The request in the words of `/v1/chat/completions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from chat.llm.openai.conversation import (
    ONLY_CALLS,
    ordered_turns,
    with_single_calls,
    without_system,
    without_tools,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from chat.agent.types import ChatMessage, ToolCall, ToolSchema

# Parts of messages that some servers refuse, beside the parts of a request.
SYSTEM_ROLE = "system role"
TEXT_OF_CALLS = "text of calls"
SEVERAL_CALLS = "several calls in one message"


def messages_json(
    messages: Sequence[ChatMessage], *, refused: Collection[str] = ()
) -> list[dict[str, Any]]:
    """The prompt without what the server refused before."""
    turns = ordered_turns(messages)
    if "tools" in refused:
        turns = without_tools(turns)
    if SEVERAL_CALLS in refused and "tools" not in refused:
        turns = with_single_calls(turns)
    if SYSTEM_ROLE in refused:
        turns = without_system(turns)
    found = [message_json(message) for message in turns]
    if TEXT_OF_CALLS in refused:
        for message in found:
            if "tool_calls" in message:
                del message["content"]
    return found


def message_json(message: ChatMessage) -> dict[str, Any]:
    """One message."""
    if message.role == "tool":
        return {
            "role": "tool",
            "tool_call_id": message.tool_call_id,
            "content": message.content,
        }
    if message.tool_calls:
        calls = [call_json(call) for call in message.tool_calls]
        text = message.content or ONLY_CALLS
        return {"role": "assistant", "content": text, "tool_calls": calls}
    return {"role": message.role, "content": message.content}


def call_json(call: ToolCall) -> dict[str, Any]:
    """One tool call the model made before."""
    arguments = orjson.dumps(call.arguments).decode()
    function = {"name": call.name, "arguments": arguments}
    return {"id": call.id, "type": "function", "function": function}


def tools_json(tools: Sequence[ToolSchema]) -> list[dict[str, Any]]:
    """The tools the model may call."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
            },
        }
        for tool in tools
    ]
