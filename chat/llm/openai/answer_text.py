"""The text of one answer, taken apart: what is said, what was thought, and calls written out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from chat.agent.types import ReasoningDelta, Retraction, TextDelta
from chat.llm.openai.channels import Channels
from chat.llm.openai.offered_tools import OfferedTools
from chat.llm.openai.text_markers import (
    CALLS,
    END_OF_ANY_THOUGHT,
    ENDS,
    KINDS,
    MARKER,
    MARKER_OR_CALL,
    SPECIAL,
    THOUGHTS,
    Kind,
    begins_line,
    gap_between,
    is_glued,
    is_in_code,
    is_mention,
    plain_marker,
    start_of_partial,
)
from chat.llm.openai.written_calls import (
    HeldCalls,
    WrittenCall,
    may_be_call,
    read_calls,
)

if TYPE_CHECKING:
    import re

    from youworker.upstream.endpoint import Limits

# Templates put a few line feeds before the tag; whoever sends only blanks is not waited for.
MOST_BLANKS = 1000
# Each look at what a marker means costs as much as the text before it is long.
MOST_LOOKS = 32

# What follows these tells whether they are only talked about.
MENTIONED = (Kind.THOUGHT, Kind.END_OF_THOUGHT, Kind.CHANNEL)
FIRST_CHANNELS = ("<|channel|>", "<|start|>")

Piece = TextDelta | ReasoningDelta | Retraction
Action = Callable[[], list[Piece]]


class AnswerText:
    """Takes the pieces of one answer's text and says what each is.

    `is_thinking` says that the model is known to think first without saying so. `calls` are
    those found at the end.
    """

    def __init__(
        self, limits: Limits, offered: OfferedTools | None = None, *, is_thinking: bool = False
    ) -> None:
        self.most_calls, self.longest_call = limits.tool_calls, limits.argument_chars
        self.offered = offered or OfferedTools()
        self.marker = MARKER_OR_CALL if self.offered else MARKER
        self.calls: list[WrittenCall] = []
        # Everything given as text, and what was not given yet.
        self.said: list[str] = []
        self.held = ""
        self.phase: Action = self.begin
        self.end_of_thought = END_OF_ANY_THOUGHT
        self.has_thought = False
        # Reasoning that nothing but the model's habit says is some.
        self.assumes_thought = is_thinking
        self.assumed: list[str] = []
        # It was none, as its end or its beginning showed.
        self.assumed_wrongly = False
        # The answer has begun and nothing of it is held back.
        self.is_open = False
        # The end of reasoning was found that nobody had begun.
        self.began_thinking = False
        self.mentions_thought = False
        # Reasoning in the middle of the answer, with the tag it began with.
        self.aside: list[str] = []
        self.looks_left = MOST_LOOKS
        self.channels = Channels()
        self.call = HeldCalls()

    def has_words(self, text: str) -> bool:
        """Take a piece of the answer if it is nothing but words; called for every token."""
        if self.is_open and not SPECIAL.search(text):
            self.said.append(text)
            return True
        return False

    def take(self, text: str) -> list[Piece]:
        """The pieces that are certain; what may become a marker is held back."""
        self.is_open = False
        self.held += text
        return self.phase()

    def note_thought(self) -> None:
        """The server told reasoning apart: the text is the answer."""
        self.has_thought = True
        self.assumes_thought = False

    # Before the first word.

    def begin(self) -> list[Piece]:
        """Nothing, until it is clear what the answer begins with."""
        begun = self.held.lstrip()
        if not begun and len(self.held) <= MOST_BLANKS:
            return []
        opening = MARKER.match(begun)
        if opening and (closing := THOUGHTS.get(plain_marker(opening[0]))):
            self.assumes_thought = False
            return self.think(begun[opening.end() :], ENDS[closing])
        if begun.lower().startswith(FIRST_CHANNELS):
            return self.listen(begun)
        if self.offered and not self.said and may_be_call(begun, self.offered):
            self.held = begun
            return self.begin_call(0)
        if begun and start_of_partial(begun) == 0:
            return []
        return self.begin_words(begun)

    def begin_words(self, begun: str) -> list[Piece]:
        """The first words of an answer, or of reasoning that is not announced."""
        if self.assumes_thought:
            return self.think(begun, END_OF_ANY_THOUGHT)
        self.phase = self.answer
        return self.answer()

    # Reasoning.

    def think(self, begun: str, end: re.Pattern[str]) -> list[Piece]:
        """Go on with reasoning until its end."""
        self.phase, self.held, self.end_of_thought = self.reason, begun, end
        return self.reason()

    def think_aside(self, start: int, end: int, closing: re.Pattern[str]) -> list[Piece]:
        """Reasoning in the middle of an answer: it is some only if it ends."""
        pieces = self.say(self.held[:start])
        self.aside = [self.held[start:end]]
        return pieces + self.think(self.held[end:], closing)

    def reason(self) -> list[Piece]:
        """Reasoning, and the answer's first words once it is closed."""
        if self.assumes_thought and (opening := self.announcement()):
            return self.speak_after_all(opening)
        place = 0
        while match := self.end_of_thought.search(self.held, place):
            start, end = match.span()
            if not self.held[:start].endswith("`"):
                return self.end_thinking(start, end)
            if end == len(self.held):
                # The next character tells whether it is between back quotes.
                return self.thoughts(self.hold_from(start - 1))
            if self.held[end] != "`":
                return self.end_thinking(start, end)
            place = end
        cut = max(place, start_of_partial(self.held))
        if cut > place and self.held[cut - 1] == "`":
            cut -= 1
        return self.thoughts(self.hold_from(cut))

    def announcement(self) -> re.Match[str] | None:
        """The beginning of reasoning that the model announces, in what was taken for some."""
        end = self.end_of_thought.search(self.held)
        for match in MARKER.finditer(self.held, 0, end.start() if end else len(self.held)):
            if KINDS[plain_marker(match[0])] is Kind.THOUGHT and self.looks_left:
                self.looks_left -= 1
                before = "".join(self.assumed) + self.held[: match.start()]
                if begins_line(before) and not is_in_code(before):
                    return match
        return None

    def speak_after_all(self, opening: re.Match[str]) -> list[Piece]:
        """What was taken for reasoning as text, because reasoning is announced only now."""
        start, end = opening.span()
        pieces = self.say("".join(self.assumed) + self.hold_from(start))
        self.assumes_thought, self.assumed_wrongly = False, True
        closing = ENDS[THOUGHTS[plain_marker(opening[0])]]
        return pieces + self.think_aside(0, end - start, closing)

    def end_thinking(self, start: int, end: int) -> list[Piece]:
        """The end of reasoning; what follows may be more of it, a call, or the answer."""
        thought, self.held = self.held[:start], self.held[end:]
        pieces = self.thoughts(thought)
        if self.aside:
            aside, self.aside = "".join(self.aside[1:]), []
            pieces = self.thoughts(aside)
            self.phase = self.close_gap
        self.has_thought, self.began_thinking = True, self.began_thinking or self.assumes_thought
        self.assumes_thought = False
        if self.phase != self.close_gap:
            self.phase = self.skip_blanks
        return pieces + self.phase()

    def close_gap(self) -> list[Piece]:
        """The answer behind reasoning in the middle of it, as far from the rest as it was."""
        begun = self.held.lstrip()
        blanks = self.held[: len(self.held) - len(begun)][:MOST_BLANKS]
        self.held = begun or blanks
        if not begun:
            return []
        pieces = self.say(gap_between("".join(self.said), blanks))
        self.phase = self.begin
        return pieces + self.begin()

    def skip_blanks(self) -> list[Piece]:
        """The answer without the blank lines that follow the reasoning."""
        self.held = self.held.lstrip()
        if not self.held:
            return []
        self.phase = self.begin
        return self.begin()

    def thoughts(self, text: str) -> list[Piece]:
        """The event of a thought, none for an empty one."""
        if self.aside:
            self.aside.append(text)
            return []
        if text and self.assumes_thought:
            self.assumed.append(text)
        return [ReasoningDelta(text)] if text else []

    # The answer.

    def answer(self) -> list[Piece]:
        """Text, until something in it is none."""
        place = 0
        while self.looks_left and (match := self.marker.search(self.held, place)):
            start, end = match.span()
            if end == len(self.held) and KINDS.get(plain_marker(match[0])) in MENTIONED:
                return self.say(self.hold_from(start))
            self.looks_left -= 1
            act = self.act_on(match, "".join(self.said) + self.held[:start])
            if act is not None:
                return act()
            place = end
        cut = max(place, start_of_partial(self.held)) if self.looks_left else len(self.held)
        text = self.hold_from(cut)
        self.is_open = not self.held
        return self.say(text)

    def act_on(self, match: re.Match[str], before: str) -> Action | None:
        """What is to be done about a marker; None when it is text."""
        if is_in_code(before):
            return None
        marker, (start, end) = plain_marker(match[0]), match.span()
        match KINDS.get(marker) or CALLS[marker]:
            case Kind.END_OF_THOUGHT:
                return self.judge_end(start, end, before)
            case Kind.THOUGHT if begins_line(before) or (
                match[0].islower() and is_glued(before, self.held[end : end + 1])
            ):
                return partial(self.think_aside, start, end, ENDS[THOUGHTS[marker]])
            case Kind.THOUGHT:
                self.mentions_thought = True
            case Kind.CHANNEL if not is_mention(before, self.held[end : end + 1]):
                return partial(self.switch_to_channels, start)
            case Kind.CALL | Kind.TAGGED_CALL as kind if kind is Kind.CALL or begins_line(before):
                return partial(self.begin_call, start)
        return None

    def judge_end(self, start: int, end: int, before: str) -> Action | None:
        """What is to be done about an end of reasoning that had no beginning."""
        if not before.strip():
            return partial(self.drop_end, end)
        if self.has_thought or self.mentions_thought:
            return None
        if is_mention(before, self.held[end : end + 1]):
            return None
        return partial(self.take_back, start, end)

    def drop_end(self, end: int) -> list[Piece]:
        """The answer behind an end of reasoning that was none, or that was told apart."""
        self.hold_from(end)
        self.phase = self.skip_blanks
        return self.skip_blanks()

    def take_back(self, start: int, end: int) -> list[Piece]:
        """Everything said so far was reasoning, whose beginning stood in the prompt."""
        self.began_thinking = True
        pieces: list[Piece] = [Retraction()] if self.said else []
        self.said.clear()
        return pieces + self.end_thinking(start, end)

    def say(self, text: str) -> list[Piece]:
        """The event of a piece of text, none for an empty one."""
        if not text:
            return []
        self.said.append(text)
        return [TextDelta(text)]

    def hold_from(self, place: int) -> str:
        """What stands before a place; the rest is held back."""
        text, self.held = self.held[:place], self.held[place:]
        return text

    # Calls.

    def begin_call(self, start: int) -> list[Piece]:
        """The text before a call; the call itself is gathered."""
        pieces = self.say(self.hold_from(start))
        self.phase = self.gather_call
        return pieces + self.gather_call()

    def gather_call(self) -> list[Piece]:
        """Nothing, as long as everything may be calls to the end."""
        self.call.add(self.hold_from(len(self.held)))
        if self.call.length <= self.longest_call and self.call.may_go_on(self.offered):
            return []
        self.held = self.call.take()
        # What it began with was no call, but something behind it may be one.
        self.phase = self.answer
        opening = MARKER_OR_CALL.match(self.held)
        return self.say(self.hold_from(opening.end() if opening else 0)) + self.answer()

    # Channels.

    def switch_to_channels(self, start: int) -> list[Piece]:
        """The first channel had no head, because that stood in the prompt: it was reasoning."""
        pieces: list[Piece] = [Retraction()] if self.said else []
        thought = self.hold_from(start).removesuffix("<|end|>")
        self.said.clear()
        return pieces + self.thoughts(thought) + self.listen(self.held)

    def listen(self, begun: str) -> list[Piece]:
        """Go on with channels."""
        self.phase, self.held = self.hear, ""
        self.has_thought = True
        return self.channels.take(begun)

    def hear(self) -> list[Piece]:
        """What the channels say."""
        return self.channels.take(self.hold_from(len(self.held)))

    # The end.

    def rest(self, *, was_cut: bool = False) -> list[Piece]:
        """What is still held back, at the end of the answer; its calls are read."""
        held, self.held = self.call.take() + self.held, ""
        if self.phase == self.hear:
            pieces = self.channels.rest()
            self.calls = [] if was_cut else self.channels.read_calls(self.offered)
            return pieces
        if self.phase == self.close_gap:
            return []
        if self.phase == self.reason:
            return self.unended(held, was_cut=was_cut)
        if self.phase == self.gather_call and not was_cut:
            self.calls = read_calls(held, self.offered, most=self.most_calls)
            return [] if self.calls else self.say(held)
        return self.last_words(held)

    def unended(self, held: str, *, was_cut: bool) -> list[Piece]:
        """Reasoning that was never closed."""
        end = self.end_of_thought.search(held)
        if end and held[: end.start()] == "`":
            held = held[: end.start()]
        pieces = self.thoughts(held)
        if self.aside:
            return self.say("".join(self.aside))
        if self.assumes_thought and not was_cut:
            # The model did not think this time: all of it was the answer, or calls.
            self.assumes_thought, self.assumed_wrongly = False, True
            self.held, self.phase = "".join(self.assumed), self.begin
            return [*pieces, *self.begin(), *self.rest()]
        return pieces

    def last_words(self, held: str) -> list[Piece]:
        """The end of a text, which may be the end of reasoning without an answer."""
        match = END_OF_ANY_THOUGHT.fullmatch(held.strip()) if self.looks_left else None
        before = "".join(self.said)
        if not match or is_in_code(before):
            return self.say(held)
        if not before.strip():
            return []
        if self.has_thought or self.mentions_thought or is_mention(before, ""):
            return self.say(held)
        self.said.clear()
        self.began_thinking = True
        return [Retraction()]
