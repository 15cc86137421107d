"""How many tokens a text comes to, where no server has counted them."""

from __future__ import annotations

import math

# Tokenisers cut texts of all alphabets into pieces of about four bytes: most of an English word,
# two Cyrillic letters, one or two Chinese characters. A little less, because a prompt that is too
# long is refused and one that is too short only remembers less.
BYTES_PER_TOKEN = 3.5


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
