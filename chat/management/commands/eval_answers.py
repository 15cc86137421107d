"""`manage.py eval_answers`: how well a model answers golden questions, with their sources."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from chat.evaluation.judging import SHARES
from chat.evaluation.runs import (
    changes_between,
    go_on_with,
    is_expected,
    start_evaluation,
)
from chat.llm.endpoints import refresh_endpoints
from documents import services as documents
from documents.management.commands.eval_retrieval import searcher_of
from youworker.core.commands import share, tell_progress
from youworker.core.evaluations import EvaluationStatus, previous_evaluation
from youworker.core.exceptions import DomainError
from youworker.encryption.keyring import require_keys

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from chat.models import AnswerEvaluation, JudgedAnswer

# Characters of an answer that is not as expected.
MOST_SHOWN = 160


class Command(BaseCommand):
    help = (
        "Ask a model the golden questions by whole answers, with somebody's rights, and keep how"
        " many are right. Conversations are not kept. Ends with 1 when --min-right is missed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--model", default="", help="else the default model")
        parser.add_argument("--collection", help="only the questions about it; its name or id")
        parser.add_argument(
            "--user",
            help="with whose rights; else with those of the collection's owner, or of the first"
            " superuser",
        )
        parser.add_argument(
            "--min-right",
            type=share,
            help="the least share of answers as expected that is good enough, between 0 and 1",
        )
        parser.add_argument("--json", action="store_true", help="the figures, as one JSON object")

    def handle(self, *, model: str, min_right: float | None, **options: Any) -> None:
        require_keys()
        refresh_endpoints()
        try:
            run = self.evaluate(model, options)
        except DomainError as error:
            raise CommandError(error.message) from error
        if run.status == EvaluationStatus.FAILED:
            raise CommandError(run.error)
        if run.status != EvaluationStatus.DONE:
            raise CommandError("People need the model now: the workers go on with this later.")
        if options["json"]:
            self.stdout.write(json.dumps(run.figures))
        else:
            self.tell(run)
        reached = run.figures["as_expected"]
        if min_right is not None and reached < min_right:
            raise CommandError(f"{reached:.4f} of the answers are as expected, not {min_right:g}.")

    def evaluate(self, model: str, options: dict[str, Any]) -> AnswerEvaluation:
        """Have all questions answered, and say how far it is."""
        name = options["collection"]
        collection = documents.named_collection(name) if name else None
        asker = searcher_of(options["user"], collection)
        run = start_evaluation(model=model, collection=collection, asker=asker, held=True)
        if not options["json"]:
            self.stdout.write(f"{run.total} questions as {asker.username}")
        go_on_with(run, tell=partial(tell_progress, self.stderr))
        return run

    def tell(self, run: AnswerEvaluation) -> None:
        """Print the figures, what is not as expected, and what changed."""
        for name in SHARES:
            if whole := run.figures[f"{name}_of"]:
                self.stdout.write(f"{name:<18}{run.figures[name]:>8.4f}  of {whole}")
        self.stdout.write(f"{'seconds, median':<18}{run.figures['seconds']:>8.2f}")
        for answer in run.answers.select_related("question").order_by("pk"):
            if not is_expected(answer):
                self.stdout.write(line_of(answer))
        before = previous_evaluation(run)
        if before is None:
            return
        change = run.figures["as_expected"] - before.figures["as_expected"]
        self.stdout.write(f"as expected {change:+.4f} since {before.created_at:%Y-%m-%d %H:%M}")
        for one in changes_between(before, run):
            moved = f"{one.before.verdict} -> {one.now.verdict}"
            self.stdout.write(f"  {'worse' if one.is_worse else 'better'}: {moved}  {one.question}")


def line_of(answer: JudgedAnswer) -> str:
    """What went wrong, in a line."""
    sources = ", ".join(one["title"] for one in answer.sources) or "no source"
    said = " ".join(answer.text.split())[:MOST_SHOWN] or "nothing"
    return f"  {answer.verdict}: {answer.question} -> {said} ({sources})"
