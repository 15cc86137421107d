"""The whole dance with an OpenID Connect provider, over HTTP."""

import time
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from accounts.models import LinkedIdentity, User
from accounts.tests.factories import UserFactory
from youworker.sso.tests.conftest import FORM, Browser
from youworker.tests.support.configuring import override_config

ADA = {
    "sub": "u-1",
    "preferred_username": "ada",
    "email": "ada@corp.example",
    "email_verified": True,
    "name": "Ada Lovelace",
}


@pytest.fixture(autouse=True)
def _ada(provider):
    provider.claims = dict(ADA)


def detail(answer):
    return answer.json()["errors"][0]["detail"]


def require_nobody(browser, answer, status=401):
    assert answer.status_code == status, answer.content
    assert answer.json()["errors"]
    assert browser.me() is None


def test_a_new_person_becomes_a_user_and_is_signed_in(browser, provider, actions):
    answer = browser.sign_in()

    assert (answer.status_code, answer["Location"]) == (302, "/")
    me = browser.me()
    assert (me["username"], me["email"], me["display_name"]) == (
        "ada",
        "ada@corp.example",
        "Ada Lovelace",
    )
    user = User.objects.get()
    assert not user.has_usable_password()
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert actions() == ["admin.user.create", "user.update", "user.login"]
    link = LinkedIdentity.objects.get()
    assert (link.issuer, link.subject, link.user) == (provider.issuer, "u-1", user)


def test_the_provider_is_asked_with_proof_and_nonce(browser, provider):
    answer = browser.start()

    url = urlsplit(answer["Location"])
    asked = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert answer.status_code == 302
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) >= 16
    assert len(asked["nonce"]) >= 32
    assert asked["redirect_uri"] == "http://testserver/auth/oidc/callback"
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    assert provider.requests == ["openid-configuration"]


def test_nobody_can_add_to_what_is_asked(browser):
    path = "/auth/oidc/login?scope=admin&auth_params=prompt%3Dnone&process=connect&action=rerequest"
    answer = browser.post(path, "scope=admin", content_type=FORM)
    asked = parse_qs(urlsplit(answer["Location"]).query)

    assert "admin" not in asked["scope"][0]
    assert "prompt" not in asked


def test_the_same_person_is_the_same_user_under_every_name(browser, provider):
    browser.sign_in()
    provider.claims.update(preferred_username="ada.king", email="ada@king.example", name="Ada King")
    other = Browser()

    other.sign_in()

    user = User.objects.get()
    assert other.me()["id"] == str(user.pk)
    assert (user.username, user.email) == ("ada", "ada@king.example")
    assert user.display_name == "Ada King"


def test_userinfo_fills_in_but_never_contradicts_the_signed_token(browser, provider):
    provider.token_changes = {"preferred_username": "grace"}

    browser.sign_in()

    assert browser.me()["username"] == "grace"
    assert browser.me()["email"] == "ada@corp.example"


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "somebody-else"},
        {"aud": None},
        {"azp": "somebody-else"},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"iat": None},
        {"sub": None},
        {"sub": "somebody-else"},
    ],
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(browser, provider, changes):
    provider.token_changes = changes

    require_nobody(browser, browser.sign_in())
    assert not User.objects.exists()


@pytest.mark.parametrize("forged", ["other key", "no signature", "shared secret"])
def test_a_token_without_the_providers_signature_is_refused(browser, provider, forged):
    if forged == "other key":
        provider.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    elif forged == "no signature":
        provider.signing_key, provider.algorithm = None, "none"
    else:
        provider.signing_key, provider.algorithm = "s" * 32, "HS256"

    require_nobody(browser, browser.sign_in())


@pytest.mark.parametrize("userinfo", [{"sub": "u-2"}, {"sub": None}])
def test_userinfo_about_somebody_else_is_refused(browser, provider, userinfo):
    provider.userinfo_changes = userinfo

    require_nobody(browser, browser.sign_in())


