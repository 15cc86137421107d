"""What two sources say about one person, and which of them is believed."""

import pytest

from youworker.sso.claims import identity_of
from youworker.tests.support.configuring import override_config

ADA, EVE = "ada@corp.example", "eve@corp.example"


@pytest.fixture(autouse=True)
def _issuer():
    with override_config("identity", oidc_issuer="https://id.example/"):
        yield


def read(signed=None, told=None):
    about = {"sub": "u-1"}
    return identity_of({**about, **(signed or {})}, {**about, **told} if told is not None else {})


@pytest.mark.parametrize(
    ("signed", "told", "address"),
    [
        # One source says it all.
        ({"email": ADA, "email_verified": True}, {}, (ADA, True)),
        ({}, {"email": ADA, "email_verified": True}, (ADA, True)),
        ({"email": ADA, "email_verified": False}, {}, (ADA, False)),
        ({"email": ADA}, {}, (ADA, False)),
        # The mark of one source never stands beside the other one's address.
        ({"email_verified": True}, {"email": EVE, "email_verified": False}, (EVE, False)),
        ({"email_verified": True}, {"email": EVE}, (EVE, False)),
        ({"email": EVE}, {"email_verified": True}, (EVE, False)),
        ({"email": EVE}, {"email": ADA, "email_verified": True}, (EVE, False)),
        ({"email": EVE, "email_verified": False}, {"email_verified": True}, (EVE, False)),
        ({"email": EVE, "email_verified": False}, {"email": EVE, "email_verified": True},
         (EVE, False)),
        ({"email": ADA, "email_verified": True}, {"email": EVE, "email_verified": False},
         (ADA, True)),
        ({"email": "", "email_verified": True}, {"email": EVE, "email_verified": False},
         (EVE, False)),
        ({"email": None, "email_verified": True}, {"email": EVE}, (EVE, False)),
        ({"email": [EVE], "email_verified": True}, {"email": EVE}, (EVE, False)),
        ({"email_verified": True}, {}, ("", False)),
        # The same address, with its mark in the userinfo only.
        ({"email": ADA}, {"email": ADA, "email_verified": True}, (ADA, True)),
        ({"email": ADA}, {"email": ADA, "email_verified": "false"}, (ADA, False)),
        # Lists, and addresses that are to be fetched elsewhere, are none.
        ({"email": [ADA, EVE], "email_verified": True}, {}, ("", False)),
        ({"emails": [ADA], "email_verified": True}, {}, ("", False)),
        (
            {
                "_claim_names": {"email": "one"},
                "_claim_sources": {"one": {"JWT": "x.y.z"}},
                "email_verified": True,
            },
            {"email": EVE},
            (EVE, False),
        ),
    ],
)  # fmt: skip
def test_an_address_and_its_mark_come_from_one_source(signed, told, address):
    identity = read(signed, told)

    assert (identity.email, identity.email_verified) == address


@pytest.mark.parametrize(
    ("said", "verified"),
    [
        (True, True),
        ("true", True),
        ("True", True),
        (" TRUE ", True),
        (False, False),
        ("false", False),
        ("", False),
        ("1", False),
        ("yes", False),
        (1, False),
        (1.0, False),
        (None, False),
        ([True], False),
        ({"true": True}, False),
    ],
)
def test_a_mark_is_true_or_the_word_for_it(said, verified):
    assert read({"email": ADA, "email_verified": said}).email_verified is verified


@pytest.mark.parametrize(
    ("signed", "told", "groups"),
    [
        ({"groups": ["a", "b"]}, {}, {"a", "b"}),
        ({}, {"groups": ["a"]}, {"a"}),
        ({"groups": "a"}, {"groups": ["b"]}, {"a"}),
        ({"groups": []}, {"groups": ["b"]}, set()),
        ({}, {"groups": []}, set()),
        ({"groups": ""}, {}, set()),
        ({"groups": ["a", 7, None, ""]}, {}, {"a"}),
        ({"groups": {"admin": {"1": "corp.example"}}}, {}, {"admin"}),
        # Nothing was said.
        ({}, {}, None),
        ({"groups": None}, {}, None),
        ({"groups": 7}, {}, None),
        ({"groups": [{"name": "a"}]}, {}, None),
        # There are more than fit.
        ({"hasgroups": True}, {}, None),
        ({"hasgroups": "true"}, {}, None),
        ({"_claim_names": {"groups": "src1"}}, {}, None),
        ({"_claim_names": {"groups": "src1"}, "groups": []}, {}, None),
        ({"hasgroups": True, "groups": ["a"]}, {}, None),
        ({}, {"_claim_names": {"groups": "src1"}, "groups": ["a"]}, None),
        ({"_claim_names": {"groups": "src1"}}, {"groups": ["a"]}, {"a"}),
        # Other claims that are elsewhere, and strange shapes, say nothing about groups.
        ({"_claim_names": {"address": "src1"}, "groups": ["a"]}, {}, {"a"}),
        ({"_claim_names": "groups", "groups": ["a"]}, {}, {"a"}),
        ({"hasgroups": False, "groups": ["a"]}, {}, {"a"}),
    ],
)
def test_groups_that_are_not_told_are_not_none(signed, told, groups):
    assert read(signed, told).groups == groups


@pytest.mark.parametrize(
    ("signed", "groups"),
    [
        ({}, set()),
        ({"groups": None}, set()),
        ({"hasgroups": True}, None),
        ({"groups": ["a"]}, {"a"}),
    ],
)
def test_an_operator_may_say_that_a_missing_claim_means_no_group(signed, groups):
    with override_config("identity", missing_groups="remove"):
        assert read(signed).groups == groups


def test_too_many_groups_are_told_of_the_claim_that_is_read():
    with override_config("identity", groups_claim="roles"):
        assert read({"hasgroups": True, "roles": ["a"]}).groups == {"a"}
        assert read({"_claim_names": {"roles": "src1"}, "roles": ["a"]}).groups is None


@pytest.mark.parametrize(
    ("signed", "told", "name"),
    [
        ({"name": "Ada Lovelace"}, {"name": "Eve"}, "Ada Lovelace"),
        ({}, {"name": "Ada Lovelace"}, "Ada Lovelace"),
        ({"given_name": "Ada", "family_name": "Lovelace"}, {}, "Ada Lovelace"),
        ({"given_name": "Ada"}, {"family_name": "Mallory"}, "Ada"),
        ({"given_name": ["Ada"]}, {"given_name": "Ada", "family_name": "King"}, "Ada King"),
        ({"name": 7}, {}, ""),
    ],
)
def test_a_shown_name_comes_from_one_source(signed, told, name):
    assert read(signed, told).display_name == name


@pytest.mark.parametrize(
    ("signed", "told", "username"),
    [
        ({"preferred_username": "ada"}, {"preferred_username": "eve"}, "ada"),
        ({}, {"preferred_username": "ada"}, "ada"),
        ({"email": ADA, "email_verified": True}, {}, ADA),
        ({"email": ADA}, {}, ""),
        ({"email_verified": True}, {"email": EVE}, ""),
        ({"preferred_username": ["ada"]}, {}, ""),
    ],
)
def test_only_an_address_that_was_verified_serves_as_name(signed, told, username):
    assert read(signed, told).username == username


def test_who_somebody_is_comes_from_the_signed_token():
    identity = identity_of({"sub": " u-1"}, {"sub": "u-1", "iss": "https://evil.example"})

    assert (identity.issuer, identity.subject) == ("https://id.example", " u-1")
