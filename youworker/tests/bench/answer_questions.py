"""Questions with known answers: what a document should say, or that none of them says it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chat.enums import QuestionKind
from youworker.core.config import BASE_DIR

if TYPE_CHECKING:
    from pathlib import Path

    from chat.evaluation.judging import Cited

DATA = BASE_DIR / "youworker" / "tests" / "data" / "answers"
# The files of a company, made for these questions.
LIBRARY = DATA / "library"
# The first was looked at while the built-in model was made, the second only afterwards.
GOLDEN, HELD_OUT = DATA / "golden.tsv", DATA / "held_out.tsv"


@dataclass(frozen=True, slots=True)
class Expected:
    """A question, and what a right answer cites and says; nothing of both when there is none."""

    question: str
    # Part of the name or the title of a document.
    document: str = ""
    pattern: str = ""
    # The question that is asked before it in the same conversation; it may stand in another file.
    follows: str = ""

    @property
    def is_answerable(self) -> bool:
        """Whether the documents hold the answer."""
        return bool(self.document)

    @property
    def kind(self) -> QuestionKind:
        """What is asked of an answer."""
        if not self.is_answerable:
            return QuestionKind.UNANSWERABLE
        return QuestionKind.FOLLOW_UP if self.follows else QuestionKind.PLAIN

    def is_source(self, cited: Cited) -> bool:
        """Whether the name or the title of a cited document is the expected one's."""
        return any(self.document.lower() in name.lower() for name in (cited.uri, cited.title))

    def is_said_in(self, text: str) -> bool:
        """Whether an answer says what is expected; case and line breaks do not matter."""
        return re.search(self.pattern, " ".join(text.split()), re.IGNORECASE) is not None


def read_questions(path: Path) -> list[Expected]:
    """The lines of a file: question, document, pattern and the question before, separated by tabs.

    Without a document the right answer is that there is none; `#` begins a remark.
    Raises `ValueError` for a pattern that is none, and for a file without questions.
    """
    found: list[Expected] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fields = [field.strip() for field in line.split("\t")]
        if not fields[0] or fields[0].startswith("#"):
            continue
        found.append(expected_in(fields, f"{path.name}, line {number}"))
    if not found:
        raise ValueError(f"{path.name} holds no question.")
    return found


def expected_in(fields: list[str], place: str) -> Expected:
    """The question of one line."""
    try:
        re.compile(fields[2] if len(fields) > 2 else "")
    except re.error as error:
        raise ValueError(f"{place}: the pattern is not one: {error}") from error
    return Expected(*fields[:4])
