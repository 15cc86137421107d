"""Evaluations of answers, carried on by workers or by a command."""

from __future__ import annotations

import time
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
from youworker.core.effects import after_commit, queue_task
from youworker.core.evaluations import OPEN, go_on, is_held

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
    if held:
        AnswerEvaluation.objects.hold(run)
    else:
        after_commit(partial(queue_task, EVALUATE))
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
    questions = list(GoldenQuestion.objects.about(run.collection).order_by("pk"))
    before = {one.question: one.follows for one in questions}
    answered = set(run.answers.values_list("question_id", flat=True))
    left = [one for one in questions if one.pk not in answered]
    for number, question in enumerate(left, 1):
        expected = expectation_of(question, run.asker)
        try:
            judged = answer_to(run, expected, chain_of(question.question, before))
        except NoRoom:
            return False
        if not keep_answer(run, question, judged):
            return False
        if tell is not None:
            tell(len(answered) + number, run.total)
        if time.monotonic() > until and number < len(left):
            return False
    return True


def answer_to(
    run: AnswerEvaluation, expected: GoldenExpectation, chain: list[str]
) -> Judged[GoldenExpectation]:
    """The judged answer to the last question of a conversation."""
    asked = hold_conversation(
        chain, model=run.model, collection=expected.collection, actor=run.asker
    )
    return Judged(expected, run_apart(asked)[-1])


@transaction.atomic
def keep_answer(
    run: AnswerEvaluation, question: GoldenQuestion, judged: Judged[GoldenExpectation]
) -> bool:
    """Write one answer; false when the evaluation is not the caller's any more."""
    if not is_held(run):
        return False
    # One that was removed meanwhile counts no more, and must not refuse the others.
    if GoldenQuestion.objects.filter(pk=question.pk).select_for_update(no_key=True).exists():
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
        JudgedAnswer.objects.bulk_create([row], ignore_conflicts=True)
    return True


def sources_of(given: Given) -> Any:
    """The citations of an answer as they are kept."""
    return [{"index": one.index, "title": one.title, "quote": one.quote} for one in given.citations]


def figures_in(run: AnswerEvaluation) -> dict[str, float]:
    """The figures of an evaluation that has asked everything, and of how many each is."""
    answers = list(run.answers.all())
    shares = shares_of(answers)
    return {
        "questions": len(answers),
        **{name: value_of(share) for name, share in shares.items()},
        **{f"{name}_of": share.whole for name, share in shares.items()},
        "seconds": median_seconds(answers),
    }


def previous_evaluation(run: AnswerEvaluation) -> AnswerEvaluation | None:
    """The finished evaluation before it, of the same questions with the same rights."""
    found: AnswerEvaluation | None = AnswerEvaluation.objects.comparable_to(run).first()
    return found


def changes_between(before: AnswerEvaluation, now: AnswerEvaluation) -> list[Change]:
    """The questions whose answers are judged otherwise, those that got worse first."""
    old = {row.question_id: row for row in before.answers.all()}
    rows = now.answers.select_related("question").order_by("pk")
    changes = [
        Change(row.question.question, old[row.question_id], row)
        for row in rows
        if row.question_id in old and is_expected(old[row.question_id]) != is_expected(row)
    ]
    return sorted(changes, key=lambda one: not one.is_worse)


def is_expected(answer: JudgedAnswer) -> bool:
    """Whether an answer is as its question wants it."""
    return is_as_expected(answer.kind, answer.verdict)
