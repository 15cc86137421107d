"""The request in the words of `/v1/chat/completions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from chat.llm.openai.conversation import (
    ONLY_CALLS,
    joined,
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
IMAGES = "images"
# Nothing else is shown: an address would be fetched by the model's server, from inside.
DATA = "data:image/"


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
    found = [message_json(message, sees=IMAGES not in refused) for message in turns]
    if TEXT_OF_CALLS in refused:
        for message in found:
            if "tool_calls" in message:
                del message["content"]
    return found


def message_json(message: ChatMessage, *, sees: bool = True) -> dict[str, Any]:
    """One message, with its images or the words that stand for them."""
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
    images = [url for url in message.images if url.startswith(DATA)] if sees else []
    if not images:
        return {"role": message.role, "content": joined(message.content, message.unseen)}
    parts: list[dict[str, Any]] = [{"type": "text", "text": message.content}]
    parts += [{"type": "image_url", "image_url": {"url": url}} for url in images]
    return {"role": message.role, "content": parts}


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
