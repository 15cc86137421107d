"""Signing in with a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import authenticate

from accounts.enums import SignInMethod
from accounts.exceptions import SignInFailed
from accounts.models import User
from accounts.services.sessions import begin_session
from youworker.common import audit

if TYPE_CHECKING:
    from django.http import HttpRequest


def sign_in(request: HttpRequest, *, username: str, password: str) -> User:
    """Check the password and begin a session; raises `SignInFailed`."""
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        known = User.objects.filter(username=username).first()
        if known is not None:
            audit.record("auth.login.failed", actor=None, target=known, result="denied")
        raise SignInFailed("The user name or the password is wrong.")
    begin_session(request, user, method=SignInMethod.PASSWORD)
    return user
