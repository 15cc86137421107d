"""Keys, and which of them belong to a database."""

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from youworker.core.models import KeyFingerprint
from youworker.encryption import crypto
from youworker.encryption.keyring import check_keys


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


@pytest.mark.django_db
def test_a_key_that_may_be_in_use_must_not_go(settings):
    old = settings.MESSAGE_ENCRYPTION_KEYS[0]
    check_keys()
    fresh = Fernet.generate_key().decode()
    settings.MESSAGE_ENCRYPTION_KEYS = [fresh, old]
    check_keys()
    settings.MESSAGE_ENCRYPTION_KEYS = [fresh]

    with pytest.raises(ImproperlyConfigured, match=f"lacks {crypto.fingerprint(old)[:12]}"):
        check_keys()


@pytest.mark.django_db
def test_a_retired_key_may_go_and_is_needed_again_once_it_encrypts(settings):
    old, fresh = settings.MESSAGE_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.MESSAGE_ENCRYPTION_KEYS = [fresh, old]
    check_keys()
    KeyFingerprint.objects.filter(fingerprint=crypto.fingerprint(old)).retire()

    settings.MESSAGE_ENCRYPTION_KEYS = [fresh]
    assert check_keys() is False
    settings.MESSAGE_ENCRYPTION_KEYS = [fresh, old]
    check_keys()
    assert KeyFingerprint.objects.retired().count() == 1
    settings.MESSAGE_ENCRYPTION_KEYS = [old, fresh]
    check_keys()

    assert KeyFingerprint.objects.retired().count() == 0


@pytest.mark.django_db
def test_a_retired_key_alone_is_not_enough(settings):
    old, fresh = settings.MESSAGE_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.MESSAGE_ENCRYPTION_KEYS = [fresh, old]
    check_keys()
    KeyFingerprint.objects.filter(fingerprint=crypto.fingerprint(old)).retire()
    settings.MESSAGE_ENCRYPTION_KEYS = [old]

    with pytest.raises(ImproperlyConfigured, match="lacks"):
        check_keys()

    assert KeyFingerprint.objects.retired().count() == 1


def test_renewing_keeps_binding_text_and_time(settings):
    old, fresh = settings.MESSAGE_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    token = Fernet(old).encrypt_at_time(b"a:1\x00text", 1_000_000).decode()
    settings.MESSAGE_ENCRYPTION_KEYS = [fresh, old]

    renewed, bound_to = crypto.renewed(token)

    assert (renewed != token, bound_to) == (True, "a:1")
    assert Fernet(fresh).decrypt(renewed) == b"a:1\x00text"
    assert Fernet(fresh).extract_timestamp(renewed) == 1_000_000
    assert crypto.renewed(renewed) == (renewed, "a:1")
    with pytest.raises(crypto.Undecryptable):
        crypto.renewed("no token")
