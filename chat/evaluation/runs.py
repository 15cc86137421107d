"""Evaluations of answers, carried on by workers or by a command."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction

from chat.evaluation.asking import hold_conversation
from chat.evaluation.golden import expectation_of
from chat.evaluation.judging import (
    Judged,
    chain_of,
    is_as_expected,
    median_seconds,
    shares_of,
    value_of,
)
from chat.exceptions import NoRoom
from chat.llm.endpoints import refresh_endpoints
from chat.models import AnswerEvaluation, JudgedAnswer
from chat.services.chosen_models import check_model
from chat.services.model_checks import run_apart
from documents.exceptions import NothingToEvaluate
from documents.models import GoldenQuestion
from youworker.core.evaluations import OPEN, ask_each, begin, go_on, keep_result

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.models import User
    from chat.evaluation.golden import GoldenExpectation
    from chat.evaluation.judging import Given
    from documents.models import Collection

# The task that goes on with evaluations; the schedule makes up for a broker that is away.
EVALUATE = "chat.tasks.evaluate_answers"


@dataclass(frozen=True, slots=True)
class Change:
    """A question whose answer is judged otherwise than in the evaluation before."""

    question: str
    before: JudgedAnswer
    now: JudgedAnswer

    @property
    def is_worse(self) -> bool:
        """Whether it was as expected and is no more."""
        return is_expected(self.before) and not is_expected(self.now)


def start_evaluation(
    *, model: str = "", collection: Collection | None = None, asker: User, held: bool = False
) -> AnswerEvaluation:
    """Queue the golden questions to be answered by a model, with the rights of `asker`.

    `held`: the caller goes on with it now (`go_on_with`). Raises `NothingToEvaluate`, and
    `UnknownModel` for a name that no server has.
    """
    check_model(model)
    return create_evaluation(model, collection, asker, held=held)


@transaction.atomic
def create_evaluation(
    model: str, collection: Collection | None, asker: User, *, held: bool
) -> AnswerEvaluation:
    """Write an evaluation that is to be carried out."""
    total = GoldenQuestion.objects.about(collection).count()
    if not total:
        raise NothingToEvaluate("There are no golden questions to ask.")
    run = AnswerEvaluation.objects.create(
        model=model, collection=collection, asker=asker, total=total
    )
    begin(run, EVALUATE, held=held)
    return run


def evaluate_next(*, until: float) -> bool:
    """Go on with the evaluation whose turn it is till `until` (monotonic).

    False when there is none, or when it was put down because people need the model.
    """
    run = AnswerEvaluation.objects.claim()
    if run is not None:
        # No loop of a worker's reads the servers that staff added.
        refresh_endpoints()
        go_on_with(run, until=until)
    return run is not None and run.status not in OPEN


def go_on_with(
    run: AnswerEvaluation,
    *,
    until: float = float("inf"),
    tell: Callable[[int, int], None] | None = None,
) -> None:
    """Ask what a leased evaluation has not asked yet, and end it, or give it back at `until`.

    `tell` is called with how many were answered, and of how many.
    """
    go_on(run, partial(ask_all, run, until, tell), partial(figures_in, run))


def ask_all(run: AnswerEvaluation, until: float, tell: Callable[[int, int], None] | None) -> bool:
    """Ask what was not asked yet; false when it was put down, or somebody else has it."""
    rows = GoldenQuestion.objects.about(run.collection).select_related("collection")
    questions = list(rows.order_by("pk"))
    before = {one.question: one.follows for one in questions}
    answered = set(run.answers.values_list("question_id", flat=True))
    left = [one for one in questions if one.pk not in answered]
    ask = partial(ask_and_keep, run, before)
    return ask_each(run, left, ask, until=until, tell=tell)


def ask_and_keep(run: AnswerEvaluation, before: dict[str, str], question: GoldenQuestion) -> bool:
    """Have one question answered behind those that it follows.

    False while people need the model, and when the evaluation is not the caller's any more.
    """
    expected = expectation_of(question, run.asker)
    # Another collection may have the same question behind another one.
    chain = chain_of(question.question, before | {question.question: question.follows})
    asked = hold_conversation(
        chain, model=run.model, collection=question.collection, actor=run.asker
    )
    try:
        given = run_apart(asked)[-1]
    except NoRoom:
        return False
    return keep_answer(run, question, Judged(expected, given))


def keep_answer(
    run: AnswerEvaluation, question: GoldenQuestion, judged: Judged[GoldenExpectation]
) -> bool:
    """Write one answer; false when the evaluation is not the caller's any more."""
    row = JudgedAnswer(
        run=run,
        question=question,
        kind=judged.kind,
        verdict=judged.verdict,
        text=judged.given.text,
        sources=sources_of(judged.given),
        is_right_document=judged.is_right_document,
        cited=judged.cited,
        supported=judged.supported,
        seconds=judged.seconds,
    )
    return keep_result(run, question, row)


def sources_of(given: Given) -> Any:
    """The citations of an answer as they are kept."""
    return [{"index": one.index, "title": one.title, "quote": one.quote} for one in given.citations]


def figures_in(run: AnswerEvaluation) -> dict[str, float]:
    """The figures of an evaluation that has asked everything, and of how many each is."""
    answers = list(run.answers.without_texts())
    shares = shares_of(answers)
    return {
        "questions": len(answers),
        **{name: value_of(share) for name, share in shares.items()},
        **{f"{name}_of": share.whole for name, share in shares.items()},
        "seconds": median_seconds(answers),
    }


def changes_between(before: AnswerEvaluation, now: AnswerEvaluation) -> list[Change]:
    """The questions whose answers are judged otherwise, those that got worse first."""
    old = {row.question_id: row for row in before.answers.without_texts()}
    rows = now.answers.without_texts().select_related("question").order_by("pk")
    changes = [
        Change(row.question.question, old[row.question_id], row)
        for row in rows
        if row.question_id in old and is_expected(old[row.question_id]) != is_expected(row)
    ]
    return sorted(changes, key=lambda one: not one.is_worse)


def is_expected(answer: JudgedAnswer) -> bool:
    """Whether an answer is as its question wants it."""
    return is_as_expected(answer.kind, answer.verdict)
