"""Passwords: checked for strength wherever they are set, and what follows a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.services.sessions import end_sessions, renew_session
from accounts.services.sign_in import may_use_password, password_matches
from youworker import audit
from youworker.core.exceptions import Forbidden, InvalidInput

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User


def check_strength(password: str, user: User, *, attr: str) -> None:
    """Raise `InvalidInput` for a password the configured validators refuse."""
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), attr=attr) from error


def change_password(
    request: HttpRequest, user: User, *, current_password: str, new_password: str, actor: User
) -> None:
    """Set a new password and end the user's sessions, except the one of the request."""
    if not may_use_password(user):
        raise Forbidden("Passwords are not used here; sign in through your organisation.")
    if not password_matches(user, current_password):
        raise InvalidInput("The password is wrong.", attr="current_password")
    check_strength(new_password, user, attr="new_password")
    store_password(request, user, password=new_password, actor=actor)


@transaction.atomic
def store_password(request: HttpRequest, user: User, *, password: str, actor: User) -> None:
    """Set a password that was checked, from within the user's own session."""
    user.set_password(password)
    user.save(update_fields=["password"])
    renew_session(request, user)
    record_password(user, except_key=request.session.session_key, actor=actor)


@transaction.atomic
def record_password(user: User, *, except_key: str | None = None, actor: User) -> None:
    """End what a user's former password began, and say who replaced it."""
    end_sessions(user, except_key=except_key, actor=actor)
    audit.record("user.update", actor=actor, target=user, fields=["password"])
