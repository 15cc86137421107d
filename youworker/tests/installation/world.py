"""Everything at once; the order matters, for people own what comes later."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command

from accounts.services import ensure_superuser
from mcp.services import sync_builtin_servers
from youworker.audit.verification import sign_head
from youworker.encryption.keyring import check_keys
from youworker.tests.installation import (
    decisions,
    departures,
    library,
    newer,
    people,
    programs,
    talks,
    tools,
)

# Nothing of ours ever writes these, so no installation has such rows.
EMPTY = {"auth.Group"}


def make_world() -> dict[str, Any]:
    """Fill an empty database; what a test has to know about it."""
    # Celery's broker is there, its workers are not: whatever is queued stays so.
    settings.CELERY_TASK_ALWAYS_EAGER = False
    call_command("migrate", interactive=False, verbosity=0)
    check_keys()
    ensure_superuser("root", password=people.PASSWORD)
    sync_builtin_servers()
    facts: dict[str, Any] = {"people": people.make_people()}
    facts["endpoint"] = programs.make_endpoint()
    facts["library"] = library.make_library()
    tools.make_tools()
    asking = programs.make_api()
    waiting = decisions.make_waiting(asking)
    facts["talks"] = talks.make_talks()
    facts["newer"] = newer.make_newer()
    over = facts["talks"]["runs"]["succeeded"]
    facts["decisions"] = waiting | decisions.make_decided(asking, over=over)
    facts["departures"] = departures.make_departures()
    facts["queue"] = library.leave_unfinished()
    programs.leave_deliveries()
    sign_head()
    require_every_kind()
    return facts


def require_every_kind() -> None:
    """Fail when a kind of row is missing, so that a new model is not forgotten here."""
    found = {model._meta.label for model in apps.get_models() if model._base_manager.exists()}  # noqa: SLF001
    known = {model._meta.label for model in apps.get_models() if model._meta.managed}
    missing = known - found - EMPTY
    if missing:
        raise RuntimeError(f"the world has no {', '.join(sorted(missing))}")
