"""What of a passage can be quoted: sentences, items of lists, rows of tables, code."""

from __future__ import annotations

import csv
import re
import textwrap
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import pairwise
from typing import TYPE_CHECKING

from documents.quoting.code import definitions, summary_of
from documents.quoting.sentences import (
    DELIMITERS,
    begins_block,
    is_delimited_pair,
    split_sentences,
    without_links,
)
from documents.quoting.supporting import LEADING
from documents.shown_text import fenced, program_language

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FENCE = re.compile(r"(?:```|~~~)")
HEADING = re.compile(r"(#{1,7})\s+(.*)")
ITEM = re.compile(r"(?:[-*•\u2013▪+]|\d{1,3}[.)])\s+\S")
STEP = re.compile(r"\d{1,3}[.)]\s")
# What the line below the head of a table is made of.
RULE = re.compile(r"\A[|:\-\s]++\Z")
END = re.compile(r"[.!?…:;,\u3002\uff01\uff1f][\"'”\u2019»)\]*_`]*\Z")
# All of a line, and a single sentence.
QUESTION = re.compile(
    r"\A(?:\d{1,3}[.)] )?[¿\"“„]?[^\W_a-z][^.!?…\u061f\uff1f]*+[?\u061f\uff1f][\"”“]?"
)
QUESTION_MARKS = ("?", "\u061f", "\uff1f")
LONGEST_TITLE, LONGEST_ITEM, LONGEST_QUESTION = 60, 150, 150
# Of what is repeated for each unit below it.
LONGEST_HEADING = 300
MOST_ALIKE = 0.7
# The depth of a heading that has no marks: below all others.
UNMARKED = 7
# Behind so many empty lines nothing belongs to a heading.
MOST_BLANK = 5


