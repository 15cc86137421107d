"""`manage.py embedding_models`: a second embedding model, from its preparation to its removal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from documents import services
from documents.embedding import configured_model, prompts_for
from documents.enums import Provider
from documents.models import EmbeddingModel
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from argparse import ArgumentParser

ACTS = ("list", "prepare", "activate", "retry", "drop")


class Command(BaseCommand):
    """Works beside running workers, which compute the vectors."""

    help = (
        "List embedding models and what is left to be done; prepare another one beside the active"
        " one (by default the one of the settings), let it answer searches once it is complete,"
        " ask it again for what it failed at, or drop it with its vectors."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "act",
            nargs="?",
            choices=ACTS,
            default="list",
            help="what is done; else they are listed",
        )
        parser.add_argument("name", nargs="?", default="", help="the model's name, or its id")
        parser.add_argument(
            "--provider",
            choices=Provider.values,
            default=Provider.OPENAI,
            help="prepare: who computes its vectors",
        )
        parser.add_argument("--dimensions", type=int, help="prepare: numbers in one vector")
        parser.add_argument(
            "--query-prompt", default="", help="prepare: what it wants before a question"
        )
        parser.add_argument(
            "--passage-prompt", default="", help="prepare: what it wants before a passage"
        )
        parser.add_argument(
            "--incomplete", action="store_true", help="activate: although vectors are missing"
        )

    def handle(self, *, act: str, name: str, **options: Any) -> None:
        try:
            getattr(self, act)(name, options)
        except DomainError as error:
            raise CommandError(error.message) from error

    def list(self, name: str, options: dict[str, Any]) -> None:
        """Print one line for each model."""
        rows = EmbeddingModel.objects.with_progress().order_by("-active", "created_at")
        for model in rows.filter(name=name) if name else rows:
            self.stdout.write(line_of(model))

    def prepare(self, name: str, options: dict[str, Any]) -> None:
        """Make the index and the queue of a model."""
        provider, known, dimensions = configured_model()
        if name:
            provider, known = options["provider"], name
        prompts = prompts_for(
            known, query=options["query_prompt"], passage=options["passage_prompt"]
        )
        model = services.prepare_model(
            provider, known, options["dimensions"] or dimensions, prompts=prompts
        )
        services.settle_models()
        model.refresh_from_db()
        if model.error:
            raise CommandError(f"{model.error} It is tried again.")
        self.list(model.name, options)

    def activate(self, name: str, options: dict[str, Any]) -> None:
        """Let a model answer searches."""
        model = model_called(name)
        services.activate_model(model, allow_missing=options["incomplete"])
        self.stdout.write(f"{model} answers searches now.")

    def retry(self, name: str, options: dict[str, Any]) -> None:
        """End the pauses of a model."""
        model = model_called(name)
        count = services.retry_model(model)
        self.stdout.write(f"{model} is asked again; {count} documents had to wait.")

    def drop(self, name: str, options: dict[str, Any]) -> None:
        """Remove a model with its vectors and its index."""
        model = model_called(name)
        services.drop_model(model)
        services.settle_models()
        self.stdout.write(f"{model} is dropped.")


def model_called(name: str) -> EmbeddingModel:
    """The model of this name or id; raises `CommandError` unless there is exactly one."""
    found = [row for row in EmbeddingModel.objects.all() if name in (row.name, str(row.pk))]
    if len(found) == 1:
        return found[0]
    if not found:
        raise CommandError(f"There is no embedding model {name!r}.")
    ids = ", ".join(f"{row} is {row.pk}" for row in found)
    raise CommandError(f"Several models are called {name!r}; name one by its id: {ids}.")


def line_of(model: EmbeddingModel) -> str:
    """A model, and how far it is."""
    parts = ["active" if model.active else model.state]
    if model.documents_left:
        parts.append(f"{model.documents_left} documents left ({model.passages_left} passages)")
    else:
        parts.append("nothing left")
    if model.documents_failed:
        parts.append(f"{model.documents_failed} of them failed so far")
    if model.error:
        parts.append(model.error)
    if model.query_prompt or model.passage_prompt:
        parts.append(f"prompts {model.query_prompt!r} and {model.passage_prompt!r}")
    return f"{model}: {', '.join(parts)}"
