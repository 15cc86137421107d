"""`manage.py eval_answers`: how well a model answers golden questions, with their sources."""

from __future__ import annotations

import json
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from chat.evaluation.golden import expectations, judged_answers
from chat.evaluation.judging import is_as_expected, median_seconds, shares_of
from chat.llm.endpoints import refresh_endpoints
from chat.management.commands.ask import asking_user
from chat.services.model_checks import run_apart
from documents import services as documents
from youworker.core.exceptions import DomainError
from youworker.encryption.keyring import require_keys

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

    from accounts.models import User
    from chat.evaluation.golden import GoldenExpectation
    from chat.evaluation.judging import Judged, Share
    from documents.models import Collection

    Answers = list[Judged[GoldenExpectation]]

FIGURES = {
    "as_expected": "as expected",
    "answered": "answered, with a source",
    "right_document": "right document first",
    "right": "right answer",
    "right_follow_ups": "right answer to follow-ups",
    "refused": "refused of the unanswerable",
    "supported": "citations that hold their sentences",
}
# Characters of an answer that is not as expected.
MOST_SHOWN = 160


class Command(BaseCommand):
    help = (
        "Ask a model the golden questions by whole answers, with somebody's rights, and say how"
        " many are right. Nothing is kept of them. Ends with 1 when --min-right is missed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--model", default="", help="else the default model")
        parser.add_argument("--collection", help="only the questions about it; its name or id")
        parser.add_argument(
            "--user",
            help="with whose rights; else with those of the collection's owner, or of the first"
            " superuser",
        )
        parser.add_argument(
            "--min-right",
            type=float,
            help="the least share of answers as expected that is good enough, between 0 and 1",
        )
        parser.add_argument("--json", action="store_true", help="figures and answers, as JSON")

    def handle(self, *, model: str, min_right: float | None, **options: Any) -> None:
        require_keys()
        refresh_endpoints()
        try:
            name = options["collection"]
            collection = documents.named_collection(name) if name else None
            answers = self.ask(collection, model, asking_as(options["user"], collection))
        except DomainError as error:
            raise CommandError(error.message) from error
        shares, seconds = shares_of(answers), median_seconds(answers)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(answers, shares, seconds)))
        else:
            self.tell(answers, shares, seconds)
        reached = value_of(shares["as_expected"])
        if min_right is not None and reached < min_right:
            raise CommandError(f"{reached:.4f} of the answers are as expected, not {min_right:g}.")

    def ask(self, collection: Collection | None, model: str, user: User) -> Answers:
        """Have every question answered, and say how far it is."""
        expected = expectations(collection, user)
        if not expected:
            raise CommandError("There are no golden questions to ask.")
        return run_apart(self.gather(expected, model, user))

    async def gather(
        self, expected: Sequence[GoldenExpectation], model: str, user: User
    ) -> Answers:
        """The judged answers."""
        found: Answers = []
        async with aclosing(judged_answers(expected, model=model, actor=user)) as answers:
            async for one in answers:
                found.append(one)
                if self.stderr.isatty():
                    ending = "" if len(found) < len(expected) else "\n"
                    self.stderr.write(f"\r{len(found)}/{len(expected)}", ending=ending)
        return found

    def tell(self, answers: Answers, shares: dict[str, Share], seconds: float) -> None:
        """Print the figures, and every answer that is not as expected."""
        for key, label in FIGURES.items():
            held, whole = shares[key]
            if whole:
                self.stdout.write(f"{label:<36}{held / whole:>8.4f}   {held} of {whole}")
        self.stdout.write(f"{'seconds of an answer, median':<36}{seconds:>8.2f}")
        for one in answers:
            if not is_as_expected(one.kind, one.verdict):
                self.stdout.write(line_of(one))


def asking_as(name: str | None, collection: Collection | None) -> User:
    """Whose rights count."""
    if name is None and collection is not None:
        return collection.owner
    return asking_user(name)


def value_of(share: Share) -> float:
    """A share between 0 and 1; 1 of none."""
    return share.held / share.whole if share.whole else 1.0


def line_of(judged: Judged[GoldenExpectation]) -> str:
    """What went wrong, in a line."""
    given = judged.given
    sources = ", ".join(one.title for one in given.citations) or "no source"
    said = " ".join(given.text.split())[:MOST_SHOWN] or given.status
    return f"  {judged.verdict}: {given.question} -> {said} ({sources})"


def as_json(answers: Answers, shares: dict[str, Share], seconds: float) -> dict[str, Any]:
    """Figures and answers as plain data."""
    return {
        "figures": {key: value_of(share) for key, share in shares.items()},
        "counts": {key: share.whole for key, share in shares.items()},
        "seconds": seconds,
        "answers": [
            {**one.given.as_json(), "kind": one.kind, "verdict": one.verdict} for one in answers
        ],
    }
