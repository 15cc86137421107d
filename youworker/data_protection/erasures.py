"""Removing a user with everything of theirs: asked for at once, carried out until it is done."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction

from accounts import services as accounts
from accounts.enums import ErasureStatus, SharedDocuments
from accounts.exceptions import LastSuperuser
from accounts.models import ApiKey, Erasure, User
from chat.deletion import stop_runs
from groups.models import LegalHold
from youworker import audit
from youworker.core.effects import after_commit, queue_task
from youworker.core.exceptions import Forbidden
from youworker.core.leases import keep_lease_alive
from youworker.data_protection.erasure_steps import NotYet, remove_user

if TYPE_CHECKING:
    from collections.abc import Iterable

logger = logging.getLogger(__name__)

# Silence after which another worker may take a removal over.
LEASE_SECONDS = 60
PAUSE_SECONDS = 3
LONGEST_PAUSE = 300


@transaction.atomic
def request_erasure(
    user: User,
    *,
    shared_documents: str = SharedDocuments.HAND_OVER,
    actor: User | None,
) -> Erasure:
    """Close an account at once and queue its removal; a second wish finds the first.

    Under a legal hold the removal waits until the hold is lifted. Raises `LastSuperuser`, and
    `Forbidden` when somebody else but a superuser asks.
    """
    # Locked together and in one order, so that two superusers cannot remove each other.
    rows = User.objects.filter(pk=user.pk) | User.objects.filter(is_superuser=True)
    locked = {row.pk: row for row in rows.order_by("pk").select_for_update()}
    check_removable(user, locked.values(), actor=actor)
    held = LegalHold.objects.covering(user).exists()
    erasure, is_new = Erasure.objects.get_or_create(
        subject=user.pk,
        defaults={
            "status": ErasureStatus.HELD if held else ErasureStatus.QUEUED,
            "shared_documents": shared_documents,
        },
    )
    if is_new:
        note_erasure(user, erasure, actor=actor)
    close_account(user, actor=actor)
    # After the commit: an answer that ends holds its run's row and waits for this user's.
    after_commit(partial(stop_runs, user))
    after_commit(partial(queue_task, "youworker.tasks.erase_users"))
    return erasure


def check_removable(user: User, locked: Iterable[User], *, actor: User | None) -> None:
    """Refuse what would leave nobody in charge, or goes above the actor."""
    others = [row for row in locked if row.is_superuser and row.is_active and row.pk != user.pk]
    if user.is_superuser and not others:
        raise LastSuperuser("The last superuser cannot be erased; make somebody else one first.")
    if actor is None or actor.pk == user.pk:
        return
    if not actor.is_superuser:
        raise Forbidden("Only a superuser may erase the account of somebody else.")


def note_erasure(user: User, erasure: Erasure, *, actor: User | None) -> None:
    """Write in the audit log who wants whom erased."""
    details: dict[str, Any] = {"status": erasure.status, "shared": erasure.shared_documents}
    own = actor is not None and actor.pk == user.pk
    action = "user.delete" if own else "admin.user.delete"
    audit.record(action, actor=actor, target=user, step="requested", **details)


def close_account(user: User, *, actor: User | None) -> None:
    """Let nobody in as this user any more; runs in the caller's transaction."""
    User.objects.filter(pk=user.pk).update(is_active=False)
    user.is_active = False
    for key in ApiKey.objects.filter(user=user, revoked_at__isnull=True):
        accounts.revoke_api_key(key, actor=actor)
    accounts.end_sessions(user, actor=actor)


def erase_users() -> int:
    """Carry out the removals that are due; how many were finished."""
    let_go()
    done = 0
    while (erasure := Erasure.objects.claim(seconds=LEASE_SECONDS)) is not None:
        done += execute(erasure)
    return done


def let_go() -> None:
    """Queue removals whose legal hold was lifted."""
    held = Erasure.objects.waiting_for_hold()
    free = held.exclude(subject__in=LegalHold.objects.held_users())
    free.update(status=ErasureStatus.QUEUED)


def execute(erasure: Erasure) -> bool:
    """Remove the user of a claimed erasure; whether they are gone.

    Every step removes what is left, so one that was interrupted is simply done again.
    """
    pause = min(PAUSE_SECONDS * erasure.attempts, LONGEST_PAUSE)
    try:
        if is_held(erasure):
            return False
        held = Erasure.objects.holding(erasure.lease_token)
        with keep_lease_alive(held, seconds=LEASE_SECONDS):
            counts = remove_user(erasure)
    except NotYet as reason:
        logger.info("The erasure of %s waits: %s", erasure.subject, reason)
        Erasure.objects.requeue(erasure.lease_token, pause=PAUSE_SECONDS, error_code="waiting")
        return False
    except Exception:
        logger.exception("The erasure of %s will be tried again", erasure.subject)
        Erasure.objects.requeue(erasure.lease_token, pause=pause, error_code="failed")
        return False
    return finish_erasure(erasure, counts)


def is_held(erasure: Erasure) -> bool:
    """Put an erasure aside when a legal hold came after the wish."""
    if not LegalHold.objects.held_users().filter(pk=erasure.subject).exists():
        return False
    Erasure.objects.end(erasure.lease_token, ErasureStatus.HELD, finished_at=None)
    return True


@transaction.atomic
def finish_erasure(erasure: Erasure, counts: dict[str, int]) -> bool:
    """Note that a user is gone."""
    if not Erasure.objects.end(erasure.lease_token, ErasureStatus.DONE):
        return False
    subject = str(erasure.subject)
    details: dict[str, Any] = {"step": "done", "subject": subject, **counts}
    audit.record("data.erase", actor=None, target=erasure, **details)
    return True