def test_a_wrong_state_is_refused_before_the_provider_is_asked(browser, provider):
    callback = browser.visit_provider(browser.start()["Location"])
    asked = list(provider.requests)
    code = parse_qs(urlsplit(callback).query)["code"][0]

    for state in ("", "x" * 16, "\x00"):
        answer = browser.get("/auth/oidc/callback", {"code": code, "state": state})
        require_nobody(browser, answer)
    assert provider.requests == asked


def test_a_sign_in_cannot_be_finished_in_another_browser(browser, provider):
    callback = browser.visit_provider(browser.start()["Location"])
    victim = Browser()
    victim.start()

    require_nobody(victim, victim.get(callback))
    assert browser.get(callback).status_code == 302


def test_a_code_of_another_sign_in_is_refused(browser, provider):
    attacker = Browser()
    stolen = parse_qs(urlsplit(attacker.visit_provider(attacker.start()["Location"])).query)
    own = parse_qs(urlsplit(browser.visit_provider(browser.start()["Location"])).query)

    said = {"code": stolen["code"][0], "state": own["state"][0]}
    answer = browser.get("/auth/oidc/callback", said)

    require_nobody(browser, answer)


def test_a_callback_works_once(browser, provider):
    callback = browser.visit_provider(browser.start()["Location"])
    assert browser.get(callback).status_code == 302
    browser.post("/v1/auth/logout")

    require_nobody(browser, browser.get(callback))


@pytest.mark.parametrize("code", ["x", "x y&z=1", "\x00", "ü", "%", "x" * 5000])
def test_strange_codes_are_worth_nothing(browser, provider, code):
    state = parse_qs(urlsplit(browser.start()["Location"]).query)["state"][0]

    require_nobody(browser, browser.get("/auth/oidc/callback", {"code": code, "state": state}))


def test_a_code_works_once_at_the_provider(browser, provider):
    callback = browser.visit_provider(browser.start()["Location"])
    provider.codes.clear()

    require_nobody(browser, browser.get(callback))


def test_whoever_declines_at_the_provider_is_told(browser):
    state = parse_qs(urlsplit(browser.start()["Location"]).query)["state"][0]

    answer = browser.get("/auth/oidc/callback", {"error": "access_denied", "state": state})

    require_nobody(browser, answer)
    assert detail(answer) == "The identity provider did not sign you in."


def test_a_deactivated_user_is_refused(browser, provider, actions):
    browser.sign_in()
    User.objects.update(is_active=False)

    require_nobody(browser, Browser().sign_in())
    assert actions()[-1] == "auth.login.failed"


def test_a_user_is_linked_by_name_and_verified_address_together(browser, provider):
    user = UserFactory(username="Ada", email="Ada@Corp.example")
    user.set_password("her own password")
    user.save()

    browser.sign_in()

    assert browser.me()["id"] == str(user.pk)
    assert User.objects.get().check_password("her own password")


def test_a_user_whose_name_is_the_verified_address_is_linked(browser, provider):
    user = UserFactory(username="ada@corp.example", email="ada@corp.example")

    browser.sign_in()

    assert browser.me()["id"] == str(user.pk)


@pytest.mark.parametrize(
    ("account", "claims"),
    [
        ({}, {"email_verified": False}),
        ({}, {"email_verified": None}),
        ({}, {"email_verified": "false"}),
        ({}, {"email_verified": "1"}),
        ({}, {"email_verified": 1}),
        ({}, {"email_verified": ["true"]}),
        ({}, {"email": None}),
        ({"email": "somebody@else.example"}, {}),
        ({"email": ""}, {"email": "", "email_verified": True}),
        ({"is_staff": True}, {}),
        ({"is_superuser": True}, {}),
        ({"is_active": False}, {}),
    ],
)
def test_a_name_that_is_taken_is_not_taken_over(browser, provider, account, claims):
    UserFactory(**{"username": "ada", "email": "ada@corp.example", **account})
    provider.claims.update(claims)

    require_nobody(browser, browser.sign_in())
    assert not LinkedIdentity.objects.exists()
    assert User.objects.count() == 1


