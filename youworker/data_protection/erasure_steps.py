"""The steps of an erasure; each removes what is left, so all of them can be done again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from accounts.enums import SharedDocuments
from accounts.models import User
from accounts.tickets import tickets_of
from chat.deletion import erase_conversations, runs_are_over, stop_runs
from documents import services as documents
from groups import services as groups
from groups.models import LegalHold
from ingestion import services as ingestion
from mcp import services as tools
from youworker.core.data_policies import ErasureAction
from youworker.core.exceptions import DomainError
from youworker.core.redis import sync_redis
from youworker.data_protection.exports import remove_files_of
from youworker.data_protection.registry import (
    erasing_policies,
    model_of,
    personal_policies,
    rows_of,
)

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import Erasure

BATCH = 500
# Names that Redis looks through at a time.
AT_ONCE = 500


class NotYet(Exception):
    """Something has to end before the removal can go on."""


def remove_user(erasure: Erasure) -> dict[str, int]:
    """Remove a user and everything of theirs; how much of what. Raises `NotYet`."""
    user = User.objects.filter(pk=erasure.subject).first()
    counts: dict[str, int] = {}
    if user is not None:
        wait_for_work(user)
        # First, so that every group they managed has an admin again who can take documents over.
        groups.remove_from_all_groups(user, actor=None)
        if erasure.shared_documents == SharedDocuments.HAND_OVER:
            counts["handed_over"] = documents.hand_over_library(user)
        counts |= remove_content(user)
        anonymise(erasure.subject)
        forget_name(user)
        remove_rows(erasure.subject)
    # Again even when the row is gone: a process may have died between the two.
    documents.remove_unused_tags()
    forget_user(erasure.subject)
    return counts


def wait_for_work(user: User) -> None:
    """Stop what works for a user; raises `NotYet` while something still does."""
    stop_runs(user)
    ingestion.cancel_runs(user)
    if not runs_are_over(user):
        raise NotYet("an answer is being stopped")


def remove_content(user: User) -> dict[str, int]:
    """Remove what has files, logs or large numbers of rows, app by app."""
    require_no_hold(user.pk)
    remove_files_of(user)
    try:
        conversations = erase_conversations(user, actor=None)
    except DomainError as error:
        raise NotYet(error.message) from error
    # While the tokens are still known: they are given back before they are forgotten.
    tools.remove_connections(user, actor=None)
    return {
        **conversations,
        "ingestion_runs": ingestion.erase_runs(user),
        "documents": documents.erase_library(user),
    }


def require_no_hold(user_id: UUID) -> None:
    """Raise `NotYet` when a legal hold came after the removal had begun."""
    if LegalHold.objects.in_force().filter(user=user_id).exists():
        raise NotYet("a legal hold was placed meanwhile")


def anonymise(user_id: UUID) -> None:
    """Overwrite what tells about a user in rows that stay."""
    for policy in personal_policies():
        if policy.erasure_action == ErasureAction.ANONYMISED:
            rows_of(policy, user_id).update(**policy.replaced)


def forget_name(user: User) -> None:
    """Take a user's name out of lines about things that are called after them, such as a quota."""
    named = rf"(^|\W){re.escape(user.username)}($|\W)"
    LogEntry.objects.filter(object_repr__regex=named).update(object_repr="erased")


def remove_rows(user_id: UUID) -> None:
    """Remove whatever rows the registry knows of a user, their account last."""
    for policy in erasing_policies():
        if model_of(policy) is not User:
            remove_rows_of(policy, user_id)
    remove_person(user_id)


def remove_rows_of(policy: Any, user_id: UUID) -> None:
    """Remove one user's rows of one model, a batch at a time."""
    model: Any = model_of(policy)
    while batch := list(rows_of(policy, user_id).values_list("pk", flat=True)[:BATCH]):
        require_no_hold(user_id)
        # Lines about them may have a name they had before.
        lines = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model))
        lines.filter(object_id__in=list(map(str, batch))).update(object_repr="erased")
        rows = model._base_manager.filter(pk__in=batch)  # noqa: SLF001 -- hidden rows, too
        getattr(rows, "hard_delete", rows.delete)()


@transaction.atomic
def remove_person(user_id: UUID) -> None:
    """Remove the user's own row, unless something of theirs came meanwhile; raises `NotYet`."""
    person = User.objects.select_for_update().filter(pk=user_id).first()
    if person is None:
        return
    require_no_hold(user_id)
    for policy in erasing_policies():
        if model_of(policy) is not User and rows_of(policy, user_id).exists():
            raise NotYet(f"there is a new {policy.model}")
    # Again under the lock, behind which nobody writes anything new about the user.
    anonymise(user_id)
    person.delete()


def forget_user(user_id: UUID) -> int:
    """Delete tickets, channel groups and whatever else has a user's id in its name; how many.

    Event logs go with their runs. Rate counters have hashed names and expire
    within the hour; messages to workers hold ids that lead nowhere.
    """
    redis = sync_redis()
    gone = set(tickets_of(user_id))
    for form in (str(user_id), user_id.hex):
        gone |= set(redis.scan_iter(f"*{form}*", count=AT_ONCE))
    return int(redis.unlink(*gone)) if gone else 0
