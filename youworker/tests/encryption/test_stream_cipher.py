"""Sealed entries of streams."""

import pytest
from cryptography.fernet import Fernet

from youworker.encryption.crypto import Undecryptable
from youworker.encryption.stream_cipher import StreamCipher


def test_an_entry_opens_in_its_place_only():
    cipher = StreamCipher("log", "one")
    sealed = cipher.seal(b"text", b"1 token")

    assert b"text" not in sealed
    assert cipher.open(sealed, b"1 token") == b"text"
    for other, place in (
        (cipher, b"2 token"),
        (cipher, b"1 reasoning"),
        (StreamCipher("log", "two"), b"1 token"),
        (StreamCipher("mail", "one"), b"1 token"),
    ):
        with pytest.raises(Undecryptable):
            other.open(sealed, place)


@pytest.mark.parametrize("damage", [b"", b"short", b'{"text":"never sealed at all"}'])
def test_what_was_never_sealed_is_refused(damage):
    with pytest.raises(Undecryptable):
        StreamCipher("log", "one").open(damage, b"1 token")


def test_a_changed_entry_is_refused():
    cipher = StreamCipher("log", "one")
    sealed = bytearray(cipher.seal(b"text", b"1"))
    sealed[-1] ^= 1

    with pytest.raises(Undecryptable):
        cipher.open(bytes(sealed), b"1")


def test_the_same_entry_is_sealed_differently_each_time():
    cipher = StreamCipher("log", "one")

    assert cipher.seal(b"text", b"1") != cipher.seal(b"text", b"1")


def test_older_keys_read_and_later_ones_are_noticed(settings):
    fresh, old = Fernet.generate_key().decode(), settings.MESSAGE_ENCRYPTION_KEYS[0]
    early = StreamCipher("log", "one")
    sealed = early.seal(b"text", b"1")

    settings.MESSAGE_ENCRYPTION_KEYS = [fresh, old]
    late = StreamCipher("log", "one")

    assert late.open(sealed, b"1") == b"text"
    assert early.open(late.seal(b"late", b"2"), b"2") == b"late"


def test_without_its_key_an_entry_is_unreadable(settings):
    sealed = StreamCipher("log", "one").seal(b"text", b"1")
    settings.MESSAGE_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(Undecryptable):
        StreamCipher("log", "one").open(sealed, b"1")