def test_an_address_that_two_users_claim_links_nobody(browser, provider):
    UserFactory(username="ada", email="ada@corp.example")
    UserFactory(username="mallory", email="ada@corp.example")

    require_nobody(browser, browser.sign_in())


def test_an_address_that_a_user_only_claims_to_have_opens_nothing(browser, provider):
    mallory = UserFactory(username="mallory", email="ada@corp.example")

    browser.sign_in()

    assert browser.me()["username"] == "ada"
    assert browser.me()["id"] != str(mallory.pk)


def test_an_unverified_address_is_not_stored(browser, provider):
    provider.claims["email_verified"] = False

    browser.sign_in()

    assert browser.me()["email"] == ""


@pytest.mark.parametrize("subject", ["", " ", "x" * 256, "nul\0", "\ud800"])
def test_subjects_that_no_row_can_hold_are_refused(browser, provider, subject):
    provider.claims["sub"] = subject

    require_nobody(browser, browser.sign_in())
    assert not User.objects.exists()


def test_the_verified_address_serves_as_name_when_there_is_no_other(browser, provider):
    provider.claims["preferred_username"] = ""

    browser.sign_in()

    assert browser.me()["username"] == "ada@corp.example"


def test_strangers_are_refused_when_users_are_not_created(browser, provider):
    with override_config("identity", create_users=False):
        require_nobody(browser, browser.sign_in())

    assert not User.objects.exists()


def test_groups_follow_the_claim_at_every_sign_in(browser, provider):
    provider.claims["groups"] = ["sales", "it-help", 7]
    with override_config("identity", group_map=("sales=Sales", "it-help=IT")):
        browser.sign_in()
        assert [group["name"] for group in browser.me()["groups"]] == ["IT", "Sales"]

        provider.claims["groups"] = "sales"
        browser.sign_in()
        assert [group["name"] for group in browser.me()["groups"]] == ["Sales"]

        provider.claims["groups"] = []
        browser.sign_in()
        assert browser.me()["groups"] == []


@pytest.mark.parametrize("groups", [7, {"a": 1}, True])
def test_groups_of_a_strange_shape_are_survived(browser, provider, groups):
    provider.claims["groups"] = groups

    assert browser.sign_in().status_code in (302, 401)


@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        ("/v1/redoc?x=1", "/v1/redoc?x=1"),
        ("http://testserver/v1/redoc", "http://testserver/v1/redoc"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("///evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http://testserver@evil.example/", "/"),
        ("ftp://testserver/", "/"),
    ],
)
def test_people_come_back_to_our_own_pages_only(browser, provider, wanted, location):
    assert browser.sign_in(next=wanted)["Location"] == location


def test_a_signed_in_person_can_change_who_he_is(browser, provider):
    browser.force_login(UserFactory(username="grace"))

    browser.sign_in()

    assert browser.me()["username"] == "ada"


def test_sign_in_starts_from_our_pages_and_by_post(browser, provider):
    assert browser.get("/auth/oidc/login").status_code == 405
    refused = browser.post("/auth/oidc/login", "", FORM, headers={"Origin": "https://evil.example"})
    ours = browser.post(
        "/auth/oidc/login", "", FORM, headers={"Origin": "http://testserver", "Host": "testserver"}
    )

    assert (refused.status_code, ours.status_code) == (403, 302)


@pytest.mark.parametrize("body", [b"[]", b'{"next": 7}', b'"x"', b"{"])
def test_a_strange_form_is_no_error_of_ours(browser, body):
    answer = browser.post("/auth/oidc/login", body, content_type="application/json")

    assert answer.status_code in (302, 400)


@pytest.mark.usefixtures("rate_limits")
def test_sign_in_is_limited(browser):
    assert [browser.start().status_code for _ in range(11)] == [302] * 10 + [429]


