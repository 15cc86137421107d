"""How many tokens texts and messages come to, where no server has counted them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chat.agent.types import ChatMessage, ToolSchema

# Tokenisers cut texts of all alphabets into pieces of about four bytes: most of an English word,
# two Cyrillic letters, one or two Chinese characters. A little less, because a prompt that is too
# long is refused and one that is too short only remembers less.
BYTES_PER_TOKEN = 3.5
# What a message costs besides its text: its role, and what separates it from the next one.
TOKENS_PER_MESSAGE = 8
# About what servers make of an image of the size that they are sent.
TOKENS_PER_IMAGE = 1000


def size_of(text: str) -> int:
    """The bytes of a text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def tokens_of_bytes(size: int) -> int:
    """About how many tokens so many bytes are, rounded up."""
    return math.ceil(size / BYTES_PER_TOKEN)


def estimated_tokens(text: str) -> int:
    """About how many tokens a text is; the exact number depends on the model."""
    return tokens_of_bytes(size_of(text))


def shortened(text: str, tokens: int) -> str:
    """The beginning of a text that is about so many tokens."""
    room = int(tokens * BYTES_PER_TOKEN)
    return text.encode("utf-8", "surrogatepass")[:room].decode("utf-8", "ignore")


def tokens_of_message(text: str) -> int:
    """About what a message with this text costs."""
    return estimated_tokens(text) + TOKENS_PER_MESSAGE


def tokens_of_prompt(message: ChatMessage) -> int:
    """About what a message costs with what came along with it."""
    images = max(TOKENS_PER_IMAGE * len(message.images), estimated_tokens(message.unseen))
    return tokens_of_message(message.content) + estimated_tokens(message.attached) + images


def tokens_of_schemas(tools: Sequence[ToolSchema]) -> int:
    """What the descriptions of the tools cost."""
    return sum(
        tokens_of_message(tool.name + tool.description + orjson.dumps(tool.parameters).decode())
        for tool in tools
    )
