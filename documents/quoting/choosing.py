"""The best candidates, with what has to stand beside them, as quotes."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from documents.quoting.sentences import joined
from documents.quoting.units import FENCE, Form, cells_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from documents.quoting.candidates import Candidate, Passage
    from documents.quoting.units import Unit

DEPENDENT = re.compile(
    r"^(?:it|this|these|those|they|such|however|therefore|otherwise|but|and|also|then|questo|questa"
    r"|ciò|inoltre|tuttavia|quindi|essi?)\b",
    re.I,
)
LEAST_SCORE = 0.34
RELATIVE_SCORE = 0.72
SAME_SENTENCE = 0.7
MOST_SENTENCES = 3
MOST_CHARACTERS = 900
# A whole list may be longer, but nobody reads a page of it.
MOST_OF_LIST = 1500


@dataclass
class Quote:
    """Neighbouring units of one passage, word by word."""

    number: int
    text: str
    # The same as Markdown that keeps the form of a list, a table or code; empty for sentences.
    block: str = ""


def chosen(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best ones, none of them twice."""
    ranked = sorted(candidates, key=lambda candidate: -candidate.score)
    if not ranked or ranked[0].score < LEAST_SCORE:
        return []
    least = RELATIVE_SCORE * ranked[0].score
    if ranked[0].members:
        return [ranked[0]]
    picked: list[Candidate] = []
    room = MOST_CHARACTERS
    for candidate in ranked:
        if candidate.score < least or len(picked) == MOST_SENTENCES:
            break
        is_too_long = picked and len(candidate.text) > room
        if candidate.members or is_too_long or is_repeated(candidate, picked):
            continue
        picked.append(candidate)
        room -= len(candidate.text)
    return picked


def is_repeated(candidate: Candidate, picked: Sequence[Candidate]) -> bool:
    """Whether a candidate says what a picked one says already."""
    words = set(candidate.words)
    return any(
        len(words & set(other.words)) >= SAME_SENTENCE * max(1, len(words | set(other.words)))
        for other in picked
    )


def quotes_of(
    picked: Sequence[Candidate],
    groups: Sequence[Sequence[Candidate]],
    passages: Sequence[Passage],
    *,
    with_code: bool,
) -> list[Quote]:
    """One quote for each run of neighbouring units, best passage first.

    With the code that comes next, where somebody asks how a thing is done.
    """
    quotes = []
    for passage in dict.fromkeys(candidate.passage for candidate in picked):
        single = [one for one in groups[passage] if not one.members]
        wanted = {
            one.position
            for each in picked
            if each.passage == passage
            for one in each.members or [each]
        }
        wanted |= needed_context(single, wanted, with_code=with_code)
        quotes += [quote_of(run, passages[passage].number) for run in runs(single, wanted)]
    return quotes


def needed_context(single: Sequence[Candidate], wanted: set[int], *, with_code: bool) -> set[int]:
    """The sentence before "It …", what a colon announces, and what announces a list or code."""
    needed = set()
    for before, candidate in itertools.pairwise(single):
        if candidate.position != before.position + 1:
            continue
        is_wanted, is_announced = candidate.position in wanted, before.unit.text.endswith(":")
        if is_wanted and (DEPENDENT.match(candidate.unit.text) or is_code_after(before, candidate)):
            needed.add(before.position)
        if is_announced and before.position in wanted:
            needed |= group_of(candidate, single)
        if with_code and before.position in wanted and is_code_after(before, candidate):
            needed.add(candidate.position)
        if is_wanted and is_announced and candidate.unit.form is Form.STEP:
            needed.add(before.position)
    return needed


def is_code_after(before: Candidate, candidate: Candidate) -> bool:
    """Whether a candidate is code, which carries no citation: the sentence before it does."""
    return candidate.unit.form is Form.CODE and before.unit.form is not Form.CODE


def group_of(candidate: Candidate, single: Sequence[Candidate]) -> set[int]:
    """The places of a whole list, as much of it as anybody reads; its own if it is in none."""
    found, room = set[int](), MOST_OF_LIST
    for one in single:
        is_member = one is candidate or (one.unit.group and one.unit.group == candidate.unit.group)
        if is_member and (not found or len(one.unit.text) <= room):
            found.add(one.position)
            room -= len(one.unit.text)
    return found


def runs(single: Sequence[Candidate], wanted: set[int]) -> list[list[Candidate]]:
    """The wanted units, in order, split where one is left out."""
    found: list[list[Candidate]] = []
    for candidate in single:
        if candidate.position not in wanted:
            continue
        if found and is_continued(found[-1][-1], candidate):
            found[-1].append(candidate)
        else:
            found.append([candidate])
    return found


def is_continued(before: Candidate, after: Candidate) -> bool:
    """Whether two units are read as one: neighbours, and not of two tables or sections."""
    if after.unit.form is Form.ROW or before.unit.form is Form.ROW:
        return before.unit.group == after.unit.group
    return after.position == before.position + 1 and after.unit.heading == before.unit.heading


def quote_of(run: Sequence[Candidate], number: int) -> Quote:
    """Neighbouring units as one quote."""
    units = [candidate.unit for candidate in run]
    if units[0].form is Form.ROW:
        text = joined([unit.words for unit in units])
        return Quote(number, text, table_of(units))
    if units[0].is_code:
        return code_quote(units, number)
    if len(units) == 1:
        return Quote(number, units[0].words)
    if all(unit.form is Form.SENTENCE for unit in units):
        return Quote(number, joined([unit.text for unit in units]))
    lines = "\n".join(unit.text for unit in units)
    return Quote(number, lines, block_of(units))


def code_quote(units: Sequence[Unit], number: int) -> Quote:
    """Code that nothing announces but its heading; in one line without one."""
    lines = [line for unit in units for line in unit.text.splitlines() if not FENCE.match(line)]
    text, heading = "\n".join(lines), units[0].heading
    block = f"“{heading}”\n\n{block_of(units)}" if heading else ""
    return Quote(number, text if block else " ".join(text.split()), block)


def block_of(units: Sequence[Unit]) -> str:
    """A list or code with the sentences around it as Markdown."""
    parts = list[str]()
    for form, grouped in itertools.groupby(units, key=lambda unit: unit.form):
        members = list(grouped)
        is_prose = form is Form.SENTENCE
        texts = [unit.text for unit in members]
        parts.append(f"“{joined(texts)}”" if is_prose else "\n".join(texts))
    return "\n\n".join(parts)


def table_of(units: Sequence[Unit]) -> str:
    """Rows under the head of their table as Markdown; empty without a head."""
    header = cells_of(units[0].header)
    rows = [cells_of(unit.text) for unit in units]
    if not header or any(len(row) != len(header) for row in rows):
        return ""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
