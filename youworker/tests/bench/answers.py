"""Answers measured from the question to the stored citations, on questions with known answers."""

from __future__ import annotations

import re
import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from youworker.tests.bench import Figure, Report, at_least
from youworker.tests.bench.answer_asking import Given, ask_all
from youworker.tests.bench.answer_questions import GOLDEN, HELD_OUT, LIBRARY, read_questions
from youworker.tests.bench.product import run_command, running_product

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from accounts.models import User
    from youworker.tests.bench.answer_questions import Expected

QUOTE = "quote"
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
QUOTED = re.compile("“[^”]*”")
# Somebody who knows nothing says so at once.
BEGINNING = 300
# What issue and tests ask of the built-in model.
REFUSED_BUDGET, SUPPORTED_BUDGET, ANSWERED_BUDGET = 0.95, 0.95, 0.90
REPORT = (
    "from youworker.tests.bench.answers import print_answers;"
    " print_answers({conversations!r}, {model!r}, {user!r})"
)


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer beside what was expected."""

    expected: Expected
    given: Given

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
        """Whether the first source is the expected document."""
        first = self.given.citations[:1]
        return self.is_answered and any(
            self.expected.is_document(one.uri, one.title) for one in first
        )

    @property
    def is_right(self) -> bool:
        """Whether it says what is expected and names the document among its sources."""
        named = (self.expected.is_document(one.uri, one.title) for one in self.given.citations)
        return self.is_answered and any(named) and self.expected.is_said_in(self.given.text)

    def as_json(self) -> dict[str, Any]:
        """Question and answer as plain data."""
        right = self.is_right if self.expected.is_answerable else self.is_refusal
        return {**self.given.as_json(), "expected": self.expected.document, "right": right}

    def as_line(self) -> str:
        """What went wrong, in a line."""
        sources = ", ".join(one.title for one in self.given.citations) or "no source"
        said = " ".join(self.given.text.split())[:160] or self.given.status
        return f"  {self.expected.question} -> {said} ({sources})"


@dataclass(slots=True)
class Measured:
    """The judged answers of one model to one file of questions."""

    model: str
    name: str
    answers: list[Judged] = field(default_factory=list)

    def figures(self) -> list[Figure]:
        """The shares, with budgets for the built-in model; a model of others has none."""
        alone = [one for one in self.answers if one.expected.is_answerable]
        first = [one for one in alone if not one.expected.follows]
        further = [one for one in alone if one.expected.follows]
        unanswerable = [one for one in self.answers if not one.expected.is_answerable]
        cited = [cited.supported for one in self.answers for cited in one.given.citations]
        return [
            self.figure("answered", (one.is_answered for one in first), ANSWERED_BUDGET),
            self.figure("right document first", (one.is_right_document for one in first)),
            self.figure("right answer", (one.is_right for one in first)),
            self.figure("right answer to follow-ups", (one.is_right for one in further)),
            self.figure(
                "refused of the unanswerable",
                (one.is_refusal for one in unanswerable),
                REFUSED_BUDGET,
            ),
            self.figure("citations that hold their sentences", cited, SUPPORTED_BUDGET),
            Figure(f"{self.label}, seconds of an answer, median", self.seconds, "s"),
        ]

    @property
    def label(self) -> str:
        """What the figures are about."""
        return f"{self.model}, {self.name}"

    @property
    def seconds(self) -> float:
        """How long half of the answers took at most."""
        return statistics.median(one.given.seconds for one in self.answers)

    def figure(self, name: str, held: Iterable[bool], budget: float | None = None) -> Figure:
        """A share and of how many it is; 1 of none."""
        values = list(held)
        share = sum(values) / len(values) if values else 1.0
        whole = f"{self.label}: {name} (of {len(values)})"
        if budget is None or self.model != QUOTE:
            return Figure(whole, share, "")
        return at_least(whole, share, "", budget)

    def failures(self) -> list[Judged]:
        """The answers that are not as expected."""
        return [
            one
            for one in self.answers
            if not (one.is_right if one.expected.is_answerable else one.is_refusal)
        ]


def run(models: Sequence[str], files: Sequence[Path] = (GOLDEN, HELD_OUT)) -> Report:
    """Measure a scratch installation that has ingested the library of these questions."""
    asked = [(path, read_questions(path)) for path in files]
    with running_product() as product:
        user = product.environment["ADMIN_USERNAME"]
        run_command(product.environment, "ingest", str(LIBRARY), "--user", user, "--recursive")
        measured = []
        for model in models:
            for path, expected in asked:
                program = REPORT.format(
                    conversations=conversations_of(expected), model=model, user=user
                )
                printed = run_command(product.environment, "shell", "-v0", "-c", program)
                rows = orjson.loads(printed.splitlines()[-1])
                answers = [[Given.from_json(row) for row in given] for given in rows]
                measured.append(judged(model, path.stem, expected, answers))
    return report_of(measured)


def evaluate(models: Sequence[str], path: Path, *, actor: User) -> Report:
    """Measure the models on documents that the actor has ingested already.

    The conversations are the actor's and are left to them.
    """
    expected = read_questions(path)
    measured = [
        judged(
            model,
            path.stem,
            expected,
            ask_all(conversations_of(expected), model=model, user=actor),
        )
        for model in models
    ]
    return report_of(measured)


def print_answers(conversations: list[list[str]], model: str, username: str) -> None:
    """Print the answers as the last line; runs inside the scratch installation."""
    from accounts.models import User

    user = User.objects.get(username=username)
    found = ask_all(conversations, model=model, user=user)
    rows = [[given.as_json() for given in answers] for answers in found]
    print(orjson.dumps(rows).decode())  # noqa: T201 -- read by who started the process


def conversations_of(expected: Sequence[Expected]) -> list[list[str]]:
    """Each question in a conversation of its own, behind those that it follows."""
    before = {one.question: one.follows for one in expected}
    return [chain_of(one.question, before) for one in expected]


def chain_of(question: str, before: dict[str, str]) -> list[str]:
    """A question behind those that it follows; a circle ends where it began."""
    chain = [question]
    while (earlier := before.get(chain[0])) and earlier not in chain:
        chain.insert(0, earlier)
    return chain


def judged(
    model: str, name: str, expected: Sequence[Expected], answers: Sequence[Sequence[Given]]
) -> Measured:
    """The last answer of each conversation beside what was expected."""
    pairs = zip(expected, answers, strict=True)
    return Measured(model, name, [Judged(one, given[-1]) for one, given in pairs])


def report_of(measured: Sequence[Measured]) -> Report:
    """The figures, and every answer that is not as expected."""
    figures = [figure for each in measured for figure in each.figures()]
    notes = [
        line
        for each in measured
        for line in (
            f"{each.label}, not as expected:",
            *(one.as_line() for one in each.failures()),
        )
    ]
    answers = {each.label: [one.as_json() for one in each.answers] for each in measured}
    return Report(figures, details={"answers": answers}, notes=notes)
