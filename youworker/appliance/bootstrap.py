"""Brings the database up to date and makes sure that somebody can sign in."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User
from accounts.services import ensure_superuser
from mcp.services import ensure_builtin_rows
from youworker import audit
from youworker.core.config import config
from youworker.core.models import KeyFingerprint
from youworker.core.postgres.pooling import require_sessions
from youworker.encryption.keyring import check_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Any number, as long as it is always the same and nobody else's.
START_LOCK = 7_026_111
LOOK_SECONDS = 0.05


def prepare_database(
    say: Callable[[str], None], *, meanwhile: Callable[[], object] | None = None
) -> None:
    """Migrate, check the keys, create the first superuser; safe beside another start.

    `meanwhile` begins what may load beside it, and uses the database after `wait_until_prepared`.
    """
    with hold_start_lock():
        if meanwhile is not None:
            meanwhile()
        call_command("migrate", interactive=False, verbosity=0)
        notice = first_steps()
        if notice:
            say(notice)
    # Only new ones: web processes look after the others when they have loaded the tools' library.
    ensure_builtin_rows(())


def wait_until_prepared() -> None:
    """Wait until nobody prepares this database."""
    # Held for this statement only, which is a transaction of its own.
    wait_for_start_lock("pg_try_advisory_xact_lock_shared")


def is_prepared() -> bool:
    """Whether the tables are those of this version, and the keys known; raises `DatabaseError`."""
    wait_until_prepared()
    executor = MigrationExecutor(connection)
    is_current = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return is_current and KeyFingerprint.objects.exists()


@transaction.atomic
def first_steps() -> str:
    """Note the keys and, where nobody was made before, create the first superuser.

    Both or neither: a start that was refused or cut short is a first start again.
    """
    return create_superuser() if check_keys() or was_only_used_by_commands() else ""


def was_only_used_by_commands() -> bool:
    """Whether the keys are known because a command came first, such as `seed_demo`.

    A superuser who was deleted is in the audit log, and is not to come back.
    """
    is_cared_for = User.objects.filter(is_superuser=True).exists()
    return not is_cared_for and not audit.has_happened("admin.user.create")


def create_superuser() -> str:
    """Create the first superuser; a password nobody chose is in the notice, this once."""
    name = config.security.admin_username or "admin"
    # A secret file usually ends with a line feed that nobody types.
    chosen = config.security.admin_password.rstrip("\r\n")
    made, password = ensure_superuser(name, password=chosen)
    if not made:
        return ""
    shown = f", its password is {password} (shown once)"
    if chosen:
        # The operator's own choice is theirs to make; everybody else is held to the rules.
        shown = "; ADMIN_PASSWORD is weak: change it" if is_weak(chosen, name) else ""
    return f"youworker: superuser {name!r} created{shown}"


def is_weak(password: str, username: str) -> bool:
    """Whether a user could not choose this password."""
    try:
        validate_password(password, User(username=username))
    except ValidationError:
        return True
    return False


@contextmanager
def hold_start_lock() -> Iterator[None]:
    """Let one process prepare this database while the others wait.

    Raises `ImproperlyConfigured` behind a pooler that would keep the lock and lend it to others.
    """
    require_sessions()
    wait_for_start_lock("pg_try_advisory_lock")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [START_LOCK])


def wait_for_start_lock(function: str) -> None:
    """Ask for the lock until it is given.

    PostgreSQL's own waiting would be a statement with a snapshot, and migrations that make an
    index concurrently wait for those: a deadlock of which either could be the victim.
    """
    with connection.cursor() as cursor:
        while not cursor.execute(f"SELECT {function}(%s)", [START_LOCK]).fetchone()[0]:
            time.sleep(LOOK_SECONDS)
