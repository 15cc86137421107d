"""`manage.py golden_questions`: questions with known answers, as a table in and out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from documents import services
from documents.golden_csv import COLUMNS, MOST_BYTES, read_table, write_table
from documents.models import GoldenQuestion
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from argparse import ArgumentParser

STANDARD = "-"


class Command(BaseCommand):
    help = (
        "Import or export questions whose right documents are known, as CSV, or list them."
        f" Columns: {', '.join(COLUMNS)};"
        " several addresses or ids are separated by |, and an address may be the end of one,"
        " or have * for anything. What an answer has to say stands in lines; follows is the"
        " question before it, and unanswerable says yes where no document knows."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=("import", "export", "list"), help="what is done")
        parser.add_argument(
            "file", nargs="?", default=STANDARD, help="the table; - is standard input or output"
        )
        parser.add_argument(
            "--collection", help="name or id; import: of rows that name none; else: only its own"
        )
        parser.add_argument("--user", help="import: who made the questions")

    def handle(self, *, act: str, file: str, **options: Any) -> None:
        acts = {"import": self.import_table, "export": self.export_table, "list": self.list}
        try:
            acts[act](file, options)
        except DomainError as error:
            raise CommandError(error.message) from error
        except BrokenPipeError:  # The reader of our output left, which is no trouble with a file.
            raise
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error

    def import_table(self, file: str, options: dict[str, Any]) -> None:
        """Add the questions of a table."""
        collection = (
            services.named_collection(options["collection"]) if options["collection"] else None
        )
        content = read_at_most(file)
        added, changed = services.import_questions(
            read_table(content), collection=collection, actor=user_called(options["user"])
        )
        self.stdout.write(f"{added} questions added, {changed} brought up to date.")

    def export_table(self, file: str, options: dict[str, Any]) -> None:
        """Write the questions as a table."""
        table = write_table(services.table_of(chosen(options)))
        if file == STANDARD:
            self.stdout.write(table, ending="")
        else:
            Path(file).write_text(table, encoding="utf-8", newline="")

    def list(self, file: str, options: dict[str, Any]) -> None:
        """Print one line for each question."""
        for row in chosen(options):
            right = [*row.addresses, *map(str, row.document_ids)] or ["nobody knows"]
            self.stdout.write(f"{row.question} -> {', '.join(right)}")


def read_at_most(file: str) -> bytes:
    """The content of a file or of standard input, as far as a table may go."""
    if file == STANDARD:
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    with Path(file).open("rb") as stream:
        return stream.read(MOST_BYTES + 1)


def chosen(options: dict[str, Any]) -> Any:
    """The questions that are meant, oldest first."""
    name = options["collection"]
    collection = services.named_collection(name) if name else None
    return GoldenQuestion.objects.about(collection).oldest_first()


def user_called(name: str | None) -> User | None:
    """The user of this name; raises `CommandError`."""
    if not name:
        return None
    found = User.objects.filter(username=name, is_active=True).first()
    if found is None:
        raise CommandError(f"There is no active user {name!r}.")
    return found
