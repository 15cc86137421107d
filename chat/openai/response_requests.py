"""Requests for a response in the words of completions, so that one way answers both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from youworker.core.exceptions import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chat.services import Spoken

# What is called the same in both, and means the same.
SAME = ("model", "stream", "temperature", "top_p", "parallel_tool_calls", "metadata", "store")
# What is called otherwise: where errors name a field of completions, the caller reads theirs.
NAMES = {
    "messages": "input",
    "max_completion_tokens": "max_output_tokens",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
}
FUNCTION = "function"
NOTHING = {"role": "assistant", "content": ""}
UNKEPT = "What was answered earlier is not kept here by its items: send them whole (store: false)."
UNTAKEN = "Items of this type are not taken: messages, calls of functions and their results are."


def completion_of(form: Mapping[str, Any]) -> dict[str, Any]:
    """A request for a completion, not yet validated; messages have the places of their items.

    Raises `InvalidInput` for items of a kind that only OpenAI's own servers know.
    """
    items = form["input"]
    spoken = [{"role": "user", "content": items}] if isinstance(items, str) else items
    body = {name: form[name] for name in SAME if form.get(name) is not None}
    body["messages"] = [message_of(item, number) for number, item in enumerate(spoken)]
    body["max_completion_tokens"] = form.get("max_output_tokens")
    body["reasoning_effort"] = (form.get("reasoning") or {}).get("effort")
    if shape := (form.get("text") or {}).get("format"):
        body["response_format"] = format_of(shape)
    if tools := [tool_of(tool) for tool in form.get("tools") or () if tool["type"] == FUNCTION]:
        body["tools"] = tools
    body["tool_choice"] = choice_of(form.get("tool_choice"))
    return body


def message_of(item: Any, number: int) -> dict[str, Any]:
    """One item as a message; what a model thought earlier says nothing to others."""
    kind = item.get("type", "message") if isinstance(item, dict) else None
    if kind == "message":
        return {"role": item.get("role"), "content": parts_of(item.get("content"))}
    if kind == "function_call":
        called = {"name": item.get("name"), "arguments": item.get("arguments")}
        call = {"id": item.get("call_id"), "type": FUNCTION, "function": called}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    if kind == "function_call_output":
        content = parts_of(item.get("output"))
        return {"role": "tool", "tool_call_id": item.get("call_id"), "content": content}
    if kind == "reasoning":
        return NOTHING
    if kind == "item_reference":
        raise InvalidInput(UNKEPT, attr=f"input.{number}.type")
    raise InvalidInput(UNTAKEN, attr=f"input.{number}.type")


def parts_of(content: Any) -> Any:
    """The content of a message: images have another form there."""
    if not isinstance(content, list):
        return content
    return [image_part(part) if is_image(part) else part for part in content]


def is_image(part: Any) -> bool:
    """Whether a part shows something."""
    return isinstance(part, dict) and part.get("type") == "input_image"


def image_part(part: Mapping[str, Any]) -> dict[str, Any]:
    """An image as completions have it."""
    return {
        "type": "image_url",
        "image_url": {"url": part.get("image_url"), "detail": part.get("detail")},
    }


def format_of(shape: Any) -> Any:
    """The form of an answer: a schema is within an object of its own there."""
    if not isinstance(shape, dict) or shape.get("type") != "json_schema":
        return shape
    named = {name: value for name, value in shape.items() if name != "type"}
    return {"type": "json_schema", "json_schema": named}


def tool_of(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A function as completions have it."""
    function = {name: value for name, value in tool.items() if name != "type"}
    return {"type": FUNCTION, "function": function}


def choice_of(choice: Any) -> Any:
    """Which tool has to be called; raises `InvalidInput` for one of OpenAI's own."""
    if not isinstance(choice, dict):
        return choice
    if choice.get("type") != FUNCTION:
        raise InvalidInput("Only functions of the caller can be chosen.", attr="tool_choice")
    return {"type": FUNCTION, FUNCTION: {"name": choice.get("name")}}


def with_earlier(
    messages: Sequence[dict[str, Any]], instructions: str, earlier: Iterable[Spoken]
) -> list[dict[str, Any]]:
    """The whole conversation: instructions, what was said before, and the new messages.

    Calls that follow each other, or the words of the same turn, are one message to a model.
    """
    told: list[dict[str, Any]] = [{"role": said.role, "content": said.text} for said in earlier]
    # What an earlier response was told is kept with it.
    is_new = instructions and all(message["content"] != instructions for message in told)
    whole: list[dict[str, Any]] = []
    if is_new:
        whole.append({"role": "system", "content": instructions})
    whole += told
    for message in messages:
        if message["role"] == "assistant" and is_empty(message):
            continue
        if message.get("tool_calls") and whole and whole[-1]["role"] == "assistant":
            calls = [*(whole[-1].get("tool_calls") or ()), *message["tool_calls"]]
            whole[-1] = {**whole[-1], "tool_calls": calls}
        else:
            whole.append(message)
    return whole


def is_empty(message: Mapping[str, Any]) -> bool:
    """Whether a message says nothing."""
    return message["content"] == "" and not message.get("tool_calls")


def name_of(field: str | None) -> str | None:
    """What a field of completions is called in a request for a response."""
    if field is None:
        return None
    first, dot, rest = field.partition(".")
    return NAMES.get(first, first) + dot + rest
