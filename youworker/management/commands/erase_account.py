"""`manage.py erase_account`: removes a user with all that is theirs; waits until it is done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from accounts.enums import ErasureStatus, SharedDocuments
from accounts.models import User
from youworker.core.exceptions import DomainError
from youworker.data_protection.erasures import erase_users, request_erasure

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from accounts.models import Erasure

POLL_SECONDS = 1.0


class Command(BaseCommand):
    help = "Erase a user with everything of theirs; exits with 0 when it is done."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="who is erased")
        parser.add_argument("--yes", action="store_true", help="do it without asking")
        parser.add_argument(
            "--shared-documents",
            choices=SharedDocuments.values,
            default=SharedDocuments.HAND_OVER,
            help="what becomes of documents that groups use",
        )
        parser.add_argument("--timeout", type=float, default=900.0, help="seconds to wait")

    def handle(self, *, username: str, yes: bool, timeout: float, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username!r}.")
        if not yes and not confirmed(username):
            raise CommandError("Nothing was erased.")
        try:
            shared = options["shared_documents"]
            erasure = request_erasure(user, shared_documents=shared, actor=None)
        except DomainError as error:
            raise CommandError(error.message) from error
        wait_for(erasure, until=time.monotonic() + timeout)
        self.stdout.write(f"{username} was erased; the pseudonym is {erasure.subject}")


def confirmed(username: str) -> bool:
    """Whether the operator means it."""
    try:
        return input(f"Erase {username} with everything of theirs? [yes/no] ").strip() == "yes"
    except EOFError:
        return False


def wait_for(erasure: Erasure, *, until: float) -> None:
    """Work on an erasure, or wait for the worker that does; raises `CommandError`."""
    while True:
        erase_users()
        erasure.refresh_from_db()
        if erasure.status == ErasureStatus.DONE:
            return
        if erasure.status == ErasureStatus.HELD:
            raise CommandError(
                "The account is closed. A legal hold keeps its data until it is lifted; then it "
                "is erased."
            )
        if time.monotonic() > until:
            raise CommandError(f"It is not done yet ({erasure.error_code}); workers go on with it.")
        time.sleep(POLL_SECONDS)
