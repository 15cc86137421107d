"""What people and operators do with accounts."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from accounts.services.sessions import end_sessions
from youworker import audit

PROFILE_FIELDS = ("display_name", "email", "language", "time_zone")
RIGHTS = ("is_active", "is_staff", "is_superuser")


@transaction.atomic
def update_profile(user: User, *, actor: User, **changes: Any) -> User:
    """Change what people may change about themselves."""
    for name in PROFILE_FIELDS:
        if name in changes:
            setattr(user, name, changes[name])
    user.save(update_fields=[name for name in PROFILE_FIELDS if name in changes])
    audit.record("user.update", actor=actor, target=user, fields=sorted(changes))
    return user


@transaction.atomic
def create_user(user: User, *, actor: User) -> User:
    """Store a user a member of staff filled in."""
    user.save()
    audit.record("admin.user.create", actor=actor, target=user)
    return user


@transaction.atomic
def update_user(user: User, *, fields: list[str], actor: User) -> User:
    """Store what a member of staff changed; whoever lost a right is signed out everywhere."""
    before = User.objects.select_for_update().get(pk=user.pk)
    columns = {field.name for field in User._meta.concrete_fields}
    user.save(update_fields=[name for name in fields if name in columns])
    if any(getattr(before, right) and not getattr(user, right) for right in RIGHTS):
        end_sessions(user, actor=actor)
    if fields:
        audit.record("user.update", actor=actor, target=user, fields=sorted(fields))
    return user


def outranks(staff: User, other: User) -> bool:
    """Whether taking over the account of `other` would give `staff` no right they lack."""
    if staff.is_superuser or not (other.is_staff or other.is_superuser):
        return True
    # Not `get_all_permissions`, which knows none of somebody deactivated.
    given = Permission.objects.filter(Q(user=other) | Q(group__user=other))
    names = given.values_list("content_type__app_label", "codename")
    return not other.is_superuser and staff.has_perms([".".join(name) for name in names])


@transaction.atomic
def ensure_superuser(username: str, *, password: str = "") -> tuple[bool, str]:
    """Create the first superuser, unless there is one; whether, and with which password.

    For a database that is brand new: a superuser who was deleted is not to come back.
    """
    taken = User.objects.filter(Q(is_superuser=True) | Q(username=username)).exists()
    if taken:
        return False, ""
    chosen = password or secrets.token_urlsafe(15)
    user = User.objects.create_superuser(username, password=chosen)
    audit.record("admin.user.create", actor=None, target=user)
    return True, chosen
