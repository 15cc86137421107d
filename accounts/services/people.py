"""What people and operators do with accounts."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from youworker.common import audit

PROFILE_FIELDS = ("display_name", "email", "language", "time_zone")


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
def ensure_root(username: str, *, password: str = "") -> tuple[bool, str]:
    """Create the first superuser, unless there is one; whether, and with which password."""
    taken = User.objects.filter(Q(is_superuser=True) | Q(username=username)).exists()
    if taken:
        return False, ""
    chosen = password or secrets.token_urlsafe(15)
    user = User.objects.create_superuser(username, password=chosen)
    audit.record("admin.user.create", actor=None, target=user)
    return True, chosen
