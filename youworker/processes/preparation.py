"""Brings the database up to date and makes sure that somebody can sign in."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.core.management import call_command
from django.db import connection

from accounts.services import ensure_root
from mcp.services import sync_builtin_servers
from youworker.common.config import config
from youworker.common.keyring import check_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Any number, as long as it is always the same.
START_LOCK = 7_026_111


def prepare(say: Callable[[str], None]) -> None:
    """Migrate, check the keys, create the first superuser; safe beside another start."""
    with one_at_a_time():
        call_command("migrate", interactive=False, verbosity=0)
        first_start = check_keys()
        if first_start:
            create_root(say)
        sync_builtin_servers()


def create_root(say: Callable[[str], None]) -> None:
    """Create the first superuser; a password nobody chose is shown this once."""
    name = config.security.admin_username or "admin"
    # A secret file usually ends with a line feed that nobody types.
    chosen = config.security.admin_password.rstrip("\r\n")
    made, password = ensure_root(name, password=chosen)
    if made and not chosen:
        say(f"youworker: superuser {name!r} created, its password is {password} (shown once)")
    elif made:
        say(f"youworker: superuser {name!r} created")


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
