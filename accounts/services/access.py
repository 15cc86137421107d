"""Whether somebody who was let in would be let in now, and being told when not."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.utils import timezone

from accounts.models import ApiKey, User
from accounts.types import AccessGrant
from youworker.core.realtime.revocation import CloseReason, Condition, RevocationPoller

if TYPE_CHECKING:
    from collections.abc import Collection

    from rest_framework.request import Request


def grant_of(user: User, *, key: ApiKey | None = None, session: Any = None) -> AccessGrant:
    """What `user` was let in by: the key they showed, else their Django session."""
    if key is not None:
        return AccessGrant(user.pk, key_id=key.pk)
    if session is None or session.session_key is None:
        return AccessGrant(user.pk)
    return AccessGrant(user.pk, session_key=session.session_key, password=user.password)


def grant_of_request(request: Request) -> AccessGrant:
    """What the caller of a REST view was let in by."""
    key = request.auth if isinstance(request.auth, ApiKey) else None
    return grant_of(cast("User", request.user), key=key, session=getattr(request, "session", None))


def is_still_valid(grant: AccessGrant) -> bool:
    """Whether the caller that was let in would be let in now."""
    return bool(remaining_grants([grant]))


def access_by(grant: AccessGrant) -> Condition[AccessGrant]:
    """What a stream rests on whose reader was let in so; its end is noticed within two seconds."""
    return Condition(access, grant, CloseReason.ACCESS_ENDED)


def remaining_grants(grants: Collection[AccessGrant]) -> set[AccessGrant]:
    """Those of the grants that still hold; a statement for each kind, however many there are.

    A session ends with its row, its time, and the password it was begun with.
    """
    with_key = [grant for grant in grants if grant.key_id]
    others = [grant for grant in grants if not grant.key_id]
    keys = owners_of_keys(with_key)
    passwords = passwords_of(others)
    sessions = live_sessions([grant.session_key for grant in others if grant.session_key])
    held = {grant for grant in with_key if keys.get(grant.key_id) == grant.user_id}
    for grant in others:
        password = passwords.get(grant.user_id)
        if password is None:
            continue
        if grant.session_key is None or (
            grant.session_key in sessions and password == grant.password
        ):
            held.add(grant)
    return held


def owners_of_keys(grants: Collection[AccessGrant]) -> dict[Any, Any]:
    """The users of those keys that can be used."""
    if not grants:
        return {}
    wanted = {grant.key_id for grant in grants if grant.key_id}
    return dict(ApiKey.objects.usable().filter(pk__in=wanted).values_list("pk", "user_id"))


def passwords_of(grants: Collection[AccessGrant]) -> dict[Any, str]:
    """The password hashes of those users that are active."""
    if not grants:
        return {}
    wanted = {grant.user_id for grant in grants}
    return dict(User.objects.filter(pk__in=wanted, is_active=True).values_list("pk", "password"))


def live_sessions(keys: Collection[str]) -> set[str]:
    """Those of the session keys that have not ended."""
    if not keys:
        return set()
    rows = session_store().get_model_class().objects
    live = rows.filter(session_key__in=set(keys), expire_date__gt=timezone.now())
    return set(live.values_list("session_key", flat=True))


@cache
def session_store() -> Any:
    """The class that keeps sessions."""
    return import_module(settings.SESSION_ENGINE).SessionStore


access: RevocationPoller[AccessGrant] = RevocationPoller(remaining_grants)
