"""Answers beside what was expected of them, and the figures of many."""

from __future__ import annotations

import re
import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from chat.enums import QuestionKind, RunStatus, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# How models say that they know nothing, which the built-in one does as well.
NO_ANSWER = re.compile(
    r"\b(?:found nothing|unable to (?:find|answer)"
    r"|(?:could|can|did|do|does)(?: not|n['\u2019]t) (?:find|hold|contain|mention|say|specify"
    r"|provide|include|state|answer|know)"
    r"|no (?:information|mention|answer|details?|data)"
    r"|not (?:mentioned|specified|stated|available|found|provided|contained|included)"
    r"|non (?:ho|è|sono|contengono|contiene|indica|indicano|risulta|riporta|riportano"
    r"|specifica|specificano|menziona|menzionano|trovo|posso)"
    r"|nessun['\u2019 ]?\s?informazion[ei]"
    r"|keine (?:angaben?|informationen)|nicht (?:gefunden|enthalten|angegeben|erwähnt))\b",
    re.IGNORECASE,
)
# What a document says is not what the model says.
QUOTED = re.compile("“[^“”]*”")
# Somebody who knows nothing says so at once.
BEGINNING = 300


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation: its document, what was quoted of it, and whether that holds the answer."""

    title: str
    uri: str
    quote: str
    supported: bool
    # The id of the document, unless it is gone.
    document: str = ""
    index: int = 0


@dataclass(frozen=True, slots=True)
class Given:
    """One answer."""

    question: str
    text: str
    status: str
    seconds: float
    citations: tuple[Cited, ...] = ()
    # Sentences that their citations do not hold.
    unsupported: int = 0

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Given:
        """The answer as `as_json` wrote it."""
        return cls(**{**row, "citations": tuple(Cited(**one) for one in row["citations"])})

    def as_json(self) -> dict[str, Any]:
        """The answer as plain data."""
        return asdict(self)


class Expectation(Protocol):
    """What a right answer cites and says."""

    @property
    def kind(self) -> QuestionKind:
        """What is asked of an answer."""
        ...

    def is_source(self, cited: Cited) -> bool:
        """Whether a citation is of a right document."""
        ...

    def is_said_in(self, text: str) -> bool:
        """Whether an answer says what is expected."""
        ...


ExpectationT = TypeVar("ExpectationT", bound=Expectation)


class Outcome(Protocol):
    """An answer that was judged, as figures are made of it."""

    @property
    def kind(self) -> str:
        """What was asked of it (`QuestionKind`)."""
        ...

    @property
    def verdict(self) -> str:
        """What it is (`Verdict`)."""
        ...

    @property
    def is_right_document(self) -> bool:
        """Whether the first source is a right document."""
        ...

    @property
    def cited(self) -> int:
        """How many citations it has."""
        ...

    @property
    def supported(self) -> int:
        """How many of these hold their sentences."""
        ...

    @property
    def seconds(self) -> float:
        """How long it took."""
        ...


@dataclass(frozen=True, slots=True)
class Judged(Generic[ExpectationT]):
    """An answer beside what was expected."""

    expected: ExpectationT
    given: Given

    @property
    def kind(self) -> QuestionKind:
        """What was asked of it."""
        return self.expected.kind

    @property
    def verdict(self) -> Verdict:
        """What it is; an answer to what nobody can answer is wrong."""
        if self.given.status != RunStatus.SUCCEEDED or not self.given.text:
            return Verdict.FAILED
        if self.is_refusal:
            return Verdict.REFUSED
        if not self.given.citations:
            return Verdict.UNSOURCED
        return Verdict.RIGHT if self.is_right else Verdict.WRONG

    @property
    def is_refusal(self) -> bool:
        """Whether it says that there is no answer; a failed run says nothing."""
        return NO_ANSWER.search(QUOTED.sub("", self.given.text)[:BEGINNING]) is not None

    @property
    def is_answered(self) -> bool:
        """Whether it says something and names a source for it."""
        return bool(self.given.citations) and not self.is_refusal

    @property
    def is_right_document(self) -> bool:
        """Whether the first source is a right document."""
        return self.is_answered and self.expected.is_source(self.given.citations[0])

    @property
    def is_right(self) -> bool:
        """Whether it says what is expected and names a right document among its sources."""
        if self.kind == QuestionKind.UNANSWERABLE:
            return False
        named = any(map(self.expected.is_source, self.given.citations))
        return self.is_answered and named and self.expected.is_said_in(self.given.text)

    @property
    def cited(self) -> int:
        """How many citations it has."""
        return len(self.given.citations)

    @property
    def supported(self) -> int:
        """How many of these hold their sentences."""
        return sum(one.supported for one in self.given.citations)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.given.seconds


class Share(NamedTuple):
    """How many of how many."""

    held: int
    whole: int


def is_as_expected(kind: str, verdict: str) -> bool:
    """Whether an answer is what a question of its kind is to get."""
    return verdict == (Verdict.REFUSED if kind == QuestionKind.UNANSWERABLE else Verdict.RIGHT)


# What `shares_of` tells, in the order in which people read it.
SHARES = (
    "as_expected", "answered", "right_document", "right", "right_follow_ups", "refused",
    "supported",
)  # fmt: skip


def shares_of(outcomes: Sequence[Outcome]) -> dict[str, Share]:
    """What is right of many answers, by `SHARES`; citations are counted over all of them."""
    plain = [one for one in outcomes if one.kind == QuestionKind.PLAIN]
    further = [one for one in outcomes if one.kind == QuestionKind.FOLLOW_UP]
    unanswerable = [one for one in outcomes if one.kind == QuestionKind.UNANSWERABLE]
    return {
        "as_expected": share(is_as_expected(one.kind, one.verdict) for one in outcomes),
        "answered": share(one.verdict in {Verdict.RIGHT, Verdict.WRONG} for one in plain),
        "right_document": share(one.is_right_document for one in plain),
        "right": share(one.verdict == Verdict.RIGHT for one in plain),
        "right_follow_ups": share(one.verdict == Verdict.RIGHT for one in further),
        "refused": share(one.verdict == Verdict.REFUSED for one in unanswerable),
        "supported": Share(
            sum(one.supported for one in outcomes), sum(one.cited for one in outcomes)
        ),
    }


def share(held: Iterable[bool]) -> Share:
    """How many hold, of how many there are."""
    values = list(held)
    return Share(sum(values), len(values))


def value_of(share: Share) -> float:
    """A share between 0 and 1; 1 of none."""
    return share.held / share.whole if share.whole else 1.0


def median_seconds(outcomes: Sequence[Outcome]) -> float:
    """How long half of the answers took at most; 0 of none."""
    return statistics.median([one.seconds for one in outcomes] or [0.0])


def chain_of(question: str, before: dict[str, str]) -> list[str]:
    """A question behind those that it follows; a circle ends where it began."""
    chain = [question]
    while (earlier := before.get(chain[0])) and earlier not in chain:
        chain.insert(0, earlier)
    return chain
