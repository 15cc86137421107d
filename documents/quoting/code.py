"""Source code as the definitions it is made of: it has no sentences."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from documents.quoting.sentences import split_sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# What a definition goes on with, as deep as it began: the end of its body.
CLOSING = re.compile(r"[)\]}]|end\b")
DECORATOR = re.compile(r"@|#!?\[|\[")
# Signs of a comment at the beginning of its line; `#include` is none.
COMMENT = re.compile(r"///?!?|/\*\*?|\*(?=[\s/]|\Z)|#(?=\s|\Z)|--|\"\"\"|'''")
DOCSTRING = re.compile(r"\"\"\"|'''")
END_OF_COMMENT = re.compile(r"\*/|\"\"\"|'''")
LONGEST_SUMMARY = 300
# Of a definition, in lines: comments stand at its beginning.
MOST_LINES = 200


def definitions(text: str) -> list[tuple[int, int]]:
    """Where each definition begins and ends, with its comments and without blanks around it.

    One begins behind an empty line, no deeper than the one before.
    """
    starts, depth, offset, is_behind_gap = list[int](), 0, 0, True
    for line in text.splitlines(keepends=True):
        if line.strip():
            own = depth_of(line)
            is_deeper = bool(starts) and own > depth
            if is_behind_gap and not is_deeper and not (starts and CLOSING.match(line.lstrip())):
                starts.append(offset)
                depth = own
            is_behind_gap = False
        else:
            is_behind_gap = True
        offset += len(line)
    pairs = itertools.pairwise([*starts, len(text)])
    return [(start, start + len(text[start:end].rstrip())) for start, end in pairs]


def depth_of(line: str) -> int:
    """How far a line is indented, in columns."""
    shown = line.expandtabs()
    return len(shown) - len(shown.lstrip())


def summary_of(code: str) -> str:
    """The first sentence of what a comment says about a definition; else its first line."""
    lines = [line.strip() for line in code.splitlines()[:MOST_LINES]]
    said = split_sentences("\n".join(first_comment(lines)))
    if said and len(said[0]) <= LONGEST_SUMMARY and any(map(str.isalpha, said[0])):
        return said[0]
    own = (line for line in lines if not COMMENT.match(line) and not DECORATOR.match(line))
    return next(filter(None, own), "")[:LONGEST_SUMMARY].rstrip()


def first_comment(lines: Iterable[str]) -> Iterator[str]:
    """The lines of the first comment without its signs, up to its first empty one.

    Of lines without blanks around them.
    """
    rest = itertools.dropwhile(lambda line: not COMMENT.match(line), lines)
    is_open = False
    for line in rest:
        lead = COMMENT.match(line)
        if lead is None and not is_open:
            return
        is_open = is_open or DOCSTRING.search(line) is not None
        words = line[lead.end() if lead else 0 :]
        end = END_OF_COMMENT.search(words)
        told = (words[: end.start()] if end else words).strip(" *")
        if told:
            yield told
        if end or (not told and lead is None):
            return
