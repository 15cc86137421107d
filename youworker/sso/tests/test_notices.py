"""What operators are told about sign-in."""

import pytest
from django.utils.translation import override

from youworker.sso.notices import sign_in_notices
from youworker.tests.support.configuring import override_config


def test_nothing_is_said_by_default():
    assert list(sign_in_notices()) == []


@pytest.mark.parametrize(
    ("section", "values", "words"),
    [
        ("security", {"trusted_proxies": ("10.0.0.1",)}, ["X-Authentik-Username"]),
        ("security", {"trusted_proxies": ("10.0.0.0/8",)}, ["X-Authentik", "10.0.0.0/8"]),
        ("security", {"trusted_proxies": ("fd00::/64",)}, ["X-Authentik", "fd00::/64"]),
        ("identity", {"oidc_issuer": "https://id.example"}, ["OIDC_CLIENT_ID"]),
        (
            "identity",
            {"oidc_issuer": "http://id.example", "oidc_client_id": "x"},
            ["http://id.example"],
        ),
        ("identity", {"oidc_issuer": "http://127.0.0.1:1", "oidc_client_id": "x"}, []),
    ],
)
def test_operators_are_told(section, values, words):
    with override_config(section, **values):
        said = list(sign_in_notices())
        with override("it"):
            italian = list(sign_in_notices())

    assert len(said) == len(italian) == len(words)
    assert all(word in line for word, line in zip(words, said, strict=True))
    assert all(word in line for word, line in zip(words, italian, strict=True))
    assert not set(said) & set(italian)


def test_a_proxy_that_signs_nobody_in_needs_no_warning():
    with (
        override_config("security", trusted_proxies=("10.0.0.1",)),
        override_config("identity", sso_user_header="None"),
    ):
        assert list(sign_in_notices()) == []
