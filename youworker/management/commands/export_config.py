"""`manage.py export_config`: what staff set by hand, as a file for another installation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from youworker.configuration.exporting import as_yaml, configuration_here
from youworker.core.files import write_private
from youworker.encryption.keyring import require_keys

if TYPE_CHECKING:
    from argparse import ArgumentParser

STANDARD = "-"


class Command(BaseCommand):
    help = (
        "Write groups, shared collections, model servers, tool servers with their policies, quotas"
        " and the system prompt as YAML, without any secret, for apply_config."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", nargs="?", default=STANDARD, help="the file; - is standard output (default)"
        )
        parser.add_argument("--without-members", action="store_true", help="leave people out")
        parser.add_argument("--json", action="store_true", help="JSON, which is YAML as well")

    def handle(self, *, file: str, without_members: bool, **options: Any) -> None:
        require_keys()
        found = configuration_here(with_members=not without_members)
        text = json.dumps(found, indent=2) + "\n" if options["json"] else as_yaml(found)
        if file == STANDARD:
            self.stdout.write(text, ending="")
        else:
            write_private(Path(file), text)
