"""`manage.py seed_demo`: a company to look at the product with, and its removal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from youworker.core.exceptions import DomainError
from youworker.demo import services
from youworker.demo.plan import Plan
from youworker.encryption.keyring import require_keys

if TYPE_CHECKING:
    from argparse import ArgumentParser

# More would keep an embedding model busy for hours.
MOST_WITH_VECTORS = 1_000


class Command(BaseCommand):
    help = (
        "Write a company that does not exist: people (who cannot sign in), groups, documents, "
        "conversations and what they used. Above 1000 documents no vectors are computed: those "
        "documents are found by their words only."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--messages", type=counted, default=2_000, help="how many")
        parser.add_argument("--documents", type=counted, default=200, help="how many")
        parser.add_argument("--users", type=counted, default=24, help="how many")
        parser.add_argument("--days", type=counted, default=180, help="how far back it goes")
        parser.add_argument(
            "--beside-people", action="store_true", help="even if people are here who exist"
        )
        parser.add_argument("--remove", action="store_true", help="take all of it out again")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen")

    def handle(self, *, remove: bool, dry_run: bool, **options: Any) -> None:
        try:
            if remove:
                self.remove(dry_run=dry_run)
            else:
                self.seed(dry_run=dry_run, **options)
        except DomainError as error:
            raise CommandError(error.message) from error

    def remove(self, *, dry_run: bool) -> None:
        """Take the company out."""
        people = len(services.demo_users())
        if dry_run:
            self.stdout.write(f"{people} people with all they own would be removed.")
            return
        removed = services.remove_demo()
        self.stdout.write(f"{people} people removed, {removed} rows.")

    def seed(self, *, dry_run: bool, beside_people: bool, **options: Any) -> None:
        """Write the company."""
        sizes = {name: options[name] for name in ("messages", "documents", "users", "days")}
        plan = Plan(**sizes, with_vectors=sizes["documents"] <= MOST_WITH_VECTORS)
        services.require_plan(plan, beside_people=beside_people)
        said = ", ".join(f"{size:,} {name}" for name, size in sizes.items())
        if dry_run:
            self.stdout.write(f"Would be written: {said}.")
            return
        require_keys()
        with (
            tqdm(total=plan.documents, unit=" documents", disable=None) as documents,
            tqdm(total=plan.messages, unit=" messages", disable=None) as messages,
        ):
            services.seed_demo(
                plan,
                beside_people=beside_people,
                tell_documents=documents.update,
                tell_messages=messages.update,
            )
        self.stdout.write(f"Written: {said}. Take it out again with seed_demo --remove.")


def counted(said: str) -> int:
    """A number that is not negative."""
    number = int(said)
    if number < 0:
        raise ValueError
    return number
