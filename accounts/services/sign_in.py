"""Beginning and ending sessions."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate, get_user, login, logout
from django.http import HttpRequest

from accounts.exceptions import SignInFailed
from accounts.models import User
from youworker.common import audit


def user_of_session(session: Any) -> User | None:
    """The signed-in user of a Django session, with the same checks as a page has."""
    request = HttpRequest()
    request.session = session
    user = get_user(request)
    return user if isinstance(user, User) and user.is_active else None


def sign_in(request: HttpRequest, *, username: str, password: str) -> User:
    """Check the password and begin a session; raises `SignInFailed`."""
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        known = User.objects.filter(username=username).first()
        if known is not None:
            audit.record("auth.login.failed", actor=None, target=known, result="denied")
        raise SignInFailed("The user name or the password is wrong.")
    login(request, user)
    audit.record("user.login", actor=user)
    return user


def sign_out(request: HttpRequest, *, actor: User) -> None:
    """End the session of a request."""
    audit.record("user.logout", actor=actor)
    logout(request)
