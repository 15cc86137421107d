"""`manage.py reembed`: another embedding model for the whole library, from first to last."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from documents import services
from documents.embedding import configured_model, prompts_for
from documents.embedding.openai import native_dimensions
from documents.encoder.known import MODELS
from documents.enums import ModelState, Provider
from documents.evaluation import (
    FIGURES,
    go_on_with,
    latest_comparison,
    models_to_compare,
    start_evaluation,
    switch_model,
)
from documents.management.commands.embedding_models import model_called
from documents.management.commands.eval_retrieval import searcher_of
from documents.models import EmbeddingModel, GoldenQuestion
from youworker.core.commands import INTERRUPTED
from youworker.core.evaluations import EvaluationStatus
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from documents.evaluation import Comparison

# Seconds between two looks at what is left.
LOOK_SECONDS = 1.0
# Seconds without progress after which this process works, too: maybe no worker runs.
IDLE_SECONDS = 5.0
SLICE_SECONDS = 5.0


class Command(BaseCommand):
    """Beside running workers, or alone; what was done stays done, whoever is ended."""

    help = (
        "Embed the whole library by another model while search and uploads go on, compare both on"
        " the golden questions, and switch. Started again, it goes on where it was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("model", nargs="?", default="", help="the model's name, or its id")
        parser.add_argument(
            "--provider", choices=Provider.values, help="who computes its vectors, of a new model"
        )
        parser.add_argument("--dimensions", type=int, help="else as many as its server gives")
        parser.add_argument("--query-prompt", default="", help="what it wants before a question")
        parser.add_argument("--passage-prompt", default="", help="what it wants before a passage")
        parser.add_argument("--user", help="with whose rights the golden questions are asked")
        act = parser.add_mutually_exclusive_group()
        act.add_argument("--activate", action="store_true", help="switch when it is complete")
        act.add_argument("--rollback", action="store_true", help="go back to the previous model")
        act.add_argument("--drop", action="store_true", help="remove the model and its vectors")
        parser.add_argument(
            "--although-worse", action="store_true", help="switch even if it finds less"
        )

    def handle(self, *, model: str, rollback: bool, drop: bool, **options: Any) -> None:
        try:
            if rollback:
                self.roll_back(model)
            elif not model:
                raise CommandError("Name the model.")
            elif drop:
                self.drop(model)
            else:
                self.reembed(model, options)
        except DomainError as error:
            raise CommandError(error.message) from error
        except KeyboardInterrupt:
            self.stdout.write("\nThe workers go on; start this again to see how far they are.")
            sys.exit(INTERRUPTED)

    def roll_back(self, name: str) -> None:
        """Go back to the model before, or to the one that is named."""
        if name:
            model = model_called(name)
            services.activate_model(model)
        else:
            model = services.roll_back_model()
        self.stdout.write(f"{model} answers searches again.")

    def drop(self, name: str) -> None:
        """Remove a model with its vectors and its index."""
        model = model_called(name)
        services.drop_model(model)
        services.settle_models()
        self.stdout.write(f"{model} is dropped.")

    def reembed(self, name: str, options: dict[str, Any]) -> None:
        """Prepare a model, wait for its vectors, compare it, and switch if that is wanted."""
        model = prepared_model(name, options)
        if model.active:
            self.stdout.write(f"{model} answers searches already; what it lacks is queued.")
        self.wait_for(model)
        self.stdout.write(f"{model} has all vectors.")
        if model.active:
            return
        found = self.compare(model, options["user"])
        is_worse = found is not None and found.is_worse
        if options["activate"] or self.confirms(model, is_worse=is_worse):
            # Whoever answered the question has seen the table.
            seen = options["although_worse"] or not options["activate"]
            switch_model(model, although_worse=seen)
            self.stdout.write(f"{model} answers searches now. --rollback is the way back.")
        else:
            self.stdout.write("Nothing is switched: --activate does that.")

    def wait_for(self, model: EmbeddingModel) -> None:
        """Wait until a model has all vectors; raises `CommandError` for what it cannot embed."""
        last, since, error = (-1, -1), time.monotonic(), ""
        while True:
            row = EmbeddingModel.objects.with_progress().filter(pk=model.pk).first()
            if row is None or row.state == ModelState.DROPPING:
                raise CommandError(f"{model} was dropped meanwhile.")
            if row.error and row.error != error:
                error = row.error
                self.stdout.write(f"{error} It is tried again.")
            left = (row.documents_left, row.passages_left)
            if row.state == ModelState.ENABLED and not row.documents_left:
                return
            if row.documents_left and row.documents_left == row.documents_failed:
                raise CommandError(f"{row.documents_failed} documents cannot be embedded.")
            if left != last:
                last, since = left, time.monotonic()
                self.stdout.write(f"{left[0]} documents left ({left[1]} passages)")
                self.stdout.flush()
            if time.monotonic() - since >= IDLE_SECONDS:
                work_along()
            time.sleep(LOOK_SECONDS)

    def compare(self, model: EmbeddingModel, user: str | None) -> Comparison | None:
        """Ask both models the golden questions, and print what they found; none without any."""
        if not GoldenQuestion.objects.searchable().exists():
            self.stdout.write("There are no golden questions to compare the models on.")
            return None
        searcher = searcher_of(user, None)
        for one in models_to_compare(model):
            # Each is leased when its turn comes: nobody renews the lease of one that waits.
            run = start_evaluation(model=one, searcher=searcher, held=True)
            go_on_with(run)
            if run.status != EvaluationStatus.DONE:
                raise CommandError(run.error or "Another process goes on with the evaluation.")
        found = latest_comparison(model)
        if found is not None:
            for line in comparison_lines(found):
                self.stdout.write(line)
        return found

    def confirms(self, model: EmbeddingModel, *, is_worse: bool) -> bool:
        """Whether somebody at a terminal wants the switch."""
        if not sys.stdin.isatty():
            return False
        warning = " although it finds less" if is_worse else ""
        answer = input(f"Let {model} answer searches{warning}? [y/N] ")
        return answer.strip().lower() in {"y", "yes"}


def prepared_model(name: str, options: dict[str, Any]) -> EmbeddingModel:
    """The model that is meant, new or there already, with all it lacks queued."""
    dimensions, provider = options["dimensions"], options["provider"]
    rows = EmbeddingModel.objects.exclude(state=ModelState.DROPPING)
    known = [row for row in rows if name in (row.name, str(row.pk))]
    if dimensions:
        known = [row for row in known if row.dimensions == dimensions]
    if known and not (options["query_prompt"] or options["passage_prompt"]):
        model = model_called(name) if len(known) > 1 else known[0]
        services.complete_model(model)
    else:
        provider = provider or provider_of(name)
        model = services.prepare_model(
            provider,
            name,
            dimensions or dimensions_of(provider, name),
            prompts=prompts_for(
                name, query=options["query_prompt"], passage=options["passage_prompt"]
            ),
        )
    services.settle_models()
    model.refresh_from_db()
    return model


def provider_of(name: str) -> Provider:
    """Who computes a model's vectors: what comes with the project is local."""
    return Provider.LOCAL if name in MODELS else Provider.OPENAI


def dimensions_of(provider: str, name: str) -> int:
    """How long a model's vectors are: as is known, as the settings say, or as its server does."""
    if provider == Provider.LOCAL:
        return MODELS[name].dimensions if name in MODELS else 0
    configured = configured_model()
    return configured[2] if configured[:2] == (provider, name) else native_dimensions(name)


def work_along() -> None:
    """Do for some seconds what a worker does."""
    until = time.monotonic() + SLICE_SECONDS
    services.settle_models()
    while time.monotonic() < until and services.embed_next(until=until) is not None:
        pass


def comparison_lines(found: Comparison) -> list[str]:
    """Both models' figures as a table."""
    head = f"{'':<40}" + "".join(f"{column:>11}" for column in FIGURES[1:])
    lines = [f"{found.active.total} golden questions", head]
    for run in (found.active, found.other):
        cells = "".join(f"{run.figures[column]:>11.4f}" for column in FIGURES[1:])
        lines.append(f"{run.model_name:<40}{cells}")
    return lines
