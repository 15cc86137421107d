"""What a request asks of a model without the agent, in the words its server is asked in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chat.agent.types import ChatMessage, ToolCall, ToolSchema
from youworker.core.exceptions import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chat.agent.types import Role

# What is passed on as it came, where it was said.
PASSED_ON = (
    "temperature",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "stop",
    "logit_bias",
    "response_format",
    "reasoning_effort",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    # vLLM's: the last message is the assistant's, and is gone on with.
    "continue_final_message",
    "add_generation_prompt",
)
# What a caller says of tools when none of them has to be called.
FREE_CHOICES = (None, "auto", "none")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to a model: the request, and what its answer is read against."""

    body: dict[str, Any]
    messages: list[ChatMessage]
    tools: list[ToolSchema]
    # A program asks for itself.
    is_housekeeping: bool = False


def asked_of(form: Mapping[str, Any]) -> Asked:
    """The question in a validated request; raises `InvalidInput`."""
    spoken = form["messages"]
    for number, message in enumerate(spoken):
        require_content(message, number)
    body = {name: form[name] for name in PASSED_ON if form.get(name) not in (None, [], "")}
    if longest := form.get("max_completion_tokens") or form.get("max_tokens"):
        body["max_tokens"] = longest
    body["messages"] = [message_body(message) for message in spoken]
    tools = [tool_schema(tool["function"]) for tool in form.get("tools") or ()]
    if not tools:
        # Servers refuse both without tools.
        body.pop("tool_choice", None)
        body.pop("parallel_tool_calls", None)
    return Asked(body, [chat_message(message) for message in spoken], tools)


def require_content(message: Mapping[str, Any], number: int) -> None:
    """Raise `InvalidInput` for a message that says nothing, or a result of no call."""
    attr = f"messages.{number}.content"
    if message["role"] == "tool" and not message.get("tool_call_id"):
        raise InvalidInput(
            "A result names the call it answers.", attr=f"messages.{number}.tool_call_id"
        )
    if message["content"] is None and not message.get("tool_calls"):
        raise InvalidInput("This may not be empty.", attr=attr)
    # Of results of tools some servers see images; the others say themselves that they do not.
    if message["role"] not in {"user", "tool"} and isinstance(message["content"], list):
        raise InvalidInput("Only messages of the user have images.", attr=attr)


def message_body(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message as a server takes it; few know the role that OpenAI renamed."""
    role = "system" if message["role"] == "developer" else message["role"]
    body: dict[str, Any] = {"role": role, "content": message["content"]}
    # The last one is a prefix for DeepSeek and Mistral: the message is gone on with.
    for name in ("name", "tool_call_id", "prefix"):
        if message.get(name):
            body[name] = message[name]
    if message.get("tool_calls"):
        body["tool_calls"] = message["tool_calls"]
    return body


def chat_message(message: Mapping[str, Any]) -> ChatMessage:
    """A message as the product's own models read it: its text."""
    role: Role = "system" if message["role"] == "developer" else message["role"]
    calls = [
        ToolCall(call["id"], call["function"]["name"], {})
        for call in message.get("tool_calls") or ()
    ]
    return ChatMessage(
        role,
        text_of(message["content"]),
        tool_calls=calls,
        tool_call_id=message.get("tool_call_id") or "",
    )


def text_of(content: str | Sequence[Mapping[str, Any]] | None) -> str:
    """The text of a message, without its images."""
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(part["text"] for part in content if part["type"] == "text")


def has_images(form: Mapping[str, Any]) -> bool:
    """Whether a request shows images."""
    return any(isinstance(message["content"], list) for message in form["messages"])


def tool_schema(function: Mapping[str, Any]) -> ToolSchema:
    """A tool of the caller's as answers are read against it."""
    return ToolSchema(
        function["name"], function.get("description") or "", function.get("parameters") or {}
    )
