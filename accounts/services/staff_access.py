"""Staff reading what is private to somebody else: with a reason, and not in secret."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from accounts.enums import PrivateKind
from accounts.models import PrivateAccess
from youworker import audit
from youworker.core.exceptions import Forbidden, InvalidInput
from youworker.core.validators import validate_enum

if TYPE_CHECKING:
    from django.db.models import Model

    from accounts.models import User

SHORTEST_REASON = 10
LONGEST_REASON = 1000
# A page that is loaded again, or looked at once more for the same purpose, is one reading.
ONE_READING = timedelta(hours=1)


def may_read_private(user: User) -> bool:
    """Whether somebody may open private content at all."""
    return user.is_active and user.is_staff and user.has_perm("accounts.read_private")


@validate_enum("kind", PrivateKind)
@transaction.atomic
def open_private(
    target: Model, *, kind: str, title: str, owner: User, reason: str, actor: User
) -> PrivateAccess:
    """Note that `actor` opens something of `owner`'s; the caller shows it in the same transaction.

    What was opened for the same reason less than an hour ago is not noted again. Raises
    `Forbidden` without the right, and for what belongs to a superuser unless the actor is one as
    well; `InvalidInput` without a reason.
    """
    if not may_read_private(actor):
        raise Forbidden("You may not read what is private to others.")
    if owner.is_superuser and not actor.is_superuser:
        raise Forbidden("What belongs to a superuser is only opened by a superuser.")
    said = reason.strip()
    if not SHORTEST_REASON <= len(said) <= LONGEST_REASON:
        raise InvalidInput(
            "A reason has from %(least)s to %(most)s characters.",
            attr="reason",
            least=SHORTEST_REASON,
            most=f"{LONGEST_REASON:,}",
        )
    about = {"reader": actor, "owner": owner, "kind": kind, "object_id": target.pk}
    recent = PrivateAccess.objects.filter(**about).made_since(timezone.now() - ONE_READING)
    # Reasons are encrypted: the database cannot compare them.
    known = next((access for access in recent if access.reason == said), None)
    return known or note_access(target, title=title, reason=said, **about)


def note_access(target: Model, *, title: str, reason: str, **about: Any) -> PrivateAccess:
    """Tell the owner and the audit log that something private was opened."""
    access = PrivateAccess.objects.create(**about, title=title, reason=reason)
    audit.record(
        "admin.read_private",
        actor=access.reader,
        target=target,
        owner=access.owner.pk,
        access=access.pk,
    )
    return access
