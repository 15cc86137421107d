"""The channels of gpt-oss, where a server leaves them in the text (OpenAI's harmony format)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chat.agent.types import ReasoningDelta, Retraction, TextDelta
from chat.llm.openai.arguments import read_arguments
from chat.llm.openai.written_calls import WrittenCall

if TYPE_CHECKING:
    from chat.llm.openai.offered_tools import OfferedTools

TOKEN = re.compile(r"<\|(start|channel|constrain|message|end|call|return)\|>")
BEGINNINGS = frozenset(
    f"<|{word}|>"[:length]
    for word in ("start", "channel", "constrain", "message", "end", "call", "return")
    for length in range(1, len(word) + 4)
)
RECIPIENT = re.compile(r"\bto=([^\s<|\0]{1,200})")
LONGEST_TOKEN = 13
LONGEST_HEAD = 400
ANALYSIS = "analysis"

Piece = TextDelta | ReasoningDelta | Retraction


class Channels:
    """Takes text with channels in it; what goes to tools is kept apart."""

    def __init__(self) -> None:
        self.held = ""
        # The head of a message, until its text begins.
        self.head: str | None = ""
        self.channel = self.recipient = ""
        self.body: list[str] = []
        self.written: list[tuple[str, str]] = []

    def take(self, text: str) -> list[Piece]:
        """The pieces that are certain."""
        self.held += text
        pieces: list[Piece] = []
        place = 0
        for match in TOKEN.finditer(self.held):
            pieces += self.hear(self.held[place : match.start()])
            place = match.end()
            pieces += self.turn(match[1])
        cut = start_of_token(self.held, place)
        pieces += self.hear(self.held[place:cut])
        self.held = self.held[cut:]
        return pieces

    def turn(self, token: str) -> list[Piece]:
        """What a token changes."""
        if token == "message" and self.head is not None:  # noqa: S105 -- no password
            recipient = RECIPIENT.search(self.head)
            channel = self.head.split("\0")[-1].split(None, 1)
            self.recipient = recipient[1] if recipient else ""
            self.channel = channel[0].lower() if channel else ""
            self.head = None
        elif token == "channel" and self.head is not None:  # noqa: S105 -- no password
            # The name of the channel is the first word behind it.
            self.head += "\0"
        elif token in {"start", "channel"}:
            self.end_message()
            self.head = "\0" if token == "channel" else ""  # noqa: S105 -- no password
        elif token in {"end", "call", "return"}:
            self.end_message()
            self.head = ""
        return []

    def hear(self, text: str) -> list[Piece]:
        """A piece of a head or of a text."""
        if not text:
            return []
        if self.head is not None:
            self.head += text
            if len(self.head) > LONGEST_HEAD:
                # No head is that long: the text has lost its tokens.
                text, self.head, self.channel = self.head.replace("\0", ""), None, ""
                return [TextDelta(text)]
            return []
        if self.recipient:
            self.body.append(text)
            return []
        return [ReasoningDelta(text) if self.channel == ANALYSIS else TextDelta(text)]

    def end_message(self) -> None:
        """Keep what was said to a tool."""
        if self.recipient:
            self.written.append((self.recipient, "".join(self.body)))
        self.body.clear()
        self.channel = self.recipient = ""

    def rest(self) -> list[Piece]:
        """What is still held back."""
        held, self.held = self.held, ""
        pieces = self.hear(held)
        if self.head and "\0" not in self.head and self.head.strip() != "assistant":
            # Behind the last message stands something without a head.
            pieces.append(TextDelta(self.head))
        self.end_message()
        return pieces

    def read_calls(self, offered: OfferedTools) -> list[WrittenCall]:
        """The calls of offered tools, unless the model may have copied them from what it read."""
        calls = []
        for recipient, text in self.written:
            name = offered.resolve(recipient)
            arguments, problem = read_arguments([text], None)
            told = text if arguments else f"to={recipient}"
            if name and not offered.is_quoted(told):
                calls.append(WrittenCall(name, arguments, problem, text))
        return calls


def start_of_token(text: str, place: int) -> int:
    """Where the beginning of a token stands at the end of a text; its length if nowhere."""
    last = text.rfind("<", max(place, len(text) - LONGEST_TOKEN))
    return last if last >= 0 and text[last:] in BEGINNINGS else len(text)
