"""Answers that broke off: what a run needs to go on with one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from chat.agent.state import AgentState
from chat.models import Citation, Message, ToolRun
from chat.runs.citations import CitationIndex, read_passages

if TYPE_CHECKING:
    from chat.models import Run

# Which answer a run goes on with, in its options.
OPTION = "continues"
MOST_CALLS = 20
CALL_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class BrokenOff:
    """An answer as far as it came, with the sources it cites and the calls that were made."""

    text: str
    book: CitationIndex
    calls: list[str]

    def state(self) -> AgentState:
        """What an agent goes on from."""
        numbers = list(self.book.numbers.items())
        return AgentState(
            [],
            citations=self.book.to_json(),
            numbers=numbers,
            text=self.text,
            joins=bool(self.text),
        )


def read_broken_off(run: Run) -> BrokenOff | None:
    """The answer a run goes on with; None when it begins its own.

    Of its sources only what the user may still read is there.
    """
    named = run.options.get(OPTION)
    rows = Message.objects.filter(session_id=run.session_id, pk=named) if named else None
    answer = rows.first() if rows is not None else None
    if answer is None:
        return None
    calls = ToolRun.objects.filter(message=answer).oldest_first()[:MOST_CALLS]
    return BrokenOff(answer.content, book_of(answer, run), [told_call(call) for call in calls])


def book_of(answer: Message, run: Run) -> CitationIndex:
    """The sources of an answer under the numbers that its readers know."""
    cited = list(Citation.objects.filter(message=answer).order_by("index"))
    found = read_passages([one.passage_id for one in cited if one.passage_id], user=run.user)
    by_id, book = {passage.pk: passage for passage in found}, CitationIndex()
    for one in cited:
        if one.passage_id in by_id:
            source = book.enter(by_id[one.passage_id])
            book.numbers.setdefault(source.number, one.index)
    return book


def told_call(call: ToolRun) -> str:
    """One call as the model reads it."""
    arguments = orjson.dumps(call.arguments).decode()
    shown = call.result_preview or call.error
    return f"{call.tool_name} {arguments} → {call.status}: {shown}"[:CALL_CHARACTERS]
