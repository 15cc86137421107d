"""What staff do with quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from youworker.common import audit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.models import User
    from quotas.models import Quota


@transaction.atomic
def save_quota(quota: Quota, *, fields: Sequence[str], actor: User) -> Quota:
    """Write a quota, new or changed; it is in force for the next request."""
    quota.save()
    audit.record("admin.settings.update", actor=actor, target=quota, fields=list(fields))
    return quota


@transaction.atomic
def delete_quota(quota: Quota, *, actor: User) -> None:
    """Remove a quota; the installation's limits are in force again."""
    audit.record("admin.settings.update", actor=actor, target=quota, fields=["deleted"])
    quota.delete()