def test_a_provider_that_is_down_is_a_sentence_and_one_line_of_log(browser, provider, caplog):
    callback = browser.visit_provider(browser.start()["Location"])
    provider.down = True

    answers = [browser.start(), browser.get(callback)]

    for answer in answers:
        require_nobody(browser, answer, 503)
        assert detail(answer) == "The identity provider does not answer; try again later."
    ours = [row for row in caplog.records if row.name == "youworker.sso.services"]
    assert [(row.levelname, row.exc_info) for row in ours] == [("WARNING", None)] * 2


@pytest.fixture
def person():
    """A browser that says it shows pages."""
    return Browser(headers={"Accept": "text/html,*/*;q=0.8"})


def test_people_read_on_a_page_why_they_cannot_go_to_the_provider(person, provider):
    provider.down = True

    answer = person.start()

    assert (answer.status_code, answer["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert "The identity provider does not answer; try again later." in answer.text


SIGN_IN_FOR_REDOC = 'href="/sign-in?next=%2Fv1%2Fredoc%3Fx%3D1"'


def test_who_cannot_go_to_the_provider_comes_to_the_wanted_page_another_time(person, provider):
    provider.down = True

    answer = person.start(next="/v1/redoc?x=1")

    assert SIGN_IN_FOR_REDOC in answer.text


@pytest.mark.usefixtures("rate_limits")
def test_who_tried_too_often_comes_to_the_wanted_page_another_time(person):
    answers = [person.start(next="/v1/redoc?x=1") for _ in range(11)]

    assert answers[-1].status_code == 429
    assert SIGN_IN_FOR_REDOC in answers[-1].text


@pytest.mark.parametrize("trouble", ["declined", "down"])
def test_who_comes_back_signed_out_comes_to_the_wanted_page_another_time(person, provider, trouble):
    there = person.start(next="/v1/redoc?x=1")["Location"]
    callback = person.visit_provider(there)
    provider.down = trouble == "down"
    state = parse_qs(urlsplit(callback).query)["state"][0]
    declined = f"/auth/oidc/callback?error=access_denied&state={state}"

    answer = person.get(callback if trouble == "down" else declined)

    assert answer.status_code == (503 if trouble == "down" else 401)
    assert SIGN_IN_FOR_REDOC in answer.text
    # What the provider said counts once.
    assert "/auth/oidc/callback" not in answer.text


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_another_attempt_leads_to_our_own_pages_only(person, provider, wanted):
    provider.down = True

    answer = person.start(next=wanted)

    assert answer.status_code == 503
    assert 'href="/sign-in"' in answer.text
    assert "evil" not in answer.text
    assert "javascript:" not in answer.text


def test_a_sign_in_that_nobody_remembers_can_be_begun_again(person, provider):
    answer = person.get("/auth/oidc/callback?code=c&state=s")

    assert answer.status_code == 401
    assert 'href="/sign-in"' in answer.text


@pytest.mark.usefixtures("rate_limits")
def test_people_read_on_a_page_that_they_tried_too_often(person):
    answers = [person.start() for _ in range(11)]

    assert [answer.status_code for answer in answers] == [302] * 10 + [429]
    assert answers[-1]["Content-Type"] == "text/html; charset=utf-8"
    assert answers[-1]["Retry-After"]


def test_a_provider_that_is_gone_is_a_sentence(browser, provider):
    with override_config("identity", oidc_issuer="http://127.0.0.1:9/"):
        require_nobody(browser, browser.start(), 503)


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"authorization_endpoint": None},
        {"jwks_uri": None},
        {"token_endpoint": 7},
    ],
)
def test_a_provider_that_talks_nonsense_is_an_error_of_its_own(browser, provider, document):
    provider.document_changes = document

    answer = browser.start()
    if answer.status_code == 302:
        answer = browser.get(browser.visit_provider(answer["Location"]))

    assert answer.status_code in (401, 503)
    assert browser.me() is None


def test_a_wrong_client_secret_signs_nobody_in(browser, provider):
    with override_config("identity", oidc_client_secret="wrong"):
        require_nobody(browser, browser.sign_in())


def test_without_a_provider_its_pages_do_not_exist(browser, provider):
    with override_config("identity", oidc_issuer=""):
        assert browser.start().status_code == 404
        assert browser.get("/auth/oidc/callback").status_code == 404


