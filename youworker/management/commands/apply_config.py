"""`manage.py apply_config FILE`: brings this installation to what a file says."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from mcp.services import sync_builtin_servers
from youworker.configuration.applying import apply_configuration
from youworker.configuration.exceptions import InvalidConfiguration
from youworker.configuration.reading import LARGEST_FILE, read_written
from youworker.configuration.shapes import checked
from youworker.encryption.keyring import require_keys

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from youworker.configuration.plan import Plan

STANDARD = "-"
INVALID, WOULD_CHANGE, INCOMPLETE = 2, 3, 4


class Command(BaseCommand):
    help = (
        "Bring this installation to what a file of export_config says, all of it or nothing, and"
        " print what changes. Ends with 0 when it is as the file says, 2 when the file is refused,"
        " 3 with --plan when something would change, 4 when parts had to be left out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the file; - is standard input")
        ways = parser.add_mutually_exclusive_group()
        ways.add_argument("--dry-run", action="store_true", help="only print what would change")
        ways.add_argument(
            "--plan", action="store_true", help="the same, and end with 3 when there is something"
        )
        parser.add_argument(
            "--prune",
            action="store_true",
            help="delete what the parts of the file do not name; never collections",
        )
        parser.add_argument(
            "--user", help="admin of groups without another; else the first superuser"
        )
        parser.add_argument("--json", action="store_true", help="the plan as one JSON object")

    def handle(self, *, file: str, dry_run: bool, plan: bool, **options: Any) -> None:
        is_trial = dry_run or plan
        try:
            written = read_written(read_at_most(file))
            wanted = checked(written)
            require_keys()
            sync_builtin_servers()
            done = apply_configuration(
                wanted,
                written,
                founder=founder_called(options["user"]),
                prune=options["prune"],
                dry_run=is_trial,
            )
        except InvalidConfiguration as error:
            if options["json"]:
                self.stdout.write(json.dumps({"ok": False, "faults": error.faults}))
            raise CommandError(error.message, returncode=INVALID) from error
        self.tell(done, is_trial=is_trial, as_json=options["json"])
        if plan and done.steps:
            sys.exit(WOULD_CHANGE)
        if done.left_out:
            sys.exit(INCOMPLETE)

    def tell(self, done: Plan, *, is_trial: bool, as_json: bool) -> None:
        """Print what changed, or would."""
        if as_json:
            said = {"ok": not done.left_out, "applied": not is_trial, **done.as_json()}
            self.stdout.write(json.dumps(said, indent=2))
            return
        for line in done.as_lines():
            self.stdout.write(line)
        for line in done.left_out:
            self.stderr.write(f"left out: {line}")
        self.stdout.write(summary_of(done, is_trial=is_trial))


def summary_of(done: Plan, *, is_trial: bool) -> str:
    """What happened, in a line."""
    if not done.steps:
        return f"Nothing to change: {done.unchanged} are as the file says."
    acts = Counter(step.act for step in done.steps)
    told = f"{acts['create']} created, {acts['change']} changed, {acts['delete']} deleted"
    return f"{'Would be: ' if is_trial else ''}{told}, {done.unchanged} unchanged"


def read_at_most(file: str) -> bytes:
    """The content of a file or of standard input, as far as a configuration may go."""
    if file == STANDARD:
        return sys.stdin.buffer.read(LARGEST_FILE + 1)
    with Path(file).open("rb") as stream:
        return stream.read(LARGEST_FILE + 1)


def founder_called(name: str | None) -> User:
    """Who manages groups that nobody else can; raises `CommandError`."""
    rows = User.objects.humans().filter(is_active=True)
    found = rows.filter(username=name).first() if name else User.objects.superuser()
    if found is None:
        raise CommandError(
            f"There is no active user {name!r}."
            if name
            else "There is no superuser yet: run manage.py createsuperuser first."
        )
    return found
