"""Reasoning that a server leaves inside the answer, between `<think>` and `</think>`."""

from __future__ import annotations

from chat.agent.types import ReasoningDelta, TextDelta

OPEN, CLOSE = "<think>", "</think>"
# Templates put a few line feeds before the tag; whoever sends only blanks is not waited for.
MOST_BLANKS = 1000

Piece = TextDelta | ReasoningDelta


class ThinkTags:
    """Takes the pieces of one answer; only a tag at its very beginning counts."""

    def __init__(self) -> None:
        # After the tags, or without any, nothing is looked at any more.
        self.is_over = False
        self.phase = self.before
        self.held = ""

    def take(self, text: str) -> list[Piece]:
        """The pieces that are certain; a beginning of a tag is held back."""
        self.held += text
        return self.phase()

    def before(self) -> list[Piece]:
        """Nothing, until it is clear whether the answer begins with a tag."""
        begun = self.held.lstrip()
        is_open = len(begun) < len(OPEN) and OPEN.startswith(begun)
        if is_open and len(self.held) <= MOST_BLANKS:
            return []
        if not begun.startswith(OPEN):
            return self.rest()
        self.phase, self.held = self.inside, begun.removeprefix(OPEN)
        return self.inside()

    def inside(self) -> list[Piece]:
        """Reasoning, and the answer's first words once the tag is closed."""
        thought, tag, answer = self.held.partition(CLOSE)
        if tag:
            self.phase, self.held = self.after, answer
            return thoughts(thought) + self.after()
        # The last characters may belong to the closing tag.
        begun = thought.rfind("<", max(0, len(thought) - len(CLOSE)))
        cut = begun if begun >= 0 else len(thought)
        self.held = thought[cut:]
        return thoughts(thought[:cut])

    def after(self) -> list[Piece]:
        """The answer without the blank lines that follow the reasoning."""
        self.held = self.held.lstrip()
        return self.rest() if self.held else []

    def rest(self) -> list[Piece]:
        """What is still held back, at the end of the answer."""
        held, self.held, self.is_over = self.held, "", True
        if self.phase == self.inside:
            return thoughts(held)
        return [TextDelta(held)] if held else []


def thoughts(text: str) -> list[Piece]:
    """The event of a thought, none for an empty one."""
    return [ReasoningDelta(text)] if text else []
