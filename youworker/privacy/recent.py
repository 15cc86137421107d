"""Making sure that it is still the owner of the account who asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import SignIn
from youworker.common.config import config
from youworker.common.exceptions import Forbidden


class RecentSignInRequired(Forbidden):
    """The session is too old for this, and no password was given."""

    code = "recent_sign_in_required"


def require_recent_sign_in(request: Any, *, password: str = "") -> None:
    """Pass somebody who signed in just now or gives his password."""
    if password:
        if not request.user.check_password(password):
            raise RecentSignInRequired("The password is wrong.")
        return
    oldest = timezone.now() - timedelta(seconds=config.identity.recent_seconds)
    own = SignIn.objects.visible_to(request.user).filter(created_at__gt=oldest)
    if not own.filter(session_id=request.session.session_key or "").exists():
        raise RecentSignInRequired("Sign in again, or send your password.")
