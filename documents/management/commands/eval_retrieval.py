"""`manage.py eval_retrieval`: how well searches find what golden questions ask for."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from documents import services
from documents.enums import SearchMode
from documents.evaluation import (
    FIGURES,
    changes_between,
    go_on_with,
    previous_evaluation,
    start_evaluation,
)
from documents.management.commands.embedding_models import model_called
from documents.management.commands.golden_questions import user_called
from youworker.core.commands import share, tell_progress
from youworker.core.evaluations import EvaluationStatus
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from documents.models import Collection, EvaluationRun

# Questions that are named in a list.
MOST_NAMED = 20


class Command(BaseCommand):
    help = (
        "Ask the golden questions by the real search, with somebody's rights, and keep the"
        " figures. Ends with 1 when --min-mrr is missed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--collection", help="only the questions about it; its name or id")
        which.add_argument("--all", action="store_true", help="all questions; the default")
        parser.add_argument("--model", help="name or id of an embedding model, else the active one")
        parser.add_argument(
            "--mode",
            choices=SearchMode.values,
            default=SearchMode.HYBRID,
            help="how it is searched",
        )
        parser.add_argument(
            "--user",
            help="with whose rights; else with those of the collection's owner, or of the first"
            " superuser",
        )
        parser.add_argument(
            "--min-mrr",
            type=share,
            help="the least MRR@10 that is good enough, between 0 and 1",
        )
        parser.add_argument("--json", action="store_true", help="the figures, as one JSON object")

    def handle(self, *, mode: str, min_mrr: float | None, **options: Any) -> None:
        try:
            run = self.evaluate(mode, options)
        except DomainError as error:
            raise CommandError(error.message) from error
        if run.status == EvaluationStatus.FAILED:
            raise CommandError(run.error)
        if run.status != EvaluationStatus.DONE:
            raise CommandError("Another process goes on with this evaluation.")
        if options["json"]:
            self.stdout.write(json.dumps(run.figures))
        else:
            self.tell(run)
        reached = run.figures["mrr@10"]
        if min_mrr is not None and reached < min_mrr:
            raise CommandError(f"MRR@10 is {reached:.4f}, less than {min_mrr:g}.")

    def evaluate(self, mode: str, options: dict[str, Any]) -> EvaluationRun:
        """Ask all questions, and say how far it is."""
        name = options["collection"]
        collection = services.named_collection(name) if name else None
        searcher = searcher_of(options["user"], collection)
        run = start_evaluation(
            mode=mode,
            model=model_called(options["model"]) if options["model"] else None,
            collection=collection,
            searcher=searcher,
            held=True,
        )
        if not options["json"]:
            self.stdout.write(f"{run}, {run.total} questions as {searcher.username}")
        go_on_with(run, tell=partial(tell_progress, self.stderr))
        return run

    def tell(self, run: EvaluationRun) -> None:
        """Print the figures and what became worse."""
        for line in table_lines(run.figures):
            self.stdout.write(line)
        if run.figures["unreachable"]:
            self.stdout.write(
                f"{run.figures['unreachable']} questions have no right document that may be read."
            )
        before = previous_evaluation(run)
        if before is None:
            return
        change = run.figures["mrr@10"] - before.figures["mrr@10"]
        self.stdout.write(f"MRR@10 {change:+.4f} since {before.created_at:%Y-%m-%d %H:%M}")
        worse = [one for one in changes_between(before, run) if one.is_worse]
        for one in worse[:MOST_NAMED]:
            self.stdout.write(f"  worse: {one.before} -> {one.now or '-'}  {one.question}")
        if len(worse) > MOST_NAMED:
            self.stdout.write(f"  and {len(worse) - MOST_NAMED} more")


def table_lines(figures: dict[str, Any]) -> list[str]:
    """The figures of all, of each language, and of those that cross languages."""
    rows = {
        "all": figures,
        "same language": figures["same_language"],
        "cross-language": figures["cross_language"],
        **figures["languages"],
    }
    head = f"{'':<16}" + "".join(f"{column:>11}" for column in FIGURES)
    lines = [head]
    for name, values in rows.items():
        if values["questions"]:
            cells = "".join(f"{values[column]:>11.4f}" for column in FIGURES[1:])
            lines.append(f"{name:<16}{values['questions']:>11}{cells}")
    return lines


def searcher_of(name: str | None, collection: Collection | None) -> User:
    """Whose rights count; raises `CommandError` when there is nobody."""
    found = user_called(name)
    if found is None and collection is not None:
        found = collection.owner
    if found is None:
        found = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if found is None:
        raise CommandError("Name by --user with whose rights to search.")
    return found
