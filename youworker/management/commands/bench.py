"""Measure the product against its budgets."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from youworker.tests.bench import Figure, Report, machine

GENERATED_FILES = 300
WHAT = (
    *("start", "chat", "question", "ingest", "search", "retrieval", "answers"),
    *("soak", "streams", "web", "leaks", "overload", "faults"),
)

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = (
        "Measure a start, streams, questions, ingestion, search, answers, rights, a mixed load,"
        " an overload, faults or pages."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=WHAT, help="what is measured")
        parser.add_argument("--json", type=Path, help="also write the figures to this file")
        parser.add_argument("--streams", type=int, default=200, help="chat: paced streams")
        parser.add_argument("--path", type=Path, help="ingest: a folder of HTML files")
        parser.add_argument("--passages", type=int, default=100_000, help="search: how many")
        parser.add_argument(
            "--questions",
            type=Path,
            help="retrieval: questions, tab, pages; answers: also a pattern, the question before",
        )
        parser.add_argument("--user", help="retrieval, answers: whose documents are searched")
        parser.add_argument("--models", default="quote", help="answers: names, with commas")
        parser.add_argument(
            "--minutes", type=float, help="soak, streams: length of the load; web: of answers"
        )

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        try:
            outcome = getattr(self, what)(options)
        except (RuntimeError, ValueError) as error:
            raise CommandError(str(error)) from error
        report = outcome if isinstance(outcome, Report) else Report(outcome)
        described = machine()
        self.stdout.write(", ".join(f"{name} {value}" for name, value in described.items()))
        for line in [*(figure.as_line() for figure in report.figures), *report.notes]:
            self.stdout.write(line)
        if options["json"]:
            text = json.dumps({"machine": described, **report.as_json()}, indent=2)
            options["json"].write_text(text + "\n")
        if report.reasons:
            raise CommandError("\n".join(report.reasons))

    def start(self, options: dict[str, Any]) -> list[Figure]:
        """A start, the memory of its processes, and what is done for the first time."""
        from youworker.tests.bench import start

        return start.run()

    def chat(self, options: dict[str, Any]) -> list[Figure]:
        """Streams."""
        from youworker.tests.bench import chat

        return chat.run(options["streams"])

    def question(self, options: dict[str, Any]) -> list[Figure]:
        """What one question costs the server."""
        from youworker.tests.bench import question

        return question.run()

    def ingest(self, options: dict[str, Any]) -> list[Figure]:
        """The way of files from the upload to search."""
        from youworker.tests.bench import ingest
        from youworker.tests.bench.product import running_product

        with tempfile.TemporaryDirectory() as folder, running_product() as product:
            given = sorted(options["path"].rglob("*.html")) if options["path"] else None
            files = given or ingest.generate(Path(folder), GENERATED_FILES)
            return ingest.run(product.base_url, product.api_key, files)

    def search(self, options: dict[str, Any]) -> list[Figure]:
        """Latency of search over many passages, in rows that are removed afterwards."""
        from youworker.tests.bench import search

        return search.run(options["passages"])

    def retrieval(self, options: dict[str, Any]) -> list[Figure]:
        """How often the right document is found."""
        from youworker.tests.bench import search

        if not options["questions"] or not options["user"]:
            raise CommandError("retrieval needs --questions and --user")
        return search.evaluate(options["questions"], actor=user_called(options["user"]))

    def answers(self, options: dict[str, Any]) -> Report:
        """Whether answers are right, hold, and are refused where there is none."""
        from youworker.tests.bench import answers

        models = [name.strip() for name in options["models"].split(",") if name.strip()]
        questions, user = options["questions"], options["user"]
        if not models or (questions is None) != (user is None):
            raise CommandError("answers needs --models, and --questions and --user both or neither")
        if user is None:
            return answers.run(models)
        return answers.evaluate(models, questions, actor=user_called(user))

    def leaks(self, options: dict[str, Any]) -> Report:
        """Whether anybody is shown what is not theirs, in rows that are removed afterwards."""
        from youworker.tests.bench import leaks

        return leaks.run()

    def overload(self, options: dict[str, Any]) -> Report:
        """Four times as many answers as a model server makes at a time."""
        from youworker.tests.bench import overload

        return overload.run()

    def faults(self, options: dict[str, Any]) -> Report:
        """Every fault of a model's server and of a tool server, one after the other."""
        from youworker.tests.bench.faults import running

        return running.run()

    def soak(self, options: dict[str, Any]) -> Report:
        """A mixed load, and whether anything is lost or grows under it."""
        from youworker.tests.bench.soak import running

        return running.run(minutes_or(options["minutes"], 2.0))

    def streams(self, options: dict[str, Any]) -> Report:
        """Readers by every door, who leave, come back and stop."""
        from youworker.tests.bench.streams import running

        return running.run(minutes_or(options["minutes"], 5.0))

    def web(self, options: dict[str, Any]) -> list[Figure]:
        """Pages in a browser."""
        from youworker.tests.bench import web

        return web.run(minutes_or(options["minutes"], 1.0))


def user_called(name: str) -> User:
    """The user of this name; raises `CommandError` when there is none."""
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"There is no user {name!r}.")
    return user


def minutes_or(given: float | None, otherwise: float) -> float:
    """The length that was asked for, which may be one that is refused."""
    return otherwise if given is None else given