class Form(Enum):
    """What a unit is in its passage."""

    SENTENCE = auto()
    ITEM = auto()
    STEP = auto()
    ROW = auto()
    CODE = auto()
    # Of a file of source code.
    DEFINITION = auto()


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of a passage that says something by itself."""

    text: str
    form: Form = Form.SENTENCE
    # The headings above it inside of the passage.
    heading: str = ""
    # Of a row: the head of its table.
    header: str = ""
    # The same for the items of a list, the rows of a table, the lines of code; 0 is none of them.
    group: int = 0
    # The last heading above it, if that asks something which it may answer.
    question: str = ""

    @property
    def words(self) -> str:
        """The text without the sign of a list and the border of a table."""
        if self.form is Form.ROW:
            return self.text.strip("| ")
        lead = LEADING.match(self.text)
        return self.text if lead is None or self.is_code else self.text[lead.end() :]

    @property
    def is_code(self) -> bool:
        """Whether it is text for programs, in its fence."""
        return self.form in (Form.CODE, Form.DEFINITION)


@dataclass
class Divider:
    """Divides the lines of a passage."""

    units: list[Unit] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    groups: int = 0
    # Of the table whose further rows the passage begins with: the names of its columns, as a row.
    columns: str = ""

    @property
    def heading(self) -> str:
        """The words of the headings above what comes next."""
        return " ".join(words for _, words in self.headings)

    def divide(self, text: str) -> list[Unit]:
        """The units in order; headings are what others stand under, and none themselves."""
        for block in blocks_of(text):
            self.take(block)
            self.columns = ""
        return self.units

    def take(self, block: Sequence[str]) -> None:
        """One block of lines."""
        first = block[0]
        if found := FENCE.match(first):
            self.groups += 1
            # A passage may end in the middle of code.
            is_closed = len(block) > 1 and block[-1].strip().startswith(found[0])
            lines = block if is_closed else [*block, found[0]]
            self.add("\n".join(lines), Form.CODE, group=self.groups)
        elif found := HEADING.match(first):
            self.enter(len(found[1]), found[2].replace("¶", "").strip())
        elif first.startswith("|") or is_delimited(block):
            self.take_table(block)
        elif ITEM.match(first):
            self.take_list(block)
        else:
            self.take_prose(block)

    def enter(self, depth: int, heading: str) -> None:
        """Go on below a heading."""
        self.headings = [above for above in self.headings if above[0] < depth]
        self.headings.append((depth, heading))

    def add(self, text: str, form: Form, *, header: str = "", group: int = 0) -> None:
        """Note a unit under the headings there are."""
        heading = self.heading[:LONGEST_HEADING]
        question = self.question_before(text, heading)
        self.units.append(Unit(text, form, heading, header[:LONGEST_HEADING], group, question))

    def question_before(self, text: str, heading: str) -> str:
        """The question that a unit answers: the first below it, and whole sentences behind that."""
        last = self.headings[-1][1] if self.headings else ""
        is_first = not self.units or self.units[-1].heading != heading
        return last if last.endswith(QUESTION_MARKS) and (is_first or END.search(text)) else ""

    def take_table(self, block: Sequence[str]) -> None:
        """Rows under the first one, or under their columns; a single row is a line like others."""
        rows = [line for line in block if not RULE.match(line)]
        begins = len(block) > 1 and RULE.match(block[1]) is not None
        header = "" if begins else self.columns
        if not header and len(rows) > 1:
            header, *rows = rows
        self.groups += 1
        for row in rows:
            self.add(row, Form.ROW, header=header, group=self.groups)

    def take_list(self, block: Sequence[str]) -> None:
        """Items with the lines that continue them."""
        before = self.units[-1] if self.units else None
        is_continued = before is not None and before.form in (Form.ITEM, Form.STEP)
        if not is_continued or before is None or before.heading != self.heading:
            self.groups += 1
        for item in items_of(block):
            form = Form.STEP if STEP.match(item) else Form.ITEM
            # An item may be a whole paragraph.
            parts = split_sentences(item) if len(item) > LONGEST_ITEM else [item]
            for part in parts:
                self.add(part, form, group=self.groups)

    def take_prose(self, block: Sequence[str]) -> None:
        """Sentences."""
        for sentence in split_sentences("\n".join(block)):
            self.add(sentence, Form.SENTENCE)


def units_of(text: str, heading: str = "", title: str = "") -> list[Unit]:
    """What can be quoted of a passage, in order; `heading` is what it stands under.

    The title tells source code.
    """
    if language := program_language(title):
        pieces = [textwrap.dedent(text[start:end]) for start, end in definitions(text)]
        return [
            Unit(fenced(piece, language), Form.DEFINITION, summary_of(piece), group=group)
            for group, piece in enumerate(pieces, start=1)
        ]
    return Divider(columns=columns_in(heading)).divide(without_links(text))


def columns_in(heading: str) -> str:
    """The names of columns as a row, which end the heading of a passage that continues a table."""
    last = heading.rpartition(" > ")[2].rpartition("\n")[2]
    return f"| {last} |" if " | " in last else ""


def blocks_of(text: str) -> Iterator[list[str]]:
    """Runs of lines of one kind; a line that looks like a heading gets its marks."""
    block, fence = list[str](), ""
    # Sphinx ends its headings with a link that shows as a pilcrow.
    lines = text.replace("¶", "\n").splitlines()
    for place, raw in enumerate(lines):
        line = raw.strip()
        if fence:
            block.append(raw.rstrip())
            if line.startswith(fence):
                yield block
                block, fence = [], ""
            continue
        following = lines[place + 1 : place + 1 + MOST_BLANK]
        if block and (not line or is_other_kind(block, raw, line) or is_question(line, following)):
            yield block
            block = []
        if line:
            block.append(line)
            fence = found[0] if (found := FENCE.match(line)) else ""
        if len(block) == 1 and not fence and is_heading(block[0], following):
            yield [marked_heading(line)]
            block = []
    if block:
        yield block


def is_heading(line: str, following: Sequence[str]) -> bool:
    """Whether a line says what the lines behind it are about."""
    if HEADING.match(line) or is_question(line, following):
        return True
    if not any(map(str.strip, following)):
        return False
    return is_heading_by_look(line, following[0].strip())


def is_question(line: str, following: Sequence[str]) -> bool:
    """Whether a line is a question that the lines behind it answer: `May I bring a dog?`."""
    answer = next(filter(None, map(str.strip, following)), "")
    is_asked = QUESTION.fullmatch(line) is not None and len(line) <= LONGEST_QUESTION
    return is_asked and bool(answer) and not answer.endswith(QUESTION_MARKS)


def marked_heading(line: str) -> str:
    """A heading with its marks."""
    return line if HEADING.match(line) else f"{'#' * UNMARKED} {strip_number(line)}"


def is_other_kind(block: Sequence[str], raw: str, line: str) -> bool:
    """Whether a line cannot stand in the block before it."""
    if FENCE.match(line) or HEADING.match(line):
        return True
    if block[-1].startswith("|") or line.startswith("|"):
        return block[-1].startswith("|") != line.startswith("|")
    if ITEM.match(block[0]):
        return not (ITEM.match(line) or not begins_block(block[-1], raw, line))
    return ITEM.match(line) is not None


def is_heading_by_look(line: str, following: str) -> bool:
    """Whether a line without marks is a heading: `2. Response times`, `NOTES`."""
    if not is_title(strip_number(line)) or line.startswith(("|", "-", "*", "•", ">")):
        return False
    if STEP.match(line):
        return bool(following) and ITEM.match(following) is None and following[0].isupper()
    return not following and not line[0].islower()


def is_title(line: str) -> bool:
    """Whether a line is short and does not end like a sentence."""
    return len(line) <= LONGEST_TITLE and END.search(line) is None and ": " not in line


def strip_number(line: str) -> str:
    """A line without the number of a section."""
    return STEP.sub("", line, count=1) if STEP.match(line) else line


def is_delimited(block: Sequence[str]) -> bool:
    """Whether lines are rows of values with the same sign between them."""
    alike = [is_delimited_pair(*pair) for pair in pairwise(block)]
    # Values may hold the sign as well.
    return bool(alike) and sum(alike) >= MOST_ALIKE * len(alike)


def items_of(block: Sequence[str]) -> Iterator[str]:
    """The items of a list, each as one line."""
    lines: list[str] = []
    for line in block:
        if lines and ITEM.match(line):
            yield " ".join(lines)
            lines = []
        lines.append(line)
    if lines:
        yield " ".join(lines)


def cells_of(row: str) -> list[str]:
    """The values of a row."""
    if row.startswith("|"):
        return [cell.strip() for cell in row.strip("|").split("|")]
    for sign, least in DELIMITERS:
        if row.count(sign) >= least:
            cells = next(csv.reader([row], delimiter=sign))
            return [cell.replace("|", "\\|").strip() for cell in cells]
    return []
