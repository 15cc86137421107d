"""Codes of authenticator apps and recovery codes: made, checked and used up."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from pyotp import TOTP, random_base32
from pyotp.exceptions import OTPVerificationError

from accounts.enums import AuthenticatorKind
from accounts.models import Authenticator
from youworker.encryption.fields import Damaged

if TYPE_CHECKING:
    from accounts.models import User

ISSUER = "YouWorker"
# Clocks may be half a minute apart; a step that was used is refused all the same.
STEPS_BESIDE = 1
# As many as people can keep on a slip of paper; guesses are limited per account.
RECOVERY_CODES = 10
RECOVERY_DIGITS = 8


def new_secret() -> str:
    """A secret for an app: 160 bits in base32, as RFC 4226 recommends."""
    return random_base32()


def otpauth_uri(user: User, secret: str) -> str:
    """What an app reads from a QR code."""
    return TOTP(secret).provisioning_uri(name=user.get_username(), issuer_name=ISSUER)


def bare_code(code: str) -> str:
    """A code without the blanks and hyphens people write between its digits."""
    return "".join(filter(str.isalnum, code)).lower()


def find_step(secret: str, code: str) -> int | None:
    """The time step a code belongs to, if it is one of now."""
    try:
        return TOTP(secret).verify_and_get_timecode(bare_code(code), valid_window=STEPS_BESIDE)
    except OTPVerificationError:
        return None


def use_code(user: User, code: str) -> bool:
    """Whether a code is right; it is worthless afterwards."""
    return use_app_code(user, code) or use_recovery_code(user, code)


def use_app_code(user: User, code: str) -> bool:
    """Whether an app shows this code; a step and those before it count once."""
    row = Authenticator.objects.owned_by(user).filter(kind=AuthenticatorKind.TOTP).first()
    if row is None or isinstance(row.secret, Damaged):
        return False
    step = find_step(row.secret, code)
    return step is not None and Authenticator.objects.use_step(row.pk, step)


@transaction.atomic
def use_recovery_code(user: User, code: str) -> bool:
    """Whether this is a recovery code that was not used."""
    row = lock_authenticator(user, AuthenticatorKind.RECOVERY_CODES)
    given = bare_code(code)
    if row is None or isinstance(row.secret, Damaged) or not given:
        return False
    left = [each for each in row.secret if not constant_time_compare(each, given)]
    if len(left) == len(row.secret):
        return False
    row.secret, row.last_used_at = left, timezone.now()
    row.save_fields("secret", "last_used_at")
    return True


def lock_authenticator(user: User, kind: str) -> Authenticator | None:
    """The user's authenticator of a kind, locked until the transaction ends."""
    return Authenticator.objects.owned_by(user).filter(kind=kind).select_for_update().first()


@transaction.atomic
def replace_recovery_codes(user: User) -> list[str]:
    """Store new recovery codes instead of those there were."""
    kind = AuthenticatorKind.RECOVERY_CODES
    Authenticator.objects.owned_by(user).filter(kind=kind).delete()
    row = Authenticator(user=user, kind=kind)
    row.secret = codes = new_recovery_codes()
    row.save(force_insert=True)
    return codes


def new_recovery_codes() -> list[str]:
    """Codes that nobody can guess, each of them another one."""
    codes: set[str] = set()
    while len(codes) < RECOVERY_CODES:
        codes.add(f"{secrets.randbelow(10**RECOVERY_DIGITS):0{RECOVERY_DIGITS}}")
    return list(codes)


def count_recovery_codes(row: Authenticator | None) -> int:
    """How many recovery codes were not used."""
    return 0 if row is None or isinstance(row.secret, Damaged) else len(row.secret)
