"""Measure the product against its budgets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from youworker.bench import Figure, machine

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Measure streaming, ingestion or search, and compare with the budgets."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=("chat", "ingest", "search", "retrieval"))
        parser.add_argument("--json", type=Path, help="also write the figures to this file")
        parser.add_argument("--streams", type=int, default=100, help="chat: paced streams")
        parser.add_argument("--path", type=Path, help="ingest: a folder of HTML files")
        parser.add_argument("--passages", type=int, default=100_000, help="search: how many")
        parser.add_argument("--questions", type=Path, help="retrieval: questions, tab, pages")
        parser.add_argument("--user", help="retrieval: whose documents are searched")

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        try:
            figures = getattr(self, what)(options)
        except (RuntimeError, ValueError) as error:
            raise CommandError(str(error)) from error
        described = machine()
        self.stdout.write(", ".join(f"{name} {value}" for name, value in described.items()))
        for figure in figures:
            self.stdout.write(figure.as_line())
        if options["json"]:
            rows = [figure.as_json() for figure in figures]
            text = json.dumps({"machine": described, "figures": rows}, indent=2)
            options["json"].write_text(text + "\n")

    def chat(self, options: dict[str, Any]) -> list[Figure]:
        """Streams."""
        from youworker.bench import chat

        return chat.run(options["streams"])
