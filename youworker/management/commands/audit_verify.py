"""`manage.py audit_verify`: is the audit log what was written?"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from youworker.audit.chain import count_entries
from youworker.audit.verification import Report, sign_verified, verify_log

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Exits 1 at the first entry that was edited, deleted, reordered or inserted."""

    help = "Verify the hash chain of the audit log and sign it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *, json: bool, **options: Any) -> None:
        shown = sys.stderr.isatty()
        with tqdm(total=count_entries(), unit="entry", disable=not shown, file=sys.stderr) as bar:
            report = verify_log(bar.update)
        if report.error is None:
            sign_verified(report.head)
        self.stdout.write(as_json(report) if json else as_text(report))
        if report.error is not None:
            sys.exit(1)


def as_text(report: Report) -> str:
    """The result as a sentence."""
    if report.error is not None:
        return f"The audit log is damaged: {report.error}"
    notes = [f"{report.head.seq} entries", f"head {report.head.hash}"]
    notes.append(f"{report.checkpoints} checkpoints agree")
    if report.unknown_keys:
        notes.append(f"{report.unknown_keys} checkpoints of keys that are gone")
    return ", ".join(notes)


def as_json(report: Report) -> str:
    """The result for programs."""
    error = None if report.error is None else asdict(report.error)
    values = {
        "ok": error is None,
        "entries": report.head.seq,
        "head": report.head.hash if error is None else None,
        "checkpoints": report.checkpoints,
        "unknown_keys": report.unknown_keys,
        "fault": error,
    }
    return json.dumps(values, default=str)
