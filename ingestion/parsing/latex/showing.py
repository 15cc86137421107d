"""What a reader sees of the tokens of a LaTeX document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ingestion.parsing.latex import tokens
from ingestion.parsing.latex.commands import (
    ACCENTS,
    ARGUMENTS,
    FLOATS,
    QUANTITIES,
    REFERENCES,
    SIGNS,
    SILENT,
    SPACES,
    STATEMENTS,
    TABLES,
    TEXT_AT,
    UNITS,
    accented,
)
from ingestion.parsing.latex.tokens import (
    CLOSE,
    COMMAND,
    MATH,
    OPEN,
    SIGN,
    TEXT,
    Token,
    Tokens,
    tokens_of,
)
from ingestion.parsing.types import LONGEST_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator

LEVELS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4}
NEXT_CELL, NEXT_ROW, ITEM = "\x1e", "\x1f", "\x1d"
BEFORE_ITEM = re.compile(rf" ?\n? ?{ITEM}")
EMPTY_LINES = re.compile(r"\n[ \t]*+(?:\n[ \t]*+)++")
BLANKS = re.compile(r"[ \t]{2,}+")
OPTIONS = re.compile(r"\[[^\[\]]*+\]")
PARAMETER = re.compile(r"#([1-9])")
UNIT = re.compile(r"\\([A-Za-z]++) ?")
QUOTES = (("``", "“"), ("''", "”"), ('"`', "„"), ("\"'", "“"), ("---", "—"), ("--", "–"))  # noqa: RUF001
MACROS = {"newcommand", "renewcommand", "providecommand", "def"}
DEFINITIONS = MACROS | {"newtheorem"}
# What an expansion costs besides its length: macros may call each other and hold nothing.
EXPANSION = 100
# Levels of macros and of groups within arguments.
DEEPEST = 30


class Macro(NamedTuple):
    """A command of the author: how many arguments it has, what the first is when it is left out."""

    arguments: int
    default: str | None
    body: str


class Shower:
    """Shows source; remembers macros, the title and the numbers of the bibliography."""

    def __init__(self) -> None:
        self.macros: dict[str, Macro] = {}
        self.statements = dict(STATEMENTS)
        self.numbers: dict[str, int] = {}
        self.title = ""
        self.authors = ""
        # What macros may still become: some that call each other could be a text without end.
        self.left = LONGEST_TEXT

    def prepare(self, source: Tokens) -> None:
        """Take in what is defined: macros, statements, works, the title and who wrote it."""
        for place, token in enumerate(source.tokens):
            if token.kind != COMMAND:
                continue
            reader = Reader(self, source, place + 1, len(source.tokens))
            name = token.text.rstrip("*")
            if name in MACROS:
                self.define(reader)
            elif name == "newtheorem":
                name = reader.argument()
                reader.option()
                self.statements[name] = reader.argument()
            elif name == "bibitem":
                reader.option()
                self.numbers.setdefault(reader.argument(), len(self.numbers) + 1)
            elif name == "title" and not self.title:
                reader.option()
                self.title = reader.source_of_argument()
            elif name == "author":
                reader.option()
                found = " ".join(reader.argument().split()).replace(" ,", ",")
                self.authors = ", ".join(filter(None, (self.authors, found)))

    def define(self, reader: Reader) -> None:
        """Remember a macro."""
        name = reader.name()
        count = reader.option()
        default = reader.option() if reader.is_at_option() else None
        if name and reader.is_at(OPEN):
            most = int(count) if count.isdecimal() and len(count) == 1 else 0
            self.macros[name] = Macro(most, default, reader.source_of_argument())

    def sections(self, source: Tokens) -> Iterator[tuple[str, int, str]]:
        """The heading, its level and the text of each section."""
        heading, level, start = "", 0, 0
        for place, token in enumerate(source.tokens):
            name = token.text.rstrip("*")
            if token.kind != COMMAND or name not in LEVELS:
                continue
            reader = Reader(self, source, place + 1, len(source.tokens))
            reader.option()
            if not reader.is_at(OPEN):
                continue
            title = " ".join(reader.argument().split())
            yield heading, level, self.text(source, start, place)
            heading, level, start = title, LEVELS[name], reader.place
        yield heading, level, self.text(source, start, len(source.tokens))

    def text(self, source: Tokens, start: int, end: int) -> str:
        """A stretch of source as it is read."""
        return tidied(Reader(self, source, start, end).read())


def shown(source: str) -> str:
    """A piece of source by itself, on one line."""
    found = tokens_of(source)
    return " ".join(Shower().text(found, 0, len(found.tokens)).split())


def tidied(text: str) -> str:
    """A text without blanks and lines that commands left."""
    text = "\n".join(BLANKS.sub(" ", line).strip(" \t") for line in text.split("\n"))
    text = BEFORE_ITEM.sub("\n", text)
    return EMPTY_LINES.sub("\n\n", text).strip()


class Reader:
    """Reads a stretch of tokens once, from its start to its end."""

    def __init__(
        self, shower: Shower, source: Tokens, place: int, end: int, depth: int = 0
    ) -> None:
        self.shower, self.source = shower, source
        self.place, self.end, self.depth = place, end, depth
        self.environments: list[str] = []
        self.pieces: list[str] = []
        # Of tables that are open, the piece with which each begins.
        self.tables: list[int] = []
        # Of lists that are numbered, the last number.
        self.counts: list[int] = []

    def read(self) -> str:
        """All of it, as it is read."""
        while self.place < self.end:
            token = self.source.tokens[self.place]
            self.place += 1
            self.pieces.append(self.piece(token))
            if token.kind == CLOSE and self.is_at(OPEN):
                # Arguments that follow each other are no one word.
                self.pieces.append(" ")
        return "".join(self.pieces).replace(NEXT_CELL, " ").replace(NEXT_ROW, "\n")

    def piece(self, token: Token) -> str:
        """What one token shows, with those that it takes along."""
        match token.kind:
            case tokens.TEXT:
                return typeset(token.text)
            case tokens.MATH | tokens.RAW:
                return token.text
            case tokens.CELL:
                return NEXT_CELL if self.tables else " "
            case tokens.SIGN:
                return self.sign(token.text)
            case tokens.COMMAND:
                return self.command(token.text)
        return ""

    def is_at(self, kind: int) -> bool:
        """Whether the next token is of a kind; what is left of options is none."""
        while self.place < self.end and not self.source.tokens[self.place].text:
            self.place += 1
        return self.place < self.end and self.source.tokens[self.place].kind == kind

    def sign(self, sign: str) -> str:
        """What a sign behind a backslash shows."""
        if sign == "\\":
            self.option()
            return NEXT_ROW if self.tables else "\n"
        if sign in ACCENTS:
            return self.accented(sign)
        return SPACES.get(sign, sign)

    def accented(self, accent: str) -> str:
        """The letter that follows, with its accent."""
        if self.is_at(OPEN) or self.is_at(COMMAND):
            return accented(self.argument(), accent)
        if not self.is_at(TEXT):
            return ""
        text = self.source.tokens[self.place].text
        self.place += 1
        return accented(text[:1], accent) + typeset(text[1:])

    def show_begin(self) -> str:
        """What an environment begins with; its arguments only say how it is set."""
        name = self.argument()
        self.environments.append(name)
        bare = name.rstrip("*")
        option = self.option()
        for _ in range(ARGUMENTS.get(name, 0)):
            self.option()
            self.argument()
        if bare in {"itemize", "enumerate", "description"}:
            self.counts.append(0)
        if name in TABLES:
            self.tables.append(len(self.pieces))
        if bare in {"frame", "block"} and self.is_at(OPEN):
            return f"\n\n{self.argument()}\n\n"
        if bare in self.shower.statements:
            named = f" ({option})" if option else ""
            return f"\n\n{self.shower.statements[bare]}{named}. "
        return {"abstract": "\n\nAbstract\n\n", "thebibliography": "\n\nReferences\n\n"}.get(
            bare, "\n"
        )

    def show_end(self) -> str:
        """A line end, and before it the rows of a table that ends."""
        name = self.argument()
        if self.environments:
            self.environments.pop()
        if name.rstrip("*") in {"itemize", "enumerate", "description"} and self.counts:
            self.counts.pop()
        if name not in TABLES or not self.tables:
            return "\n"
        start = self.tables.pop()
        rows = rows_of("".join(self.pieces[start:]))
        del self.pieces[start:]
        return rows

    def command(self, given: str) -> str:
        """What a command shows: what it stands for, some of its arguments, or nothing."""
        name = given.rstrip("*")
        special = getattr(self, f"show_{name}", None)
        if name in self.shower.macros:
            return self.expanded(name)
        if special is not None:
            return str(special())
        if name in SIGNS:
            return NEXT_ROW if self.tables and SIGNS[name] == "\n" else SIGNS[name]
        if name in ACCENTS and (self.is_at(OPEN) or self.is_at(TEXT)):
            return self.accented(name)
        return self.arguments(name)

    def arguments(self, name: str) -> str:
        """What the arguments of a command show; those of an unknown one are read with the rest."""
        if name in SILENT:
            self.skip_arguments(SILENT[name])
        elif name in DEFINITIONS:
            self.skip_definition()
        elif name in TEXT_AT:
            return self.last_of(TEXT_AT[name])
        elif "cite" in name:
            return self.cited()
        elif name in REFERENCES:
            self.option()
            return self.argument()
        elif name in QUANTITIES | UNITS:
            return self.quantity(1 + (name in QUANTITIES))
        else:
            self.option()
        return ""

    def show_maketitle(self) -> str:
        """The title and who wrote it."""
        return f"{shown(self.shower.title)}\n\n{self.shower.authors}\n\n"

    def show_item(self) -> str:
        """The mark of an item: its number, its term or a dash."""
        option = self.option()
        if option:
            return f"{ITEM}- {option} "
        is_numbered = "enumerate" in self.environments[-1:] and self.counts
        if is_numbered:
            self.counts[-1] += 1
        return f"{ITEM}{self.counts[-1]}. " if is_numbered else f"{ITEM}- "

    def show_cmidrule(self) -> str:
        """Nothing: a line below some columns."""
        self.option()
        if self.is_at(TEXT) and self.source.tokens[self.place].text.startswith("("):
            self.place += 1
        self.argument()
        return ""

    def show_bibitem(self) -> str:
        """The number of a work."""
        self.option()
        return f"\n\n[{self.shower.numbers.get(self.argument(), '')}] "

    def show_footnote(self) -> str:
        """A note, in brackets where its number stands."""
        self.option()
        return f" ({self.argument().strip()})"

    show_footnotetext = show_thanks = show_footnote

    def show_caption(self) -> str:
        """The caption of a figure or table, on a line of its own."""
        self.option()
        around = (one.rstrip("*") for one in self.environments[:-DEEPEST:-1])
        label = next((FLOATS[one] for one in around if one in FLOATS), "")
        return f"\n\n{label + ': ' if label else ''}{self.argument().strip()}\n\n"

    def show_paragraph(self) -> str:
        """A heading within the line."""
        self.option()
        return f"\n\n{self.argument().strip()} "

    show_subparagraph = show_paragraph

    def show_href(self) -> str:
        """The words of a link, and where it leads."""
        address, words = self.source_of_argument(), self.argument()
        return f"{words} ({address})" if address not in words else words

    def show_url(self) -> str:
        """An address."""
        return self.source_of_argument()

    show_path = show_url

    def show_multicolumn(self) -> str:
        """A cell that is as wide as several."""
        count = self.argument()
        self.argument()
        width = int(count) if count.isdecimal() and len(count) <= 2 else 1  # noqa: PLR2004 -- digits
        return self.argument() + NEXT_CELL * (width - 1)

    def show_texorpdfstring(self) -> str:
        """The first of two ways to write the same."""
        text = self.argument()
        self.argument()
        return text

    def show_enquote(self) -> str:
        """A quotation."""
        return f"“{self.argument()}”"

    def cited(self) -> str:
        """What is cited, in brackets: the number of each work when it is known, else its key."""
        options = [one for one in (self.option(), self.option()) if one]
        keys = (one.strip() for one in self.source_of_argument().split(","))
        names = [str(self.shower.numbers.get(key, key)) for key in keys if key]
        return f"[{', '.join([*names, *options[-1:]])}]"

    def quantity(self, count: int) -> str:
        """A number with its unit."""
        self.option()
        values = [self.source_of_argument().replace("\\per ", "/") for _ in range(count)]
        return " ".join(UNIT.sub(r"\1", value) for value in values if value)

    def expanded(self, name: str) -> str:
        """What a macro stands for."""
        macro = self.shower.macros[name]
        values: list[str] = []
        if macro.default is not None and macro.arguments:
            values.append(self.option() if self.is_at_option() else macro.default)
        values += [self.source_of_argument() for _ in range(macro.arguments - len(values))]
        source = PARAMETER.sub(
            lambda found: values[int(found[1]) - 1] if int(found[1]) <= macro.arguments else "",
            macro.body,
        )
        self.shower.left -= len(source) + EXPANSION
        if self.depth >= DEEPEST or self.shower.left < 0:
            return ""
        body = tokens_of(source)
        inner = Reader(self.shower, body, 0, len(body.tokens), self.depth + 1)
        inner.environments = self.environments
        return inner.read()

    def skip_arguments(self, count: int) -> None:
        """Pass over arguments, and options before and between them."""
        for _ in range(count):
            self.option()
            if not self.is_at(OPEN):
                return
            self.source_of_argument()
        self.option()

    def skip_definition(self) -> None:
        """Pass over a definition."""
        self.name()
        for _ in range(2):
            self.option()
        self.source_of_argument()

    def name(self) -> str:
        """The name of a macro that is defined, in braces or not."""
        if self.is_at(COMMAND):
            self.place += 1
            name = self.source.tokens[self.place - 1].text
        else:
            name = self.source_of_argument().removeprefix("\\")
        # What `\def` says of its parameters.
        while self.is_at(TEXT) and self.source.tokens[self.place].text.startswith("#"):
            self.place += 1
        return name.strip()

    def last_of(self, count: int) -> str:
        """The last of so many arguments; the others only say how it is set."""
        text = ""
        for _ in range(count):
            self.option()
            text = self.argument()
        return text

    def is_at_option(self) -> bool:
        """Whether an argument in brackets follows."""
        return self.is_at(TEXT) and self.source.tokens[self.place].text.startswith("[")

    def option(self) -> str:
        """The argument in brackets that follows; empty when none does."""
        if not self.is_at_option():
            return ""
        start, text = self.place, ""
        while self.place < self.end and self.place < start + DEEPEST:
            token = self.source.tokens[self.place]
            before, bracket, rest = token.text.partition("]")
            if token.kind == TEXT and bracket:
                self.source.tokens[self.place] = token._replace(text=rest)
                self.place += not rest
                return typeset((text + before).removeprefix("[")).strip()
            text += before if token.kind in {TEXT, MATH} else ""
            self.place += 1
        self.place = start
        return ""

    def argument(self) -> str:
        """What the argument that follows shows: a group, or one token."""
        while self.is_at(TEXT) and not self.source.tokens[self.place].text.strip():
            self.place += 1
        if not self.is_at(OPEN):
            return self.single()
        start, end = self.group()
        if self.depth >= DEEPEST:
            return ""
        inner = Reader(self.shower, self.source, start, end, self.depth + 1)
        inner.environments = self.environments
        return inner.read()

    def single(self) -> str:
        """One token as an argument."""
        if self.place >= self.end:
            return ""
        token = self.source.tokens[self.place]
        if token.kind == TEXT and len(token.text) > 1:
            self.source.tokens[self.place] = token._replace(text=token.text[1:])
            return token.text[:1]
        if token.kind == CLOSE:
            return ""
        self.place += 1
        return SIGNS.get(token.text, "") if token.kind == COMMAND else token.text

    def group(self) -> tuple[int, int]:
        """Where the group that follows begins and ends; one without an end ends at once."""
        start = self.place + 1
        end = self.source.ends.get(self.place)
        if end is None or end >= self.end:
            self.place = start
            return start, start
        self.place = end + 1
        return start, end

    def source_of_argument(self) -> str:
        """The source of the argument that follows."""
        if not self.is_at(OPEN):
            return self.single()
        start, end = self.group()
        return "".join(source_of(token) for token in self.source.tokens[start:end])


def source_of(token: tuple[int, str]) -> str:
    """A token as it was written, or so that it is read the same."""
    kind, text = token
    if kind == COMMAND:
        return f"\\{text} "
    return f"\\{text}" if kind == SIGN else text


def typeset(text: str) -> str:
    """Quotes and dashes as they are printed."""
    text = text.replace("~", " ")
    for written, printed in QUOTES:
        if written in text:
            text = text.replace(written, printed)
    return text


def rows_of(table: str) -> str:
    """The rows of a table between bars."""
    rows = (
        [" ".join(cell.split()) for cell in row.split(NEXT_CELL)] for row in table.split(NEXT_ROW)
    )
    lines = [f"| {' | '.join(row)} |" for row in rows if any(row)]
    return "\n\n" + "\n".join(lines) + "\n\n"
