"""The source of a LaTeX document as tokens; what is to be kept as it is written is one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND, SIGN, OPEN, CLOSE, CELL, MATH, RAW, TEXT = range(8)

# Possessive: a dollar without its partner is looked at once, to the end of its paragraph.
TOKEN = re.compile(
    r"(?P<comment>%[^\n]*+(?:\n[ \t]*+(?!\n))?+)"
    r"|\\(?P<command>[A-Za-z@]++\*?)[ \t]*+(?:\n[ \t]*+(?=[^\s]))?"
    r"|\\(?P<sign>.)"
    r"|(?P<open>\{)|(?P<close>\})|(?P<cell>&)"
    r"|(?P<math>\$\$(?:[^$\\]|\\.)*+\$\$|\$(?:[^$\\\n]|\\.|\n(?![ \t]*+\n))++\$)"
    r"|(?P<text>[^\\%{}&$]++|\$)",
    re.S,
)
BEGIN = re.compile(r"\\begin\{([A-Za-z]++\*?)\}")
VERBATIM = {"verbatim", "Verbatim", "lstlisting", "minted", "alltt"}
WITH_OPTIONS = VERBATIM - {"verbatim", "alltt"}
FORMULAS = {
    *("equation", "align", "gather", "multline", "eqnarray", "displaymath", "math", "flalign"),
    *("alignat", "dmath", "IEEEeqnarray"),
}
# What nobody reads in them: notes of the author, and drawings made of commands.
SILENT = {"comment", "tikzpicture", "pgfpicture", "filecontents", "CCSXML", "picture"}
AS_WRITTEN = VERBATIM | FORMULAS | SILENT
OPTIONS = re.compile(r"(?:[ \t]{0,40}+\[[^\[\]\n]*+\]|\{[^{}\n]*+\})++")
LABEL = re.compile(r"\\(?:label|tag)\{[^{}\n]*+\}|\\(?:nonumber|notag)\b")
FORMULA_ENDS = {"[": "\\]", "(": "\\)"}
ADDRESSED = {"url", "href", "path", "nolinkurl"}
ADDRESS = re.compile(r"\{([^{}\n]*+)\}")
VERB = re.compile(r"(?P<mark>[^A-Za-z\s*])(.*?)(?P=mark)")


class Token(NamedTuple):
    """A piece of source and what it is; of a command, its name."""

    kind: int
    text: str


@dataclass(slots=True)
class Tokens:
    """Tokens in order, and where each group that begins at one ends."""

    tokens: list[Token]
    ends: dict[int, int]


def tokens_of(source: str) -> Tokens:
    """The tokens of a source."""
    tokens = list(Tokenizer(source).tokens())
    ends: dict[int, int] = {}
    begun: list[int] = []
    for place, token in enumerate(tokens):
        if token.kind == OPEN:
            begun.append(place)
        elif token.kind == CLOSE and begun:
            ends[begun.pop()] = place
    return Tokens(tokens, ends)


class Tokenizer:
    """Divides a source; an end that is nowhere is not looked for again."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.missing: set[str] = set()
        self.place = 0

    def tokens(self) -> Iterator[Token]:
        """The pieces in order, without comments."""
        while found := TOKEN.match(self.source, self.place):
            start, self.place = self.place, found.end()
            kind, text = found.lastgroup or "", found[found.lastgroup or 0]
            if kind == "command":
                yield self.command(text, start)
                yield from self.address(text)
            elif kind == "sign":
                yield self.formula(text) if text in FORMULA_ENDS else Token(SIGN, text)
            elif kind != "comment":
                yield Token(KINDS[kind], text)

    def command(self, name: str, start: int) -> Token:
        """A command, or what it says is not to be read as source."""
        if name == "iffalse":
            self.take_until("\\fi")
            return Token(RAW, "")
        if name.rstrip("*") in {"verb", "lstinline"}:
            found = VERB.match(self.source, self.place)
            if found:
                self.place = found.end()
                return Token(RAW, found[2])
        if name != "begin" or not (begin := BEGIN.match(self.source, start)):
            return Token(COMMAND, name)
        return self.environment(begin)

    def address(self, name: str) -> Iterator[Token]:
        """The address that is an argument, in which a percent sign is no comment."""
        found = ADDRESS.match(self.source, self.place) if name in ADDRESSED else None
        if found:
            self.place = found.end()
            yield from (Token(OPEN, "{"), Token(TEXT, found[1]), Token(CLOSE, "}"))

    def environment(self, begin: re.Match[str]) -> Token:
        """What an environment holds as it is written, or the command that begins others."""
        name = begin[1].rstrip("*")
        if name not in AS_WRITTEN:
            return Token(COMMAND, "begin")
        self.place = begin.end()
        if name in WITH_OPTIONS and (options := OPTIONS.match(self.source, self.place)):
            self.place = options.end()
        content = self.take_until(f"\\end{{{begin[1]}}}")
        if name in SILENT:
            return Token(RAW, "")
        if name in FORMULAS:
            return Token(MATH, f"$${LABEL.sub('', content).strip()}$$")
        return Token(RAW, f"\n{content.strip(chr(10))}\n")

    def formula(self, sign: str) -> Token:
        """A formula between two signs, with dollars instead of them."""
        content = self.take_until(FORMULA_ENDS[sign]).strip()
        mark = "$$" if sign == "[" else "$"
        return Token(MATH, f"{mark}{LABEL.sub('', content)}{mark}")

    def take_until(self, end: str) -> str:
        """What stands before an end, which is passed; all of a line when there is none."""
        at = -1 if end in self.missing else self.source.find(end, self.place)
        start = self.place
        if at < 0:
            self.missing.add(end)
            at = self.source.find("\n", start)
            self.place = at = len(self.source) if at < 0 else at
        else:
            self.place = at + len(end)
        return self.source[start:at]


KINDS = {"open": OPEN, "close": CLOSE, "cell": CELL, "math": MATH, "text": TEXT}
