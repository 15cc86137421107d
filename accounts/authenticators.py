"""Codes of authenticator apps and recovery codes; allauth's rows, encrypted with our keys."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.db import transaction

from youworker.common import crypto

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.models import User

logger = logging.getLogger(__name__)

# What allauth and this module keep encrypted in a row's data.
SEALED = {"secret", "seed"}

# The row whose secrets are being written or read; without one there is no encryption at all.
place: ContextVar[str] = ContextVar("place")


@contextmanager
def secrets_of(user: User, kind: str) -> Iterator[None]:
    """Bind what allauth encrypts and decrypts meanwhile to one authenticator."""
    token = place.set(f"mfa.{kind}:{user.pk}")
    try:
        yield
    finally:
        place.reset(token)


class Adapter(DefaultMFAAdapter):
    """Encrypts what allauth stores."""

    def encrypt(self, text: str) -> str:
        return crypto.encrypt(text, context=place.get())

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.decrypt(encrypted_text, context=place.get())

    def get_totp_label(self, user: Any) -> str:
        return str(user.get_username())


def authenticator_of(user: User, kind: str) -> Authenticator | None:
    """The user's authenticator app or recovery codes, locked until the transaction ends."""
    rows = Authenticator.objects.select_for_update()
    return rows.filter(user=user, type=kind).first()


def step_of(secret: str, code: str) -> int | None:
    """The time step a code belongs to, if it is one of now."""
    for step in yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step))):
            return int(step)
    return None


@transaction.atomic
def use_code(user: User, code: str) -> bool:
    """Whether a code is right; it is worthless afterwards."""
    try:
        return use_app_code(user, code) or use_recovery_code(user, code)
    except crypto.Undecryptable:
        logger.exception("the second factor of user %s cannot be decrypted", user.pk)
        return False


def use_app_code(user: User, code: str) -> bool:
    """Whether an app shows this code; a step and those before it count once."""
    row = authenticator_of(user, Authenticator.Type.TOTP)
    if row is None:
        return False
    with secrets_of(user, row.type):
        secret = Adapter().decrypt(row.data["secret"])
    step = step_of(secret, code)
    if step is None or step <= row.data["step"]:
        return False
    row.data["step"] = step
    row.save(update_fields=["data"])
    row.record_usage()
    return True


def use_recovery_code(user: User, code: str) -> bool:
    """Whether this is a recovery code that was not used."""
    row = authenticator_of(user, Authenticator.Type.RECOVERY_CODES)
    if row is None:
        return False
    with secrets_of(user, row.type):
        right: bool = RecoveryCodes(row).validate_code(code)
    if right:
        row.record_usage()
    return right


def new_recovery_codes(user: User) -> list[str]:
    """Recovery codes instead of those there were."""
    kind = Authenticator.Type.RECOVERY_CODES
    Authenticator.objects.filter(user=user, type=kind).delete()
    with secrets_of(user, kind):
        codes: list[str] = RecoveryCodes.activate(user).generate_codes()
    return codes


@transaction.atomic
def reencrypt_second_factors(*, dry_run: bool = False) -> tuple[int, int]:
    """Encrypt all secrets with the first key; how many had an older one, how many none we have."""
    old = damaged = 0
    for row in Authenticator.objects.select_for_update():
        for name in sorted(SEALED & set(row.data)):
            try:
                fresh, _context = crypto.renewed(row.data[name])
            except crypto.Undecryptable:
                damaged += 1
                continue
            old += fresh != row.data[name]
            row.data[name] = fresh
        if not dry_run:
            row.save(update_fields=["data"])
    return old, damaged


def recovery_codes_left(row: Authenticator | None) -> int:
    """How many recovery codes were not used."""
    if row is None:
        return 0
    return int(app_settings.RECOVERY_CODE_COUNT) - int(row.data["used_mask"]).bit_count()
