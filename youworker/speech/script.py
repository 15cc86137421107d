"""Markdown that grows, as sentences to be read aloud while it does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from youworker.speech.inline import read_inline
from youworker.speech.words import words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# Behind a stop, perhaps a bracket or a mark of a citation, and a blank.
END = re.compile(r"[.!?…。！？]{1,3}[\"'”’»)\]*_]{0,4}(?:[ \t]?\[\d{1,3}\]){0,5}(?=[ \t])")  # noqa: RUF001
# Stops after which a sentence goes on.
ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|no|Nr|art|ca|approx|ecc|es|dott|sig|pag|cap|ing|prof|Dr|Mr|Mrs|Ms)"
    r"|\b[A-Za-z]|^\s{0,9}\d{1,3})\.$"
)
FENCE = re.compile(r"[ \t]{0,12}(`{3,}|~{3,})[ \t]*([\w+#-]{0,30})")
MATH = re.compile(r"[ \t]{0,12}(\$\$|\\\[)")
MATH_END = {"$$": "$$", "\\[": "\\]"}
HEAD = re.compile(r"[ \t]{0,3}#{1,6}[ \t]{1,9}")
RULE = re.compile(r"[ \t]{0,3}(?:[-*_][ \t]{0,3}){3,200}$|[ \t]{0,3}={3,200}$")
ITEM = re.compile(r"(?:[ \t]{0,3}>[ \t]?){0,6}[ \t]{0,24}(?:[-*+][ \t]{1,4}(?:\[[ xX]\][ \t])?)?")
ROW = re.compile(r"[ \t]{0,3}\|")
BORDER = re.compile(r"[ \t]{0,3}\|?[ \t:|-]{3,2000}$")
CELLS = re.compile(r"(?<!\\)\|")
# Such may begin anything: what it is shows with more of the line.
UNSURE = re.compile(r"[ \t]{0,12}(?:`{0,2}|~{0,2}|\$|\\|[#>*+_=|-].{0,8})?$")
# A sentence without an end is spoken in parts.
LONGEST = 400
SHORTEST = 2
MOST_ROWS = 12
DIAGRAMS = {"mermaid", "plantuml", "dot", "graphviz"}


class Script:
    """Gives sentences as soon as they are complete; the same whichever way the text is cut."""

    def __init__(self, language: str) -> None:
        self.words = words_of(language)
        # What was not read yet, from the beginning of a line or of a sentence in it.
        self.rest = ""
        self.is_line_start = True
        # Inside of code or a formula: what ends it.
        self.until = ""
        self.rows: list[list[str]] = []

    def feed(self, text: str) -> list[str]:
        """Add text; the sentences that are complete with it."""
        self.rest += text
        return list(self.read_lines())

    def finish(self) -> list[str]:
        """End the text; the sentences that are left."""
        self.rest += "" if self.rest.endswith("\n") else "\n"
        said = [*self.read_lines(), *self.end_table()]
        self.rest, self.until, self.is_line_start = "", "", True
        return said

    def read_lines(self) -> Iterator[str]:
        """Read whole lines, and of the last one its whole sentences."""
        while self.rest:
            line, found, rest = self.rest.partition("\n")
            if not found:
                if not self.until and self.may_begin(line):
                    yield from self.read_begun(line)
                return
            self.rest = rest
            yield from self.read_line(line.rstrip("\r"))
            self.is_line_start = True

    def may_begin(self, line: str) -> bool:
        """Whether enough of a line is there to know that it is prose."""
        if not self.is_line_start:
            return True
        is_block = FENCE.match(line) or MATH.match(line) or ROW.match(line)
        return not (is_block or UNSURE.match(line))

    def read_line(self, line: str) -> Iterator[str]:
        """Read one whole line, or the rest of one that was begun."""
        if self.until:
            if self.is_end(line):
                self.until = ""
            return
        if not self.is_line_start:
            yield from self.sentences(line)
            return
        if ROW.match(line) and not BORDER.match(line):
            self.rows.append([cell.strip() for cell in CELLS.split(line.strip().strip("|"))])
            return
        if self.rows and BORDER.match(line):
            return
        yield from self.end_table()
        if fence := FENCE.match(line):
            self.until = fence[1]
            yield self.said_of_code(fence[2])
        elif math := MATH.match(line):
            yield from self.begin_formula(line[math.end() :], math[1])
        elif not RULE.match(line):
            yield from self.sentences(self.prose_of(line))

    def is_end(self, line: str) -> bool:
        """Whether a line ends what it is in."""
        if self.until[0] in "`~":
            bare = line.strip()
            return bare.startswith(self.until) and not bare.strip(self.until[0])
        return self.until in line

    def said_of_code(self, language: str) -> str:
        """What is said in place of code."""
        if language.lower() in DIAGRAMS:
            return self.words.diagram
        named = language and language.lower() not in {"text", "txt", "plain"}
        return self.words.code_in.format(language=language) if named else self.words.code

    def begin_formula(self, rest: str, mark: str) -> Iterator[str]:
        """Read a formula that stands alone, when it ends in its line; else only say it is there."""
        end = MATH_END[mark]
        if end in rest:
            yield from self.sentences(f"$${rest.partition(end)[0].strip()}$$")
        else:
            self.until = end
            yield f"{self.words.formula[:1].upper()}{self.words.formula[1:]}."

    def prose_of(self, line: str) -> str:
        """A line without the mark of its block; a heading and a point of a list are sentences."""
        bare = HEAD.sub("", line, count=1).rstrip("# ") if HEAD.match(line) else line
        return ITEM.sub("", bare, count=1)

    def read_begun(self, line: str) -> Iterator[str]:
        """Read the whole sentences of a line that goes on."""
        text = self.prose_of(line) if self.is_line_start else line
        end = 0
        for found in END.finditer(text):
            if is_whole(text[end : found.end()]):
                yield from self.said(text[end : found.end()])
                end = found.end()
        if not end and len(text) > 2 * LONGEST:
            end = text.rfind(" ", 0, LONGEST) + 1 or LONGEST
            yield from self.said(text[:end])
        if end:
            self.rest, self.is_line_start = text[end:], False

    def sentences(self, text: str) -> Iterator[str]:
        """The sentences of a text that is complete."""
        begin = 0
        for found in END.finditer(text):
            if is_whole(text[begin : found.end()]):
                yield from self.said(text[begin : found.end()])
                begin = found.end()
        yield from self.said(text[begin:])

    def said(self, text: str) -> Iterator[str]:
        """One sentence, in parts where it is very long; nothing where it says nothing."""
        spoken = read_inline(text, self.words)
        while len(spoken) > LONGEST:
            end = spoken.rfind(" ", 0, LONGEST) + 1 or LONGEST
            yield spoken[:end].strip()
            spoken = spoken[end:]
        if len(spoken) >= SHORTEST and any(letter.isalnum() for letter in spoken):
            yield spoken

    def end_table(self) -> Iterator[str]:
        """Read a table that is over, row by row: what each cell is, and what it says."""
        rows, self.rows = self.rows, []
        if not rows:
            return
        yield self.words.table
        head, *body = rows
        for row in body[:MOST_ROWS] or [head]:
            cells = [
                f"{name}: {cell}" if name and row is not head and number else cell
                for number, (name, cell) in enumerate(
                    zip(head + [""] * len(row), row, strict=False)
                )
                if cell
            ]
            yield from self.said("; ".join(cells) + ".")
        if len(body) > MOST_ROWS:
            yield self.words.more_rows.format(count=len(body) - MOST_ROWS)


def is_whole(text: str) -> bool:
    """Whether a stretch that ends with a stop is a sentence, and not a part of something longer."""
    bare = text.rstrip("\"'\u201d\u2019»)]*_ ")
    if ABBREVIATION.search(bare[-12:] if len(bare) > 12 else bare):  # noqa: PLR2004 -- a short word
        return False
    if len(text) > LONGEST:
        return True
    has_code = text.count("`") % 2 == 1
    has_formula = text.count("$") % 2 == 1 or text.count("\\(") > text.count("\\)")
    has_link = bool(re.search(r"\[[^\[\]]{0,300}$|\]\([^()\s]{0,500}$", text))
    return not (has_code or has_formula or has_link)


def read_aloud(text: str, language: str) -> list[str]:
    """A whole text as sentences."""
    script = Script(language)
    return [*script.feed(text), *script.finish()]
