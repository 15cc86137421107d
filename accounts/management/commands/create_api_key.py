"""`manage.py create_api_key`: prints the key, and nothing else, on stdout."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.enums import Scope
from accounts.models import User
from accounts.services import create_api_key, replace_api_keys
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Create an API key and print it; it cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="whose key it is")
        parser.add_argument("--name", required=True, help="what the key is for")
        parser.add_argument("--scopes", required=True, help=f"some of {','.join(Scope.values)}")
        parser.add_argument("--days", type=int, help="days until it expires")
        parser.add_argument(
            "--rotate", action="store_true", help="revoke the user's other keys of this name"
        )
        parser.add_argument("--networks", default="", help="where it works, as 10.0.0.0/8,::1")

    def handle(
        self,
        *,
        username: str,
        name: str,
        scopes: str,
        days: int | None,
        rotate: bool,
        networks: str,
        **options: Any,
    ) -> None:
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {username!r}.")
        try:
            end = None if days is None else timezone.now() + timedelta(days=days)
            make = replace_api_keys if rotate else create_api_key
            _key, secret = make(
                user,
                name=name,
                scopes=parts_of(scopes),
                expires_at=end,
                allowed_networks=parts_of(networks),
                actor=user,
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        except OverflowError as error:
            raise CommandError("--days is too large.") from error
        self.stdout.write(secret)


def parts_of(text: str) -> list[str]:
    """The parts of a list with commas."""
    return [part.strip() for part in text.split(",") if part.strip()]
