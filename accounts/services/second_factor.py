"""The second factor: set up, renewed and removed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import authenticators
from accounts.enums import AuthenticatorKind
from accounts.models import Authenticator
from accounts.services.sessions import end_sessions
from youworker import audit
from youworker.core.exceptions import Conflict, InvalidInput
from youworker.encryption import crypto

if TYPE_CHECKING:
    from accounts.models import User

# Where a session keeps a secret that is not confirmed yet, and for how long.
PENDING = "totp_pending"
PENDING_MINUTES = 15
TOTP = AuthenticatorKind.TOTP
RECOVERY_CODES = AuthenticatorKind.RECOVERY_CODES


def has_second_factor(user: User) -> bool:
    """Whether signing in with a password needs a code."""
    return Authenticator.objects.owned_by(user).filter(kind=TOTP).exists()


def second_factor_of(user: User) -> dict[str, Any]:
    """What is set up, without any secret."""
    rows = {row.kind: row for row in Authenticator.objects.owned_by(user)}
    totp = rows.get(TOTP)
    return {
        "totp": {"enabled": totp is not None, "created_at": totp.created_at if totp else None},
        "recovery_codes_left": authenticators.count_recovery_codes(rows.get(RECOVERY_CODES)),
    }


def begin_totp(session: Any, user: User) -> dict[str, str]:
    """A new secret for an authenticator app; nothing changes until a code confirms it."""
    if has_second_factor(user):
        raise Conflict("A second factor is set up already; remove it first.")
    secret = authenticators.new_secret()
    session[PENDING] = {
        "secret": crypto.encrypt(secret, context=pending_context(user)),
        "until": (timezone.now() + timedelta(minutes=PENDING_MINUTES)).isoformat(),
    }
    return {"secret": secret, "otpauth_uri": authenticators.otpauth_uri(user, secret)}


def pending_totp(session: Any, user: User) -> dict[str, str] | None:
    """The secret that `begin_totp` gave this session and no code has confirmed yet."""
    try:
        secret = pending_secret(session, user)
    except Conflict:
        return None
    return {"secret": secret, "otpauth_uri": authenticators.otpauth_uri(user, secret)}


def confirm_totp(session: Any, user: User, *, code: str, actor: User) -> list[str]:
    """Switch the second factor on; the recovery codes, which are shown this once."""
    secret = pending_secret(session, user)
    step = authenticators.find_step(secret, code)
    if step is None:
        raise InvalidInput("The code is wrong.", attr="code")
    try:
        codes = create_totp(user, secret, step, actor=actor)
    except IntegrityError as error:
        raise Conflict("A second factor is set up already.") from error
    del session[PENDING]
    return codes


def pending_secret(session: Any, user: User) -> str:
    """The secret this session waits for a code of."""
    found = session.get(PENDING)
    if not found or datetime.fromisoformat(found["until"]) < timezone.now():
        raise Conflict("There is nothing to confirm; begin again.")
    try:
        return crypto.decrypt(found["secret"], context=pending_context(user))
    except crypto.Undecryptable as error:
        raise Conflict("There is nothing to confirm; begin again.") from error


def pending_context(user: User) -> str:
    """What an unconfirmed secret is bound to."""
    return f"mfa.pending:{user.pk}"


@transaction.atomic
def create_totp(user: User, secret: str, step: int, *, actor: User) -> list[str]:
    """Store a confirmed secret, whose code of `step` is used."""
    Authenticator.objects.create(user=user, kind=TOTP, secret=secret, last_step=step)
    codes = authenticators.replace_recovery_codes(user)
    audit.record("user.update", actor=actor, target=user, fields=["second_factor"])
    return codes


@transaction.atomic
def renew_recovery_codes(user: User, *, actor: User) -> list[str]:
    """New recovery codes; those there were are worthless afterwards."""
    if authenticators.lock_authenticator(user, TOTP) is None:
        raise Conflict("There is no second factor to recover.")
    codes = authenticators.replace_recovery_codes(user)
    audit.record("user.update", actor=actor, target=user, fields=["recovery_codes"])
    return codes


@transaction.atomic
def remove_second_factor(user: User, *, except_key: str | None = None, actor: User) -> None:
    """Let the password alone suffice again, and end the user's other sessions."""
    if not Authenticator.objects.owned_by(user).delete()[0]:
        raise Conflict("There is no second factor.")
    end_sessions(user, except_key=except_key, actor=actor)
    audit.record("user.update", actor=actor, target=user, fields=["second_factor"])
