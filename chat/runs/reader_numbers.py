"""The numbers under which readers know passages: 1, 2, 3 as the answer names them first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat.runs.marks import MarkReader, read_marks

if TYPE_CHECKING:
    from chat.agent.state import AgentState
    from chat.runs.citations import CitationIndex
    from chat.runs.marks import Piece


class ReaderNumbers:
    """Rewrites the marks of an answer from the model's numbers to the reader's as it grows."""

    def __init__(self, book: CitationIndex) -> None:
        self.book = book
        self.reader = MarkReader()
        # Numbers that stand in the text and mean no passage; none of ours may look like them.
        self.idle: set[int] = set()
        self.numbers_before: dict[int, int] = {}
        self.is_reading = False

    def begin_turn(self, text: str) -> None:
        """Go on after `text`, which readers have seen; the model may know more passages now."""
        self.numbers_before = dict(self.book.numbers)
        self.reader = MarkReader()
        # What no mark can refer to is not worth looking at.
        self.is_reading = bool(self.book.sources)
        if self.is_reading:
            pieces = [*self.reader.feed(text), *self.reader.finish()]
            shown = {piece.numbers[0] for piece in pieces if len(piece.numbers) == 1}
            self.idle = shown.difference(self.book.numbers.values())

    def feed(self, piece: str) -> str:
        """What readers see of a piece and of what was held back; called for every token."""
        if not self.is_reading:
            return piece
        pieces = self.reader.feed(piece)
        if len(pieces) == 1 and not pieces[0].numbers:
            return pieces[0].text
        return "".join(map(self.rewritten, pieces))

    def finish(self) -> str:
        """What readers see of what was held back, as the text has ended here."""
        return "".join(map(self.rewritten, self.reader.finish()))

    def take_back(self) -> str:
        """Forget the text of this turn; what of it was still held back."""
        self.book.numbers = dict(self.numbers_before)
        held, self.reader.held = self.reader.held, ""
        return held

    def rewritten(self, piece: Piece) -> str:
        """A piece as readers see it: a mark whose numbers do not all stand for passages stays."""
        if not piece.numbers:
            return piece.text
        if not all(1 <= number <= len(self.book.sources) for number in piece.numbers):
            if len(piece.numbers) == 1:
                self.idle.update(piece.numbers)
            return piece.text
        return "".join(f"[{self.number_for(number)}]" for number in piece.numbers)

    def number_for(self, number: int) -> int:
        """The reader's number of a passage that the model knows under `number`."""
        numbers = self.book.numbers
        if number not in numbers:
            taken = self.idle.union(numbers.values())
            candidate = len(numbers) + 1
            while candidate in taken:
                candidate += 1
            numbers[number] = candidate
        return numbers[number]


def number_for_reader(text: str, book: CitationIndex) -> str:
    """A whole text with the reader's numbers in place of the model's."""
    numbers = ReaderNumbers(book)
    numbers.begin_turn("")
    return numbers.feed(text) + numbers.finish()


def numbers_of_state(state: AgentState, book: CitationIndex) -> dict[int, int]:
    """The numbers an answer goes on with; readers of former versions saw those of the model."""
    if state.numbers is not None:
        return dict(state.numbers)
    shown = {number for piece in read_marks(state.text) for number in piece.numbers}
    return {number: number for number in sorted(shown) if 1 <= number <= len(book.sources)}
