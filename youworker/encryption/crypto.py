"""Authenticated encryption of single values, bound to the row they stand in."""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from youworker.encryption.keyfile import KeyFile

SEPARATOR = b"\x00"
SHOWN = 12


class Undecryptable(Exception):
    """The stored token is damaged, of another row, or of a key that is gone."""


def current_keys() -> tuple[str, ...]:
    """The keys, the first encrypts; a key file is looked at each time, which costs microseconds."""
    keys = settings.MESSAGE_ENCRYPTION_KEYS
    return keys.current() if isinstance(keys, KeyFile) else tuple(keys)


@lru_cache(maxsize=8)
def ring(keys: tuple[str, ...]) -> tuple[Fernet, ...]:
    """One cipher for each key."""
    try:
        return tuple(Fernet(key) for key in keys)
    except ValueError as error:
        raise ImproperlyConfigured(
            "MESSAGE_ENCRYPTION_KEYS must be URL-safe base64 keys of 32 bytes, comma separated."
        ) from error


@lru_cache(maxsize=8)
def cipher(keys: tuple[str, ...]) -> MultiFernet:
    """The cipher for a list of keys; the first one encrypts."""
    return MultiFernet(ring(keys))


def current_cipher() -> MultiFernet:
    """The cipher of the current keys."""
    return cipher(current_keys())


def encrypt(text: str, *, context: str) -> str:
    """Encrypt `text` for the place named by `context` (row and field)."""
    token = current_cipher().encrypt(context.encode() + SEPARATOR + text.encode())
    return token.decode()


def decrypt(token: str, *, context: str) -> str:
    """The text of `token`; raises `Undecryptable` when it was made for another place."""
    try:
        plain = current_cipher().decrypt(token.encode())
    except InvalidToken as error:
        raise Undecryptable from error
    found, _, text = plain.partition(SEPARATOR)
    if not hmac.compare_digest(found, context.encode()):
        raise Undecryptable
    return text.decode()


def renewed(token: str) -> tuple[str, str]:
    """The token under the first key, the same one when it is already, and what it is bound to.

    The binding stays as it is. Raises `Undecryptable` when no key opens the token.
    """
    raw, (first, *older) = token.encode(), ring(current_keys())
    for each in (first, *older):
        try:
            plain = each.decrypt(raw)
        except InvalidToken:
            continue
        context = plain.partition(SEPARATOR)[0].decode(errors="replace")
        if each is first:
            return token, context
        # The time in the token stays that of the writing: eight bytes behind the version.
        written = int.from_bytes(base64.urlsafe_b64decode(raw[:12])[1:], "big")
        return first.encrypt_at_time(plain, written).decode(), context
    raise Undecryptable


def fingerprints() -> list[str]:
    """One identifier per configured key, from which the key cannot be derived."""
    return [fingerprint(key) for key in current_keys()]


@lru_cache(maxsize=32)
def fingerprint(key: str) -> str:
    """A SHA-256 in hexadecimal, under a label of its own."""
    raw = base64.urlsafe_b64decode(key)
    return hashlib.sha256(b"youworker key fingerprint" + raw).hexdigest()
