"""Brings the database up to date and makes sure that somebody can sign in."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection, transaction

from accounts.services import ensure_root
from mcp.services import sync_builtin_servers
from youworker.common.config import config
from youworker.common.exceptions import InvalidInput
from youworker.common.keyring import check_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Any number, as long as it is always the same.
START_LOCK = 7_026_111


def prepare(say: Callable[[str], None]) -> None:
    """Migrate, check the keys, create the first superuser; safe beside another start."""
    with one_at_a_time():
        call_command("migrate", interactive=False, verbosity=0)
        notice = first_steps()
        if notice:
            say(notice)
        sync_builtin_servers()


@transaction.atomic
def first_steps() -> str:
    """Note the keys and, in a database that had none, create the first superuser.

    Both or neither: a start that was refused or cut short is a first start again.
    """
    return create_root() if check_keys() else ""


def create_root() -> str:
    """Create the first superuser; a password nobody chose is in the notice, this once."""
    name = config.security.admin_username or "admin"
    # A secret file usually ends with a line feed that nobody types.
    chosen = config.security.admin_password.rstrip("\r\n")
    try:
        made, password = ensure_root(name, password=chosen)
    except InvalidInput as error:
        raise ImproperlyConfigured(f"ADMIN_PASSWORD is refused: {error.message}") from error
    if not made:
        return ""
    shown = "" if chosen else f", its password is {password} (shown once)"
    return f"youworker: superuser {name!r} created{shown}"


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one process prepare this database while the others wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [START_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [START_LOCK])
