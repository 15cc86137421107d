"""Keys, and which of them belong to a database."""

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from youworker.common import crypto
from youworker.common.keyring import check_keys
from youworker.common.models import KeyFingerprint


def test_decrypt_refuses_another_context():
    token = crypto.encrypt("text", context="a:1")

    assert crypto.decrypt(token, context="a:1") == "text"
    with pytest.raises(crypto.Undecryptable):
        crypto.decrypt(token, context="a:2")


def test_text_with_the_separator_comes_back():
    token = crypto.encrypt("a\x00b", context="c")

    assert crypto.decrypt(token, context="c") == "a\x00b"


def test_a_malformed_key_is_named(settings):
    settings.MESSAGE_ENCRYPTION_KEYS = ["short"]

    with pytest.raises(ImproperlyConfigured, match="MESSAGE_ENCRYPTION_KEYS"):
        crypto.encrypt("text", context="c")


def test_fingerprints_do_not_contain_the_keys(settings):
    settings.MESSAGE_ENCRYPTION_KEYS = [Fernet.generate_key().decode() for _ in range(2)]

    found = crypto.fingerprints()

    assert len(set(found)) == 2
    assert all(len(one) == 64 for one in found)
    assert not set(found) & set(settings.MESSAGE_ENCRYPTION_KEYS)


@pytest.mark.django_db
def test_the_first_start_stores_the_fingerprints(settings):
    assert check_keys() is True
    assert check_keys() is False

    stored = set(KeyFingerprint.objects.values_list("fingerprint", flat=True))
    assert stored == set(crypto.fingerprints())


@pytest.mark.django_db
def test_a_new_key_beside_a_known_one_is_added(settings):
    check_keys()
    settings.MESSAGE_ENCRYPTION_KEYS = [
        Fernet.generate_key().decode(),
        *settings.MESSAGE_ENCRYPTION_KEYS,
    ]

    check_keys()

    assert KeyFingerprint.objects.count() == 2


@pytest.mark.django_db
def test_a_database_of_other_keys_is_refused(settings):
    check_keys()
    settings.MESSAGE_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(ImproperlyConfigured, match="none of the keys"):
        check_keys()

    assert KeyFingerprint.objects.count() == 1
