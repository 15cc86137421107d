"""Users of programs: owned by a group, with keys that the group's admins make and end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from accounts.enums import Scope
from accounts.models import ApiKey, User
from accounts.services import create_api_key, revoke_api_key
from groups.enums import Role
from groups.exceptions import TooManyServiceAccounts
from groups.models import Group, Membership, ServiceAccount
from groups.services.members import add_membership, remove_membership
from groups.services.rights import managed_group
from youworker import audit
from youworker.core.exceptions import InvalidInput, NotFound
from youworker.core.validators import validate_not_empty

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

# Each is a user with limits of its own, so their number has to end somewhere.
MOST_PER_GROUP = 20


@validate_not_empty("name")
@transaction.atomic
def create_service_account(group: Group, *, name: str, actor: User) -> ServiceAccount:
    """Make a user for a program, as a member of the group; raises `TooManyServiceAccounts`."""
    group = managed_group(group.pk, actor=actor)
    if group.service_accounts.in_use().count() >= MOST_PER_GROUP:
        raise TooManyServiceAccounts(
            "A group has at most %(most)s service accounts.", most=MOST_PER_GROUP
        )
    user = User(display_name=name.strip())
    user.username = f"service-{user.pk}"
    user.set_unusable_password()
    user.save(force_insert=True)
    account = ServiceAccount.objects.create(group=group, user=user, created_by=actor)
    add_membership(group, user, role=Role.MEMBER, actor=actor)
    audit.record("group.service_account.create", actor=actor, target=group, user=str(user.pk))
    return account


@transaction.atomic
def remove_service_account(account: ServiceAccount, *, actor: User) -> None:
    """End a service account with its keys; what it owns stays."""
    end_account(account_in_use(account.pk, actor=actor), actor=actor)


@validate_not_empty("name", "scopes")
@transaction.atomic
def create_service_key(
    account: ServiceAccount,
    *,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    with_key: ApiKey | None = None,
    actor: User,
) -> tuple[ApiKey, str]:
    """Create a key of a service account; the secret cannot be shown again.

    Made with another key (`with_key`), it can do no more than that one.
    """
    account = account_in_use(account.pk, actor=actor)
    wanted = list(scopes)
    if Scope.ADMIN in wanted:
        raise InvalidInput("A service account cannot have the scope admin.", attr="scopes")
    return create_api_key(
        account.user,
        name=name,
        scopes=wanted,
        expires_at=expires_at,
        with_key=with_key,
        actor=actor,
    )


@transaction.atomic
def revoke_service_key(account: ServiceAccount, *, key_id: UUID, actor: User) -> None:
    """End a key of a service account at once; nothing happens when it had ended already."""
    account = account_in_use(account.pk, actor=actor)
    key = ApiKey.objects.visible_to(account.user).filter(pk=key_id).first()
    if key is None:
        raise NotFound("There is no such key.")
    revoke_api_key(key, actor=actor)


def account_in_use(account_id: UUID, *, actor: User) -> ServiceAccount:
    """The service account, its group locked, for an admin of the group."""
    rows = ServiceAccount.objects.in_use().select_related("user", "group").filter(pk=account_id)
    account = rows.first()
    if account is not None and account.group is not None:
        managed_group(account.group.pk, actor=actor)
        # Read again: it may have ended before the lock was there.
        account = rows.first()
        if account is not None:
            return account
    raise NotFound("There is no such service account.")


def end_account(account: ServiceAccount, *, actor: User | None) -> None:
    """End a service account whose group is locked."""
    account.ended_at = timezone.now()
    account.save_fields("ended_at")
    User.objects.filter(pk=account.user_id).update(is_active=False)
    for key in ApiKey.objects.filter(user=account.user_id, revoked_at__isnull=True):
        revoke_api_key(key, actor=actor)
    for membership in Membership.objects.filter(user=account.user_id).select_related("group"):
        remove_membership(membership, actor=actor)
    group, user_id = account.group, str(account.user_id)
    audit.record("group.service_account.delete", actor=actor, target=group or account, user=user_id)


def deactivate_service_accounts(group: Group) -> None:
    """Stop the service accounts of a deleted group."""
    User.objects.filter(service_account__group=group).update(is_active=False)


def reactivate_service_accounts(group: Group) -> None:
    """Let the service accounts of a restored group go on, but for those that were removed."""
    resting = User.objects.filter(
        service_account__group=group, service_account__ended_at__isnull=True
    )
    resting.update(is_active=True)