def test_new_keys_of_the_provider_count_at_once_and_former_ones_no_more(browser, provider):
    former = provider.signing_key
    browser.sign_in()
    provider.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    provider.published_key = provider.signing_key.public_key()

    assert Browser().sign_in().status_code == 302
    provider.signing_key = former
    require_nobody(Browser(), Browser().sign_in())


@pytest.mark.parametrize("methods", [["client_secret_basic"], ["client_secret_post"], None])
def test_the_client_proves_itself_as_the_provider_wants_it(browser, provider, methods):
    provider.document_changes = {"token_endpoint_auth_methods_supported": methods}

    assert browser.sign_in().status_code == 302


HTML = {"Content-Type": "text/html"}


@pytest.mark.parametrize("page", ["openid-configuration", "token", "jwks", "userinfo"])
@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>"), (200, b"[]"), (200, b"null"), (200, b"{}"), (200, b"{" * 2_000_000)],
)
def test_answers_that_are_none_sign_nobody_in(browser, provider, page, status, body):
    callback = browser.visit_provider(browser.start()["Location"])
    provider.instead[page] = (status, HTML, body)

    require_nobody(browser, browser.get(callback))


@pytest.mark.parametrize("status", [404, 429, 503])
@pytest.mark.parametrize("page", ["openid-configuration", "token", "jwks", "userinfo"])
def test_refusals_of_the_provider_are_a_sentence(browser, provider, page, status):
    callback = browser.visit_provider(browser.start()["Location"])
    provider.instead[page] = (status, HTML, b"<html>")

    answer = browser.get(callback)

    if (page, status) == ("userinfo", 404):
        assert answer.status_code == 302
    else:
        own = page == "token" and status < 500
        require_nobody(browser, answer, 401 if own else 503)


def test_our_secret_is_not_sent_on(browser, provider):
    callback = browser.visit_provider(browser.start()["Location"])
    elsewhere = {"Location": f"{provider.issuer}/collect"}
    provider.instead["token"] = (307, elsewhere, b"")

    require_nobody(browser, browser.get(callback), 503)
    assert "collect" not in provider.requests


def test_a_document_that_has_moved_is_found(browser, provider):
    moved = {"Location": f"{provider.issuer}/moved/jwks"}
    provider.document_changes = {"jwks_uri": f"{provider.issuer}/old"}
    provider.instead["old"] = (302, moved, b"")

    assert browser.sign_in().status_code == 302


def test_nothing_but_what_is_asked_for_is_sent_to_the_provider(browser, provider):
    browser.sign_in()

    assert provider.requests == [
        "openid-configuration",
        "authorize",
        "openid-configuration",
        "token",
        "jwks",
        "userinfo",
    ]


def test_behind_tls_the_provider_sends_people_back_over_tls(browser, configured):
    configured("security", https=True)

    asked = parse_qs(urlsplit(browser.start()["Location"]).query)

    assert asked["redirect_uri"] == ["https://testserver/auth/oidc/callback"]


def test_the_double_refuses_what_a_real_provider_refuses(provider, browser):
    location = browser.start()["Location"]

    assert httpx2.get(location.replace("S256", "plain")).status_code == 400
    assert httpx2.get(f"{provider.issuer}/userinfo").status_code == 401
    assert httpx2.post(f"{provider.issuer}/token", data={"code": "x"}).status_code == 400


@pytest.mark.parametrize("name", ["v\u0131c", "vic"])
@pytest.mark.parametrize(
    "email", ["v\u0131c@silk.example", "vic@\u017filk.example", "vic@sil\u212a.example"]
)
def test_letters_whose_capitals_are_alike_prove_nothing(browser, provider, name, email):
    victim = UserFactory(username="vic", email="vic@silk.example")
    provider.claims = {"sub": "u-9", "preferred_username": name}
    provider.claims |= {"email": email, "email_verified": True}

    browser.sign_in()

    assert not victim.linked_identities.exists()
    victim.refresh_from_db()
    assert victim.email == "vic@silk.example"
