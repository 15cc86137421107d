"""Signing in with a password, and proving again who one is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import check_password
from django.core import signing
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts import throttling
from accounts.authenticators import use_code
from accounts.enums import SignInMethod
from accounts.exceptions import RecentSignInRequired, SecondFactorRequired, SignInFailed
from accounts.models import SignIn, User
from accounts.services.second_factor import has_second_factor
from accounts.services.sessions import begin_session
from youworker import audit
from youworker.core.config import config
from youworker.core.exceptions import InvalidInput

if TYPE_CHECKING:
    from django.http import HttpRequest


PROOF = "accounts.password_proof"
# Long enough to find the telephone.
PROOF_SECONDS = 300


def sign_in(request: HttpRequest, *, username: str, password: str, code: str = "") -> User:
    """Begin a session of the user whose name, password and code these are."""
    user = check_credentials(username=username, password=password, code=code)
    begin_session(request, user, method=SignInMethod.PASSWORD)
    return user


def check_credentials(*, username: str, password: str, code: str = "") -> User:
    """The user whose name, password and code these are.

    Raises `SignInFailed` after the same work whatever was wrong, `SecondFactorRequired` only
    when the password was right, and `RateLimited` for unknown names as for known ones.
    """
    name = User.normalize_username(username)
    throttling.refuse_when_exhausted(name)
    # Hashes once for nobody, for nobody with a password, and for somebody deactivated, too.
    user = ModelBackend().authenticate(None, username=name, password=password)
    if not isinstance(user, User) or not may_use_password(user):
        known = User.objects.filter(username=name).first()
        note_failure(name, known)
        raise SignInFailed("The user name or the password is wrong.")
    if has_second_factor(user):
        if not code:
            raise SecondFactorRequired(
                "A code of the second factor is needed.", proof=password_proof(user)
            )
        if not code_matches(user, code):
            raise SignInFailed("The code is wrong or was used before.")
    return user


def sign_in_with_code(request: HttpRequest, *, proof: str, code: str) -> User:
    """Begin a session of somebody who gave their password a moment ago; `proof` says who.

    Raises `SignInFailed` when the proof is too old or the code is wrong.
    """
    user = user_of_proof(proof)
    if user is None:
        raise SignInFailed("That took too long. Sign in again.")
    if not code_matches(user, code):
        raise SignInFailed("The code is wrong or was used before.")
    begin_session(request, user, method=SignInMethod.PASSWORD)
    return user


def password_proof(user: User) -> str:
    """Says for a few minutes, to us alone, that somebody knew the password of a user."""
    return signing.dumps([str(user.pk), mark_of_password(user)], salt=PROOF)


def user_of_proof(proof: str) -> User | None:
    """The user of `password_proof`, unless it is old, was forged, or the password changed."""
    try:
        pk, mark = signing.loads(proof, salt=PROOF, max_age=PROOF_SECONDS)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    known = user is not None and may_use_password(user) and mark == mark_of_password(user)
    return user if known else None


def mark_of_password(user: User) -> str:
    """What changes when a user's password changes."""
    return salted_hmac(PROOF, user.password).hexdigest()


def may_use_password(user: User) -> bool:
    """Whether passwords count for this user."""
    return user.is_superuser or (config.identity.password_sign_in and not user.is_service)


def code_matches(user: User, code: str) -> bool:
    """Use up a code of the user's second factor; a wrong one is a failed attempt."""
    throttling.refuse_when_exhausted(user.username, throttling.CODES)
    right = use_code(user, code)
    if not right:
        throttling.note_wrong_code(user.username)
        note_failure(user.username, user)
    return right


def password_matches(user: User, password: str) -> bool:
    """Whether a signed-in user knows their password; a wrong one is a failed attempt."""
    throttling.refuse_when_exhausted(user.username)
    # The user's own method may store a stronger hash, which would end the session that asks.
    right = check_password(password, user.password) and may_use_password(user)
    if not right:
        note_failure(user.username, user)
    return right


def prove_identity(user: User, *, password: str = "", code: str = "") -> None:
    """Make sure that a signed-in user knows their password or has their second factor."""
    if code and not code_matches(user, code):
        raise InvalidInput("The code is wrong or was used before.", attr="code")
    if not code and not password_matches(user, password):
        raise InvalidInput("The password is wrong.", attr="password")


def note_failure(username: str, known: User | None) -> None:
    """Count and record a failed attempt; not the name, for it may be a mistyped password."""
    suspicious = throttling.note_failure(username)
    audit.record("auth.login.failed", actor=None, target=known, result="denied")
    if suspicious:
        audit.record("auth.suspicious_activity", actor=None, target=known, result="denied")


def require_recent_sign_in(request: Any, *, password: str = "") -> None:
    """Pass somebody who signed in just now or gives their password.

    Raises `RecentSignInRequired`; wrong passwords count as failed attempts to sign in.
    """
    if password:
        if not password_matches(request.user, password):
            raise RecentSignInRequired("The password is wrong.")
        return
    oldest = timezone.now() - timedelta(seconds=config.identity.recent_seconds)
    # An API key beside a session of somebody else is no proof.
    own = SignIn.objects.visible_to(request.user).filter(created_at__gt=oldest)
    if not own.filter(session_id=request.session.session_key or "").exists():
        if not request.user.has_usable_password():
            raise RecentSignInRequired("Sign out and in again first.")
        raise RecentSignInRequired("Sign in again, or send your password.")
