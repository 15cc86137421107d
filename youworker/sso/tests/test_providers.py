"""Habits of identity providers, over HTTP: whose word counts, and what is put up with."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from accounts.models import LinkedIdentity, User
from accounts.tests.factories import UserFactory
from youworker.sso.tests.conftest import Browser
from youworker.tests.support.configuring import override_config
from youworker.tests.support.identity_provider import CLIENT_ID

ADA = {"sub": "u-1", "preferred_username": "ada", "email": "ada@corp.example"}
SALES = ("sales=Sales",)


@pytest.fixture(autouse=True)
def _ada(provider):
    provider.claims = {**ADA, "email_verified": True}


def require_nobody(browser, answer, status=401):
    assert answer.status_code == status, answer.content
    assert browser.me() is None


def groups_of(browser):
    return [group["name"] for group in browser.me()["groups"]]


@pytest.mark.parametrize(
    ("token", "userinfo"),
    [
        ({"email_verified": True}, {"email_verified": False}),
        ({"email_verified": True}, {"email_verified": None}),
        ({"email_verified": "true"}, {"email_verified": "false"}),
        ({"email": ADA["email"]}, {"email": None}),
        ({"email": ADA["email"]}, {"email": "mallory@corp.example"}),
        ({"email": ADA["email"], "email_verified": False}, {}),
    ],
)
def test_an_address_is_not_vouched_for_by_the_other_source(browser, provider, token, userinfo):
    UserFactory(username="ada", email=ADA["email"])
    provider.token_changes, provider.userinfo_changes = token, userinfo

    require_nobody(browser, browser.sign_in())
    assert not LinkedIdentity.objects.exists()


def test_nobody_takes_an_account_over_by_its_address_as_name(browser, provider):
    victim = UserFactory(username=ADA["email"], email=ADA["email"])
    provider.claims = {"sub": "mallory", "preferred_username": "mallory", "email": ADA["email"]}
    provider.token_changes = {"email_verified": True}
    provider.userinfo_changes = {"email_verified": False}

    browser.sign_in()

    assert browser.me()["id"] != str(victim.pk)
    assert browser.me()["email"] == ""


@pytest.mark.parametrize("said", [True, "true"])
def test_a_verified_address_links_whichever_source_tells_it_all(browser, provider, said):
    user = UserFactory(username="ada", email=ADA["email"])
    provider.claims["email_verified"] = said

    browser.sign_in()

    assert browser.me()["id"] == str(user.pk)


@pytest.mark.parametrize("headers", [{}, {"typ": None}, {"typ": "userinfo+jwt"}])
def test_a_signed_userinfo_is_read(browser, provider, headers):
    provider.claims["name"] = "Ada Lovelace"
    provider.userinfo_headers = headers

    assert browser.sign_in().status_code == 302
    assert browser.me()["display_name"] == "Ada Lovelace"


@pytest.mark.parametrize("audience", [CLIENT_ID, [CLIENT_ID], ["other", CLIENT_ID]])
def test_a_signed_userinfo_may_say_for_whom_it_is(browser, provider, audience):
    provider.userinfo_headers = {}
    provider.userinfo_changes = {"iss": provider.issuer, "aud": audience}

    assert browser.sign_in().status_code == 302


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"exp": 1},
        {"sub": "u-2"},
        {"sub": None},
    ],
)
def test_a_signed_userinfo_for_somebody_else_is_refused(browser, provider, changes):
    provider.userinfo_headers = {}
    provider.userinfo_changes = changes

    require_nobody(browser, browser.sign_in())


@pytest.mark.parametrize("forged", ["other key", "no signature", "shared secret", "damaged"])
def test_a_userinfo_without_the_providers_signature_is_refused(browser, provider, forged):
    location = browser.visit_provider(browser.start()["Location"])
    genuine = provider.sign(provider.claims, {"kid": "key-1"})
    key, algorithm = provider.signing_key, provider.algorithm
    if forged == "other key":
        provider.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    elif forged == "no signature":
        provider.signing_key, provider.algorithm = None, "none"
    elif forged == "shared secret":
        provider.signing_key, provider.algorithm = "s" * 32, "HS256"
    token = provider.sign(provider.claims, {"kid": "key-1"})
    provider.signing_key, provider.algorithm = key, algorithm
    if forged == "damaged":
        token = genuine[:-8] + "AAAAAAAA"
    provider.instead["userinfo"] = (200, {"Content-Type": "application/jwt"}, token.encode())

    require_nobody(browser, browser.get(location))


@pytest.mark.parametrize(
    "body", [b"a.b.c.d.e", b"..", b"eyJhbGciOiJSUzI1NiJ9.e30.x", b"\xff.\xff.x"]
)
def test_a_userinfo_that_cannot_be_opened_is_refused(browser, provider, body):
    provider.instead["userinfo"] = (200, {"Content-Type": "application/jwt"}, body)

    require_nobody(browser, browser.sign_in())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410])
def test_a_refused_userinfo_leaves_what_the_token_says(browser, provider, status):
    provider.token_changes = {"preferred_username": "ada", "name": "Ada Lovelace"}
    provider.instead["userinfo"] = (status, {"WWW-Authenticate": "Bearer"}, b"<html>")

    assert browser.sign_in().status_code == 302
    me = browser.me()
    assert (me["username"], me["display_name"], me["email"]) == ("ada", "Ada Lovelace", "")


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("Ada Lovelace", "Ada-Lovelace"),
        ("O'Brien", "OBrien"),
        ("Lovelace, Ada", "Lovelace-Ada"),
        ("corp:ada", "corp-ada"),
        ("ada_gmail.com#EXT#@corp.example", "ada_gmail.com-EXT-@corp.example"),
        ("ada 🦊", "ada"),
        ("x" * 180, "x" * 150),
        ("🦊", "ada@corp.example"),
        (None, "ada@corp.example"),
        (["ada"], "ada@corp.example"),
    ],
)
def test_a_first_sign_in_is_not_refused_for_its_name(browser, provider, given, made):
    provider.claims["preferred_username"] = given

    assert browser.sign_in().status_code == 302
    assert browser.me()["username"] == made
    assert browser.me()["display_name"] == (given[:150] if isinstance(given, str) else "")
    assert Browser().sign_in().status_code == 302
    assert User.objects.count() == 1


def test_whoever_is_said_to_have_no_name_at_all_gets_one(browser, provider):
    provider.claims = {"sub": "0f1e"}

    assert browser.sign_in().status_code == 302
    assert browser.me()["username"] == "user"


def test_memberships_outlive_a_sign_in_that_does_not_list_groups(browser, provider):
    with override_config("identity", group_map=SALES):
        provider.claims["groups"] = ["sales"]
        browser.sign_in()
        for marks in ({}, {"hasgroups": True}, {"_claim_names": {"groups": "src1"}}):
            provider.claims.pop("groups", None)
            provider.token_changes = marks
            browser.sign_in()
            assert groups_of(browser) == ["Sales"]

        provider.token_changes = {}
        provider.claims["groups"] = []
        browser.sign_in()
        assert groups_of(browser) == []


def test_memberships_end_with_the_claim_where_the_operator_says_so(browser, provider):
    with override_config("identity", group_map=SALES, missing_groups="remove"):
        provider.claims["groups"] = ["sales"]
        browser.sign_in()
        del provider.claims["groups"]
        browser.sign_in()

    assert groups_of(browser) == []


@pytest.mark.parametrize("length", [191, 192, 255])
@pytest.mark.parametrize("letter", ["s", "ß"])
def test_a_subject_may_be_as_long_as_the_standard_has_it(browser, provider, length, letter):
    provider.claims["sub"] = letter * length

    first, again = browser.sign_in(), Browser().sign_in()

    assert (first.status_code, again.status_code) == (302, 302)
    assert LinkedIdentity.objects.get().subject == letter * length


@pytest.mark.parametrize("configured", ["", "/"])
@pytest.mark.parametrize("published", ["", "/"])
@pytest.mark.parametrize("signed", ["", "/"])
def test_the_last_slash_of_an_issuer_says_nothing(browser, provider, configured, published, signed):
    provider.document_changes = {"issuer": provider.issuer + published}
    provider.token_changes = {"iss": provider.issuer + signed}

    with override_config("identity", oidc_issuer=provider.issuer + configured):
        assert browser.sign_in().status_code == 302
    assert LinkedIdentity.objects.get().issuer == provider.issuer


@pytest.mark.parametrize("stored", ["", "/"])
@pytest.mark.parametrize("configured", ["", "/"])
def test_a_link_is_found_with_and_without_the_slash(browser, provider, stored, configured):
    user = UserFactory(username="grace")
    LinkedIdentity.objects.create(user=user, issuer=provider.issuer + stored, subject="u-1")

    with override_config("identity", oidc_issuer=provider.issuer + configured):
        browser.sign_in()

    assert browser.me()["id"] == str(user.pk)
    assert LinkedIdentity.objects.count() == 1


@pytest.mark.parametrize("ending", ["//", "/x", "?x", "x"])
def test_every_other_difference_of_issuers_counts(browser, provider, ending):
    provider.token_changes = {"iss": provider.issuer + ending}
    require_nobody(browser, browser.sign_in())

    provider.token_changes = {}
    provider.document_changes = {"issuer": provider.issuer + ending}
    require_nobody(browser, browser.start(), 503)
    assert not User.objects.exists()
