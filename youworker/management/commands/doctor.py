"""`manage.py doctor`: what is wrong with the installation, and its repair."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from chat.llm.endpoints import refresh_endpoints
from youworker.appliance.health import checks as health
from youworker.appliance.startup_checks import missing_parts
from youworker.doctor import GROUPS, Outcome, run_examination
from youworker.doctor.examination import PAUSE_SECONDS, SHOWN
from youworker.doctor.model_report import examine_models

if TYPE_CHECKING:
    from argparse import ArgumentParser

MEGABYTE = 1024 * 1024


class Command(BaseCommand):
    help = (
        "Look for what is wrong, while everybody works: without a group at everything, the parts"
        " of the installation included. Ends with 1 when something is wrong (and was not repaired)."
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
        if options["models"]:
            self.examine_models(options)
            return
        if options["probe"] or options["model"]:
            raise CommandError("--probe and --model go with --models.")
        refresh_endpoints()
        groups = [name for name in GROUPS if options[name]]
        is_silent = options["json"]
        parts = {} if groups else self.parts(is_silent=is_silent)
        notices = [] if groups else list(missing_parts())
        checks = [check for name in groups or GROUPS for check in GROUPS[name]]
        if not is_silent:
            self.tell_notices(notices)
        outcomes = run_examination(
            checks,
            deep=deep,
            fix=fix,
            pause=max(0.0, pause),
            tell=None if is_silent else self.tell,
        )
        failed = [name for name, part in parts.items() if part["status"] != "ok"]
        is_sound = not failed and all(outcome.is_sound for outcome in outcomes)
        if is_silent:
            report: dict[str, Any] = {
                "ok": is_sound,
                "checks": [outcome.as_json() for outcome in outcomes],
            }
            if not groups:
                report |= {"parts": parts, "notices": notices}
            self.stdout.write(json.dumps(report, indent=2))
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

    def parts(self, *, is_silent: bool) -> dict[str, dict[str, Any]]:
        """What the health checks say of each part."""
        parts = health.run_checks({**health.READY, **health.DETAILED})
        for name, part in parts.items():
            if not is_silent:
                told = part.get("detail", "")
                self.stdout.write(f"{part['status']:<7} {name}{': ' if told else ''}{told}")
                self.tell_files(part.get("files", []))
        return parts

    def tell_files(self, files: list[dict[str, Any]]) -> None:
        """Print how each model file does, and what memory it takes."""
        for file in files:
            said = file["reason"] or f"{file['context_tokens']} tokens"
            memory = f"{file['memory_bytes'] // MEGABYTE} MB"
            self.stdout.write(f"        {file['model']}  {file['status']}, {memory}: {said}")

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
