"""What a conversation was about, in its own sentences, where no model can summarise it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat.agent.tokens import estimated_tokens, shortened
from documents.quoting.sentences import MARK, split_sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chat.agent.types import ChatMessage

LONGEST_SENTENCE = 300
# Splitting a long text takes time; what it is about stands at its beginning.
LONGEST_LOOKED_AT = 4000
SIGNS = {"user": "—", "assistant": "→"}


def essentials_of(former: str, oldest_first: Sequence[ChatMessage], *, tokens: int) -> str:
    """The first sentence of each question and answer behind a former extract, the newest that fit.

    They come to so many tokens at most.
    """
    lines = [line for line in former.splitlines() if line.strip()]
    lines += [line for message in oldest_first if (line := line_of(message))]
    kept: list[str] = []
    for line in reversed(lines):
        tokens -= estimated_tokens(f"{line}\n")
        if tokens < 0:
            break
        kept.append(line)
    return "\n".join(reversed(kept)) or shortened(lines[-1] if lines else "", max(tokens, 1))


def line_of(message: ChatMessage) -> str:
    """What one message says first."""
    text = MARK.sub("", message.content[:LONGEST_LOOKED_AT])
    sentences = split_sentences(text)
    # An answer of quotes begins with words of ours that end in a colon.
    telling = [each for each in sentences if not each.rstrip().endswith(":")] or sentences
    if not telling:
        return ""
    return f"{SIGNS[message.role]} {' '.join(telling[0].split())[:LONGEST_SENTENCE]}"
