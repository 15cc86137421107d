"""Golden questions as a table: CSV as spreadsheets write it, and safe to open in one."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from documents.models.golden import LONGEST_ANSWER, LONGEST_QUESTION
from youworker.core.exceptions import InvalidInput, TooLarge
from youworker.core.storable import storable_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

COLUMNS = (
    "question", "addresses", "document_ids", "passage", "answer", "follows", "unanswerable",
    "collection", "language", "note",
)  # fmt: skip
# Between several addresses or ids in one cell.
BETWEEN = "|"
# What makes a spreadsheet compute a cell.
ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n")
MOST_BYTES = 5_000_000
MOST_ROWS = 10_000
LONGEST = {
    "question": LONGEST_QUESTION, "passage": 1000, "answer": LONGEST_ANSWER,
    "follows": LONGEST_QUESTION, "language": 16, "note": 500,
}  # fmt: skip
TEXTS = ("passage", "answer", "follows", "collection", "language", "note")
YES = {"yes", "true", "1", "x", "sì", "si", "vero"}
NO = {"", "no", "false", "0", "falso"}
LONGEST_ADDRESS = 500


@dataclass(frozen=True, slots=True)
class GoldenRow:
    """One line of the table; `collection` is an id or a name."""

    question: str
    addresses: tuple[str, ...] = ()
    document_ids: tuple[UUID, ...] = ()
    passage: str = ""
    answer: str = ""
    follows: str = ""
    unanswerable: bool = False
    collection: str = ""
    language: str = ""
    note: str = ""


def write_table(rows: Iterable[GoldenRow]) -> str:
    """The rows as CSV, with the mark by which Excel knows UTF-8."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([harmless(cell_of(row, column)) for column in COLUMNS])
    return out.getvalue()


def cell_of(row: GoldenRow, column: str) -> str:
    """What stands in one cell."""
    value = getattr(row, column)
    if isinstance(value, bool):
        return "yes" if value else ""
    return value if isinstance(value, str) else BETWEEN.join(map(str, value))


def harmless(cell: str) -> str:
    """A cell that no spreadsheet computes; `original` undoes it."""
    return f"'{cell}" if cell.startswith((*ACTIVE, "'")) else cell


def original(cell: str) -> str:
    """What a cell said before it was made harmless."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith((*ACTIVE, "'")) else cell


def read_table(content: bytes) -> list[GoldenRow]:
    """The rows of a table; raises `InvalidInput` naming the line, and `TooLarge`."""
    if len(content) > MOST_BYTES:
        raise TooLarge("A table of questions has at most %(limit)s bytes.", limit=MOST_BYTES)
    text = decoded(content)
    # Excel's own word about the separator.
    first, _, rest = text.partition("\n")
    told, text = (first.strip()[4:5], rest) if first.lower().startswith("sep=") else ("", text)
    # Not by `splitlines()`, to which a cell may have ends of lines that CSV does not know.
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=told or separator_of(text), strict=True)
    try:
        rows = list(parsed_rows(reader))
    except csv.Error as error:
        raise InvalidInput(
            "Line %(line)s cannot be read as CSV.", line=reader.line_num, attr="file"
        ) from error
    if not rows:
        raise InvalidInput("There are no questions in this table.", attr="file")
    return rows


def decoded(content: bytes) -> str:
    """The text of a table: UTF-8, UTF-16 with its mark, or what old spreadsheets write."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return storable_text(content.decode("utf-16", errors="replace"))
    try:
        return storable_text(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return storable_text(content.decode("cp1252", errors="replace"))


def separator_of(text: str) -> str:
    """What separates the cells of the first line."""
    first = text.lstrip().partition("\n")[0]
    return max(",;\t", key=first.count)


def parsed_rows(lines: Iterator[list[str]]) -> Iterator[GoldenRow]:
    """Rows with their columns by name; empty lines are left out."""
    columns: list[str] = []
    for number, cells in enumerate(lines, 1):
        values = [original(cell).strip() for cell in cells]
        if not any(values):
            continue
        if not columns:
            columns = known_columns(values)
        elif number > MOST_ROWS:
            raise TooLarge("A table of questions has at most %(limit)s rows.", limit=MOST_ROWS)
        else:
            yield row_of(dict(zip(columns, values, strict=False)), number)


def known_columns(names: list[str]) -> list[str]:
    """The names in the first line, without regard to case; raises `InvalidInput`."""
    columns = [name.lower() for name in names]
    unknown = [name for name in columns if name not in COLUMNS]
    if "question" not in columns or unknown:
        raise InvalidInput(
            "The first line has to name the columns: %(columns)s.",
            columns=", ".join(COLUMNS),
            attr="file",
        )
    return columns


def row_of(cells: dict[str, str], line: int) -> GoldenRow:
    """One row; raises `InvalidInput` for what no question can be."""
    if not cells.get("question"):
        raise InvalidInput("Line %(line)s has no question.", line=line, attr="file")
    for column, longest in LONGEST.items():
        if len(cells.get(column, "")) > longest:
            raise InvalidInput(
                "Line %(line)s: “%(column)s” has more than %(limit)s characters.",
                line=line, column=column, limit=longest, attr="file",
            )  # fmt: skip
    addresses = parts_of(cells.get("addresses", ""))
    ids = tuple(id_of(part, line) for part in parts_of(cells.get("document_ids", "")))
    unanswerable = is_yes(cells.get("unanswerable", ""), line)
    if not addresses and not ids and not unanswerable:
        raise InvalidInput("Line %(line)s names no document.", line=line, attr="file")
    if unanswerable and (addresses or ids or cells.get("answer")):
        raise InvalidInput(
            "Line %(line)s names what answers a question that nobody can answer.",
            line=line, attr="file",
        )  # fmt: skip
    if any(len(address) > LONGEST_ADDRESS for address in addresses):
        raise InvalidInput("Line %(line)s has an address that is too long.", line=line, attr="file")
    texts = {name: cells.get(name, "") for name in TEXTS}
    return GoldenRow(cells["question"], tuple(addresses), ids, unanswerable=unanswerable, **texts)


def is_yes(cell: str, line: int) -> bool:
    """Whether a cell says yes; raises `InvalidInput` for what says neither yes nor no."""
    said = cell.casefold()
    if said not in YES | NO:
        raise InvalidInput(
            "Line %(line)s: “%(value)s” is neither yes nor no.",
            line=line, value=cell, attr="file",
        )  # fmt: skip
    return said in YES


def parts_of(cell: str) -> list[str]:
    """The parts of a cell with several."""
    return [part.strip() for part in cell.split(BETWEEN) if part.strip()]


def id_of(text: str, line: int) -> UUID:
    """The id of a document; raises `InvalidInput`."""
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidInput(
            "Line %(line)s: %(value)s is no id of a document.", line=line, value=text, attr="file"
        ) from error
