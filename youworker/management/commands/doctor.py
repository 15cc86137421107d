"""`manage.py doctor`: what is wrong with the installation, and its repair."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from chat.llm.endpoints import refresh_endpoints
from youworker.appliance.health.examination import are_tables_readable, examine_parts, part_lines
from youworker.appliance.startup_checks import missing_parts
from youworker.doctor import GROUPS, Outcome, run_examination
from youworker.doctor.examination import PAUSE_SECONDS, SHOWN
from youworker.doctor.model_report import examine_models
from youworker.doctor.remedies import remedy_for

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = (
        "Look for what is wrong, while everybody works: without a group at everything, the parts"
        " of the installation included, each with what helps. Ends with 0 when all is well, with 1"
        " when something is wrong (and was not repaired); warnings and notes change nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name in GROUPS:
            parser.add_argument(f"--{name}", action="store_true", help=f"only the group {name}")
        parser.add_argument("--models", action="store_true", help="only the model servers")
        parser.add_argument(
            "--probe",
            action="store_true",
            help="with --models: ask the models small questions, which may load them",
        )
        parser.add_argument(
            "--model", action="append", default=[], help="with --probe: only this one; repeatable"
        )
        parser.add_argument("--fix", action="store_true", help="repair what can be repaired safely")
        parser.add_argument("--deep", action="store_true", help="read the bytes of all files, too")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
        parser.add_argument(
            "--pause",
            type=float,
            default=PAUSE_SECONDS,
            help="seconds between two looks at what seems wrong",
        )

    def handle(self, *, fix: bool, deep: bool, pause: float, **options: Any) -> None:
        if not options["models"] and (options["probe"] or options["model"]):
            raise CommandError("--probe and --model go with --models.")
        groups = [name for name in GROUPS if options[name]]
        is_readable = are_tables_readable()
        if is_readable:
            refresh_endpoints()
        if options["models"] and is_readable:
            self.examine_models(options)
            return
        # What reads the data says nothing of use while they cannot be read; the parts say why.
        is_whole = not groups and not options["models"]
        parts = examine_parts() if is_whole or not is_readable else {}
        notices = list(missing_parts()) if is_whole and is_readable else []
        checks = [check for name in groups or GROUPS for check in GROUPS[name]]
        if not options["json"]:
            self.tell_parts(parts, notices, is_readable=is_readable)
        outcomes = run_examination(
            checks if is_readable else [],
            deep=deep,
            fix=fix,
            pause=max(0.0, pause),
            tell=None if options["json"] else self.tell,
        )
        are_sound = [part["status"] == "ok" for part in parts.values()]
        is_sound = all([is_readable, *are_sound, *(outcome.is_sound for outcome in outcomes)])
        if options["json"]:
            found = [outcome.as_json() for outcome in outcomes]
            report: dict[str, Any] = {"ok": is_sound, "checks": found}
            report |= {"parts": parts, "notices": notices} if parts else {}
            self.stdout.write(json.dumps(report, indent=2, cls=DjangoJSONEncoder))
        if not is_sound:
            sys.exit(1)

    def examine_models(self, options: dict[str, Any]) -> None:
        """Look at the model servers only."""
        tell = None if options["json"] else self.stdout.write
        names = options["model"]
        report = examine_models(probe=options["probe"] or bool(names), names=names, tell=tell)
        if options["json"]:
            self.stdout.write(json.dumps(report, indent=2))
        if not report["ok"]:
            sys.exit(1)

    def tell_parts(
        self, parts: dict[str, dict[str, Any]], notices: list[str], *, is_readable: bool
    ) -> None:
        """Print how each part does, and whether the data can be looked at."""
        for line in part_lines(parts):
            self.stdout.write(line)
        self.tell_notices(notices)
        if not is_readable:
            self.stdout.write("unknown data: they can be looked at when the parts above work")

    def tell_notices(self, notices: list[str]) -> None:
        """Print what the installation works without, but not as well."""
        for notice in notices:
            self.stdout.write(f"note    {notice}")

    def tell(self, outcome: Outcome) -> None:
        """Print one check: a line, and its findings below."""
        self.stdout.write(f"{word_for(outcome):<7} {outcome.check.name}{count_of(outcome)}")
        if outcome.error:
            self.stdout.write(f"        {outcome.error}")
        for finding in outcome.findings[:SHOWN]:
            self.stdout.write(f"        {finding.subject}  {finding.detail}".rstrip())
        if len(outcome.findings) > SHOWN:
            self.stdout.write(f"        and {len(outcome.findings) - SHOWN} more")
        if outcome.left and (remedy := remedy_for(outcome.check)):
            self.stdout.write(f"        {remedy}")


def word_for(outcome: Outcome) -> str:
    """One word for what came out."""
    if not outcome.is_sound:
        return "WRONG"
    if outcome.was_repaired:
        return "fixed"
    return "note" if outcome.findings else "ok"


def count_of(outcome: Outcome) -> str:
    """How many findings there are, and what of them is left."""
    if not outcome.findings:
        return ""
    left = f", {len(outcome.left)} left" if len(outcome.left) != len(outcome.findings) else ""
    can = "" if outcome.check.repair or outcome.check.is_notice else ", not to be repaired here"
    return f": {len(outcome.findings)}{left}{can}"
