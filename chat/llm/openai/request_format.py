"""The request in the words of `/v1/chat/completions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chat.agent.types import ChatMessage, ToolCall, ToolSchema


def messages_json(messages: Sequence[ChatMessage], *, plain: bool) -> list[dict[str, Any]]:
    """The prompt; `plain` is for models whose template knows no tools."""
    render = plain_message if plain else message_json
    return [render(message) for message in messages]


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
        return {"role": "assistant", "content": message.content or None, "tool_calls": calls}
    return {"role": message.role, "content": message.content}


def call_json(call: ToolCall) -> dict[str, Any]:
    """One tool call the model made before."""
    arguments = orjson.dumps(call.arguments).decode()
    function = {"name": call.name, "arguments": arguments}
    return {"id": call.id, "type": "function", "function": function}


def plain_message(message: ChatMessage) -> dict[str, Any]:
    """One message without the vocabulary of tools."""
    if message.role == "tool":
        return {"role": "user", "content": f"Result of {message.tool_name}:\n{message.content}"}
    if message.tool_calls:
        names = ", ".join(call.name for call in message.tool_calls)
        return {"role": "assistant", "content": message.content or f"I use {names}."}
    return {"role": message.role, "content": message.content}


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
