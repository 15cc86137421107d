"""Golden questions, as answers are judged by them: what is a right source, what has to be said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chat.enums import QuestionKind
from documents.queries import right_documents
from youworker.core.unicode import fold

if TYPE_CHECKING:
    from accounts.models import User
    from chat.evaluation.judging import Cited
    from documents.models import GoldenQuestion

# Between words of which one is enough.
OR = "|"


@dataclass(frozen=True, slots=True)
class GoldenExpectation:
    """What a right answer to a golden question cites and says."""

    kind: QuestionKind
    # Ids of the right documents, of which whoever asks may read one at least.
    documents: frozenset[str] = frozenset()
    # Lines of words, with `|` between alternatives.
    answer: str = ""

    def is_source(self, cited: Cited) -> bool:
        """Whether a citation is of a right document."""
        return cited.document in self.documents

    def is_said_in(self, text: str) -> bool:
        """Whether an answer says one of the words of each line; case and accents do not matter."""
        said = words_of(text)
        return all(
            any(is_within(words, said) for words in map(words_of, line.split(OR)) if words)
            for line in self.answer.splitlines()
            if line.strip(f"{OR} ")
        )


def words_of(text: str) -> str:
    """A text as it is compared."""
    return " ".join(fold(text).split())


def is_within(words: str, said: str) -> bool:
    """Whether something is said; 27 is not said by 127, 2.27 or 27.5."""
    pattern = re.escape(words)
    if words[0].isdigit():
        pattern = rf"(?<!\d)(?<!\d[.,]){pattern}"
    if words[-1].isdigit():
        pattern = rf"{pattern}(?!\d|[.,]\d)"
    return re.search(pattern, said) is not None


def expectation_of(row: GoldenQuestion, actor: User) -> GoldenExpectation:
    """What is expected of an answer to one question."""
    return GoldenExpectation(
        kind=kind_of(row),
        documents=frozenset(map(str, right_documents(row, actor))),
        answer=row.answer,
    )


def kind_of(row: GoldenQuestion) -> QuestionKind:
    """What a question asks of an answer."""
    if row.unanswerable:
        return QuestionKind.UNANSWERABLE
    return QuestionKind.FOLLOW_UP if row.follows else QuestionKind.PLAIN
