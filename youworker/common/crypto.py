"""Authenticated encryption of single values, bound to the row they stand in."""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

SEPARATOR = b"\x00"


class Undecryptable(Exception):
    """The stored token is damaged, of another row, or of a key that is gone."""


def current_keys() -> tuple[str, ...]:
    """The keys, the first encrypts."""
    return tuple(settings.MESSAGE_ENCRYPTION_KEYS)


@lru_cache(maxsize=4)
def cipher(keys: tuple[str, ...]) -> MultiFernet:
    """The cipher for a list of keys; the first one encrypts."""
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured(
            "MESSAGE_ENCRYPTION_KEYS must be URL-safe base64 keys of 32 bytes, comma separated."
        ) from error


def current_cipher() -> MultiFernet:
    """The cipher of the configured keys."""
    return cipher(tuple(settings.MESSAGE_ENCRYPTION_KEYS))


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


def fingerprints() -> list[str]:
    """One identifier per configured key, from which the key cannot be derived."""
    return [fingerprint(key) for key in settings.MESSAGE_ENCRYPTION_KEYS]


def fingerprint(key: str) -> str:
    """A SHA-256 in hexadecimal, under a label of its own."""
    raw = base64.urlsafe_b64decode(key)
    return hashlib.sha256(b"youworker key fingerprint" + raw).hexdigest()
