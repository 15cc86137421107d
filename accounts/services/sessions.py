"""Sessions: begun, listed by their rows, and ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user, login, logout
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest

from accounts.models import SignIn, User
from youworker.common import audit
from youworker.common.origin import origin

if TYPE_CHECKING:
    from accounts.enums import SignInMethod

BACKEND = "django.contrib.auth.backends.ModelBackend"
# Where a session keeps the id of its row.
ROW = "sign_in"
USER_AGENT_CHARACTERS = 200


@transaction.atomic
def begin_session(request: HttpRequest, user: User, *, method: SignInMethod) -> SignIn:
    """Sign `user` in, under a session id nobody knew before; every way of signing in ends here."""
    login(request, user, backend=BACKEND)
    row = SignIn.objects.create(
        user=user,
        session_id=request.session.session_key,
        method=method,
        address=origin().address or None,
        user_agent=request.headers.get("User-Agent", "")[:USER_AGENT_CHARACTERS],
    )
    request.session[ROW] = str(row.pk)
    audit.record("user.login", actor=user, method=str(method))
    return row


@transaction.atomic
def end_session(row: SignIn, *, actor: User) -> None:
    """End one session; its cookie is worthless afterwards."""
    if Session.objects.filter(pk=row.session_id).delete()[0]:
        audit.record("user.logout", actor=actor, target=row.user, sessions=1)


@transaction.atomic
def end_sessions(user: User, *, except_key: str | None = None, actor: User | None) -> int:
    """End every session of a user, but the one with `except_key`; how many there were."""
    rows = SignIn.objects.filter(user=user).exclude(session_id=except_key or "")
    keys = list(rows.values_list("session_id", flat=True))
    Session.objects.filter(pk__in=keys).delete()
    if keys:
        audit.record("user.logout", actor=actor, target=user, sessions=len(keys))
    return len(keys)


def sign_out(request: HttpRequest, *, actor: User) -> None:
    """End the session of a request."""
    audit.record("user.logout", actor=actor)
    logout(request)


def user_of_session(session: Any) -> User | None:
    """The signed-in user of a Django session, with the same checks as a page has."""
    request = HttpRequest()
    request.session = session
    user = get_user(request)
    return user if isinstance(user, User) and user.is_active else None
