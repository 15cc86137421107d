"""Messages of tool servers, read as far as they can be understood.

The SDK drops an answer that breaks JSON or JSON-RPC, and whoever asked waits until the time is up.
"""

from __future__ import annotations

import json
from typing import Any

import orjson
from mcp_types import (
    CONNECTION_CLOSED,
    INTERNAL_ERROR,
    REQUEST_TIMEOUT,
    JSONRPCError,
    JSONRPCMessage,
    jsonrpc_message_adapter,
)

from youworker.core.storable import DEEPEST, storable_json

# The SDK means by these that nobody answered; servers mean whatever they like.
OURS = (CONNECTION_CLOSED, REQUEST_TIMEOUT)
SERVER_ERROR = -32010
LONGEST_REASON = 2000
# A schema stands some levels below the root of its message.
DEEPEST_MESSAGE = DEEPEST + 8

read_strictly = jsonrpc_message_adapter.validate_json


def read_message(data: str | bytes, **options: Any) -> JSONRPCMessage:
    """The message in a line or a body; raises `ValueError` when there is none."""
    try:
        message = read_strictly(data, **options)
    except ValueError as error:
        repaired = repaired_message(data)
        if repaired is None:
            raise
        try:
            message = jsonrpc_message_adapter.validate_python(repaired, **options)
        except ValueError:
            raise error from None
    if isinstance(message, JSONRPCError) and message.error.code in OURS:
        message.error.code = SERVER_ERROR
    return message


def install_reader() -> None:
    """Let the transports of the SDK read what servers really send; it has no place for that."""
    jsonrpc_message_adapter.validate_json = read_message  # type: ignore[method-assign, assignment]


def repaired_message(data: str | bytes) -> dict[str, Any] | None:
    """The message with what the protocol asks for; None for what is no message at all."""
    try:
        text = data.decode(errors="replace") if isinstance(data, bytes) else data
        value = json.loads(text)
        # Some put a single answer into a batch.
        if isinstance(value, list) and len(value) == 1:
            (value,) = value
        value = storable_json(with_whole_characters(value), deepest=DEEPEST_MESSAGE)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not {"id", "method"} & value.keys():
        return None
    message = {**value, "jsonrpc": "2.0"}
    return message if "method" in message else repaired_answer(message)


def repaired_answer(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer with either a result that is an object, or an error with a code and a sentence."""
    name = answer["id"]
    if isinstance(name, float):
        name = int(name)
    head = {"jsonrpc": "2.0", "id": name}
    if (error := answer.get("error")) is not None:
        return {**head, "error": repaired_error(error)}
    result = answer.get("result")
    if not isinstance(result, dict):
        told = [] if result is None else [{"type": "text", "text": as_words(result)}]
        result = {"content": told}
    return {**head, "result": result}


def repaired_error(error: Any) -> dict[str, Any]:
    """An error as JSON-RPC has it."""
    about = error if isinstance(error, dict) else {"message": error}
    code, message = about.get("code"), about.get("message")
    return {
        "code": code if type(code) is int else INTERNAL_ERROR,
        "message": as_words(about if message is None else message)[:LONGEST_REASON],
        "data": about.get("data"),
    }


def as_words(value: Any) -> str:
    """A value as text: itself, or its JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def with_whole_characters(value: Any) -> Any:
    """The value with a sign for each half of a character: text with one cannot be encoded."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list():
            return [with_whole_characters(each) for each in value]
        case dict():
            return {
                with_whole_characters(name): with_whole_characters(each)
                for name, each in value.items()
            }
    return value
