"""The hasher of the tests stands in for the product's, which stays as expensive as it is."""

from django.contrib.auth.hashers import (
    Argon2PasswordHasher,
    check_password,
    get_hasher,
    make_password,
)

from youworker import settings as product
from youworker.tests.support.passwords import QuickPasswordHasher


def test_the_product_hashes_at_full_cost(settings):
    settings.PASSWORD_HASHERS = product.PASSWORD_HASHERS

    hasher = get_hasher()

    assert type(hasher) is Argon2PasswordHasher
    assert hasher.memory_cost >= 19 * 1024  # KiB, the least that OWASP recommends


def test_the_product_knows_the_hashes_of_the_tests_and_replaces_them(settings):
    replaced = []
    assert type(get_hasher()) is QuickPasswordHasher
    quick = make_password("correct horse")

    settings.PASSWORD_HASHERS = product.PASSWORD_HASHERS

    assert check_password("correct horse", quick, setter=replaced.append)
    assert replaced == ["correct horse"]
    assert not check_password("wrong", quick)
