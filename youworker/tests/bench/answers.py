"""Answers measured from the question to the stored citations, on questions with known answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from chat.evaluation.asking import hold_conversation
from chat.evaluation.judging import (
    Given,
    Judged,
    chain_of,
    is_as_expected,
    median_seconds,
    shares_of,
    value_of,
)
from chat.services.model_checks import run_apart
from youworker.tests.bench import Figure, Report, at_least
from youworker.tests.bench.answer_questions import GOLDEN, HELD_OUT, LIBRARY, read_questions
from youworker.tests.bench.product import run_command, running_product

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from accounts.models import User
    from chat.evaluation.judging import Share
    from youworker.tests.bench.answer_questions import Expected

QUOTE = "quote"
# What issue and tests ask of the built-in model.
REFUSED_BUDGET, SUPPORTED_BUDGET, ANSWERED_BUDGET = 0.95, 0.95, 0.90
# The names of shares, with their budgets.
FIGURES = {
    "answered": ("answered", ANSWERED_BUDGET),
    "right_document": ("right document first", None),
    "right": ("right answer", None),
    "right_follow_ups": ("right answer to follow-ups", None),
    "refused": ("refused of the unanswerable", REFUSED_BUDGET),
    "supported": ("citations that hold their sentences", SUPPORTED_BUDGET),
}
REPORT = (
    "from youworker.tests.bench.answers import print_answers;"
    " print_answers({conversations!r}, {model!r}, {user!r})"
)


@dataclass(slots=True)
class Measured:
    """The judged answers of one model to one file of questions."""

    model: str
    name: str
    answers: list[Judged[Expected]] = field(default_factory=list)

    def figures(self) -> list[Figure]:
        """The shares, with budgets for the built-in model; a model of others has none."""
        shares = shares_of(self.answers)
        seconds = median_seconds(self.answers)
        return [
            *(self.figure(shares[key], *said) for key, said in FIGURES.items()),
            Figure(f"{self.label}, seconds of an answer, median", seconds, "s"),
        ]

    @property
    def label(self) -> str:
        """What the figures are about."""
        return f"{self.model}, {self.name}"

    def figure(self, share: Share, name: str, budget: float | None) -> Figure:
        """A share and of how many it is; 1 of none."""
        value = value_of(share)
        whole = f"{self.label}: {name} (of {share.whole})"
        if budget is None or self.model != QUOTE:
            return Figure(whole, value, "")
        return at_least(whole, value, "", budget)

    def failures(self) -> list[Judged[Expected]]:
        """The answers that are not as expected."""
        return [one for one in self.answers if not is_as_expected(one.kind, one.verdict)]


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
    """Measure the models on documents that the actor has ingested already."""
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


def ask_all(conversations: Sequence[Sequence[str]], *, model: str, user: User) -> list[list[Given]]:
    """The answers to the questions of each conversation, one after the other."""
    return run_apart(hold_conversations(conversations, model, user))


async def hold_conversations(
    conversations: Sequence[Sequence[str]], model: str, user: User
) -> list[list[Given]]:
    """The same in this event loop."""
    return [await hold_conversation(each, model=model, actor=user) for each in conversations]


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
            *map(line_of, each.failures()),
        )
    ]
    answers = {each.label: list(map(json_of, each.answers)) for each in measured}
    return Report(figures, details={"answers": answers}, notes=notes)


def json_of(judged: Judged[Expected]) -> dict[str, Any]:
    """Question and answer as plain data."""
    right = is_as_expected(judged.kind, judged.verdict)
    return {**judged.given.as_json(), "expected": judged.expected.document, "right": right}


def line_of(judged: Judged[Expected]) -> str:
    """What went wrong, in a line."""
    given = judged.given
    sources = ", ".join(one.title for one in given.citations) or "no source"
    said = " ".join(given.text.split())[:160] or given.status
    return f"  {judged.expected.question} -> {said} ({sources})"
