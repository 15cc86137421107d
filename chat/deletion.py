"""Removing conversations for good, with everything that was said and its event logs."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from chat.enums import ACTIVE_STATUSES
from chat.events import log_key
from chat.exceptions import RunsStopping
from chat.models import Message, Run, Session, SessionCollection
from chat.private_files import remove_private_collections
from chat.runs.sweeper import interrupt_stalled_runs, stop_idle_run
from groups.exceptions import LegalHoldInForce
from groups.models import LegalHold
from youworker import audit
from youworker.core.effects import after_commit, attempt, queue_task
from youworker.core.redis import sync_redis
from youworker.core.slots import holding_nothing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from accounts.models import User
    from chat.managers import SessionQuerySet

BATCH = 100
LOGS_AT_ONCE = 1000
STOP_SECONDS = 6.0
POLL_SECONDS = 0.1
# A run that has ended tells its viewers so a moment later.
LAST_WORDS_SECONDS = 2
# By then the process that wrote a log has said its last words, too.
FORGET_SECONDS = 10


def clear_history(user: User, *, actor: User | None) -> dict[str, int]:
    """Remove all conversations of a user for good, deleted ones included; how many of what.

    Answers in the making are stopped first. Raises `LegalHoldInForce`, and `RunsStopping`
    when an answer does not stop in time.
    """
    if LegalHold.objects.covering(user).exists():
        raise LegalHoldInForce("Your conversations are under a legal hold and have to be kept.")
    stop_runs(user)
    wait_for_runs(user)
    return erase_conversations(user, actor=actor)


def stop_runs(user: User) -> int:
    """End a user's answers that no process makes, and ask for the end of the others; how many."""
    runs = Run.objects.filter(user=user)
    count = runs.request_stop()
    for pk in runs.idle().values_list("pk", flat=True):
        stop_idle_run(pk)
    return count


def runs_are_over(user: User) -> bool:
    """Whether nothing is written about an answer of this user any more."""
    interrupt_stalled_runs()
    recently = Now() - timedelta(seconds=LAST_WORDS_SECONDS)
    speaking = Q(status__in=ACTIVE_STATUSES) | Q(finished_at__gt=recently)
    return not Run.objects.filter(speaking, user=user).exists()


def wait_for_runs(user: User, *, seconds: float = STOP_SECONDS) -> None:
    """Return when no answer of this user is written any more; raises `RunsStopping`."""
    deadline = time.monotonic() + seconds
    while Run.objects.active().filter(user=user).exists():
        interrupt_stalled_runs()
        if time.monotonic() > deadline:
            raise RunsStopping("An answer is still being stopped; try again in some seconds.")
        with holding_nothing():
            time.sleep(POLL_SECONDS)


def erase_conversations(user: User, *, actor: User | None) -> dict[str, int]:
    """Remove every conversation of a user that no answer is being written in; how many of what."""
    own = Session.all_objects.filter(user=user)
    counts = remove_sessions(own)
    if own.exists():
        raise RunsStopping("An answer is still being written; try again in some seconds.")
    record_clearing(user, counts, actor=actor)
    return counts


@transaction.atomic
def record_clearing(
    user: User, counts: dict[str, int], *, actor: User | None, **details: Any
) -> None:
    """Note that conversations went for good."""
    details |= counts
    audit.record("chat.history.clear", actor=actor, target=user, **details)


def remove_sessions(sessions: SessionQuerySet) -> dict[str, int]:
    """Remove conversations a batch at a time, but none with an active run; how many of what.

    Those that left the selection meanwhile, because somebody wrote in them or restored them,
    are spared.
    """
    counts = {"sessions_deleted": 0, "messages_deleted": 0}
    quiet = sessions.exclude(pk__in=Run.objects.active().values("session_id")).order_by("pk")
    ids = list(quiet.values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        removed, messages = remove_batch(quiet, ids[start : start + BATCH])
        counts["sessions_deleted"] += removed
        counts["messages_deleted"] += messages
    return counts


@transaction.atomic
def remove_batch(quiet: SessionQuerySet, session_ids: Sequence[UUID]) -> tuple[int, int]:
    """Remove those of some conversations that are still quiet; how many, and their messages."""
    # Locked rows take no new message and are not restored meanwhile.
    rows = Session.all_objects.filter(pk__in=session_ids).order_by("pk")
    list(rows.select_for_update().values_list("pk", flat=True))
    # Looked at again: a run may have begun, or somebody written, until the locks were there.
    chosen = list(quiet.filter(pk__in=session_ids).values_list("pk", flat=True))
    run_ids = list(Run.objects.filter(session_id__in=chosen).values_list("pk", flat=True))
    messages = Message.objects.filter(session_id__in=chosen).count()
    files = SessionCollection.objects.filter(session_id__in=chosen)
    collection_ids = list(files.values_list("collection_id", flat=True))
    Session.all_objects.filter(pk__in=chosen).hard_delete()
    remove_private_collections(collection_ids)
    after_commit(partial(forget_logs, run_ids))
    after_commit(partial(forget_logs_again, run_ids))
    return len(chosen), messages


def removable_sessions(sessions: Iterable[Session]) -> SessionQuerySet:
    """Those of some conversations that may go for good: deleted, quiet, under no legal hold."""
    rows = Session.all_objects.deleted().filter(pk__in=[session.pk for session in sessions])
    rows = rows.exclude(user_id__in=LegalHold.objects.held_users())
    return rows.exclude(pk__in=Run.objects.active().values("session_id"))


def purge_sessions(sessions: Iterable[Session], *, actor: User) -> int:
    """Remove deleted conversations for good; how many went.

    Those that are not deleted, are under a legal hold or have an active run stay.
    """
    rows = removable_sessions(sessions)
    return sum(purge_session(rows, session, actor=actor) for session in list(rows))


@transaction.atomic
def purge_session(rows: SessionQuerySet, session: Session, *, actor: User) -> bool:
    """Remove one of `rows`; false when it left them meanwhile."""
    removed, _messages = remove_batch(rows, [session.pk])
    if removed:
        audit.record("chat.session.purge", actor=actor, target=session)
    return bool(removed)


def forget_logs(run_ids: Iterable[Any]) -> None:
    """Delete event logs; what Redis does not lose now expires by itself."""
    ids = list(run_ids)
    for start in range(0, len(ids), LOGS_AT_ONCE):
        keys = map(log_key, ids[start : start + LOGS_AT_ONCE])
        attempt("forgetting event logs", sync_redis().unlink, *keys)


def forget_logs_again(run_ids: Iterable[Any]) -> None:
    """Delete event logs once more in some seconds; without a broker they expire by themselves."""
    if ids := [str(run_id) for run_id in run_ids]:
        queue_task("chat.tasks.forget_logs", ids, countdown=FORGET_SECONDS)
