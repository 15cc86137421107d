"""Authenticated encryption of the numbered entries of one stream, cheap enough for tokens."""

from __future__ import annotations

import base64
import hmac
import os
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from youworker.encryption.crypto import Undecryptable, current_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

NONCE_BYTES = 12
KEY_BYTES = 32


class StreamCipher:
    """AES-256-GCM with a key of this stream's own, so that an entry opens nowhere else.

    Nonces are random: the same number may be written twice, by a maker and by whoever ends its
    run, and a nonce made of the number would be used for two texts then. NIST SP 800-38D allows
    2^32 random nonces for a key, which no single stream comes near.
    """

    def __init__(self, purpose: str, stream: str) -> None:
        self.purpose, self.stream = purpose, stream
        self.keys: tuple[str, ...] = ()
        self.ciphers: list[AESGCM] = []
        self.use_current_keys()

    def use_current_keys(self) -> bool:
        """Follow a changed list of keys; false when it is the one in use."""
        keys = current_keys()
        if keys == self.keys:
            return False
        self.keys = keys
        self.ciphers = [AESGCM(stream_key(key, self.purpose, self.stream)) for key in keys]
        return True

    def seal(self, data: bytes, place: bytes) -> bytes:
        """Encrypt an entry for its place in the stream."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self.ciphers[0].encrypt(nonce, data, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """The entry; raises `Undecryptable` for another place, other keys, or damage."""
        for opened in self.attempts(sealed, place):
            return opened
        if self.use_current_keys():
            for opened in self.attempts(sealed, place):
                return opened
        raise Undecryptable

    def attempts(self, sealed: bytes, place: bytes) -> Iterator[bytes]:
        """The entry as each key that fits opens it."""
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        if len(nonce) < NONCE_BYTES:
            return
        for each in self.ciphers:
            try:
                yield each.decrypt(nonce, rest, place)
            except InvalidTag:
                continue


def stream_key(key: str, purpose: str, stream: str) -> bytes:
    """The key of one stream."""
    return hmac.digest(purpose_key(key, purpose), stream.encode(), "sha256")


@lru_cache(maxsize=32)
def purpose_key(key: str, purpose: str) -> bytes:
    """The key of one purpose (HKDF, RFC 5869)."""
    derive = HKDF(SHA256(), KEY_BYTES, salt=None, info=f"youworker {purpose}".encode())
    return derive.derive(base64.urlsafe_b64decode(key))
