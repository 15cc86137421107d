"""An answer that goes on where it broke off; imports no Django."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chat.agent.prompt import fenced
from chat.agent.tokens import shortened
from chat.agent.types import ChatMessage, ReasoningDelta, Retraction, TextDelta

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from chat.agent.types import ModelEvent

# What models say again of the words before, to find their place.
SHORTEST_OVERLAP = 12
LONGEST_OVERLAP = 400

CONTINUE = {
    "en": (
        "Your answer broke off. Go on exactly where it ends, in the same language and form. Do "
        "not repeat what is there, do not apologise, and do not begin anew."
    ),
    "it": (
        "La tua risposta si è interrotta. Continua esattamente da dove finisce, nella stessa "
        "lingua e forma. Non ripetere ciò che c'è, non scusarti e non ricominciare."
    ),
}
KNOWN = {
    "en": "Passages that you know already, under their numbers:",
    "it": "Brani che conosci già, con i loro numeri:",
}
CALLED = {
    "en": "Tools that were already called for it; do not call them again without need:",
    "it": "Strumenti già chiamati; non chiamarli di nuovo senza necessità:",
}


@dataclass(slots=True)
class Joint:
    """Takes from what a model says first what it only says again of the text before."""

    before: str
    held: str = ""
    # How much of the beginning was said again so far; None when it is not that.
    repeated: int | None = 0
    is_joined: bool = False

    def feed(self, piece: str) -> str:
        """What a piece adds to the text; nothing while it may be a repetition."""
        if self.is_joined:
            return piece
        if self.repeated is None:
            self.held += piece
        elif self.before.startswith(piece, self.repeated):
            self.repeated += len(piece)
            return ""
        else:
            self.held, self.repeated = self.before[: self.repeated] + piece, None
        return "" if self.held in self.before[-LONGEST_OVERLAP:] else self.join()

    def finish(self) -> str:
        """What of the last words is no repetition."""
        if self.repeated is not None and self.repeated < SHORTEST_OVERLAP:
            self.held = self.before[: self.repeated]
        return "" if self.is_joined or not self.held else self.join()

    def join(self) -> str:
        """What is held without its repetition, with a blank where two words would become one."""
        self.is_joined = True
        held, self.held = self.held, ""
        if len(held) >= len(self.before) and held.startswith(self.before):
            return held[len(self.before) :]
        for size in range(min(len(held), LONGEST_OVERLAP), SHORTEST_OVERLAP - 1, -1):
            if self.before.endswith(held[:size]):
                return held[size:]
        grows_together = self.before[-1:].isalnum() and held[:1].isalnum()
        return f" {held}" if grows_together else held


async def join_answer(
    said: AsyncGenerator[ModelEvent, None], before: str
) -> AsyncGenerator[ModelEvent, None]:
    """What a model says, without what it says again of the text before."""
    joint = Joint(before)
    async with aclosing(said) as stream:
        async for event in stream:
            if type(event) is TextDelta:
                if text := joint.feed(event.text):
                    yield TextDelta(text)
                continue
            if isinstance(event, Retraction):
                joint = Joint(before)
            elif type(event) is not ReasoningDelta and (rest := joint.finish()):
                yield TextDelta(rest)
            yield event
    if rest := joint.finish():
        yield TextDelta(rest)


def messages_to_continue(
    text: str,
    *,
    language: str,
    passages: str,
    calls: Sequence[str],
    tokens: int,
    known_chars: int,
) -> list[ChatMessage]:
    """The answer so far and the wish that it goes on; its end where it has more tokens.

    Of the calls that were made so many characters are told.
    """
    code = language if language in CONTINUE else "en"
    end = shortened(text[::-1], tokens)[::-1]
    wish = [CONTINUE[code]]
    if passages:
        wish.append(f"{KNOWN[code]}\n{passages}")
    if calls:
        made = fenced("\n".join(calls), origin="calls", limit=known_chars)
        wish.append(f"{CALLED[code]}\n{made}")
    return [ChatMessage("assistant", end), ChatMessage("user", "\n\n".join(wish))]
