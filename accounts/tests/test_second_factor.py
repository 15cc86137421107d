"""The second factor: set up, asked for, used once, removed."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.fernet import Fernet
from django.test import Client
from django.utils import timezone

from accounts import authenticators, services
from accounts.models import Authenticator, SignIn
from accounts.services import second_factor
from accounts.tests.conftest import PASSWORD
from accounts.tests.factories import UserFactory, code_of, second_factor_for
from youworker.core.exceptions import Conflict
from youworker.encryption import rotation
from youworker.encryption.fields import Ciphertext

TOTP = "/v1/account/mfa/totp"


def send(client, path, method="post", **body):
    return getattr(client, method)(path, body, content_type="application/json")


def error_of(answer):
    return answer.json()["errors"][0]


def test_setting_it_up_shows_a_secret_and_then_recovery_codes_once(browser, ada, actions):
    before = browser.get("/v1/account/mfa").json()
    begun = send(browser, TOTP).json()
    unchanged = browser.get("/v1/account/mfa").json()
    confirmed = send(browser, f"{TOTP}/confirm", code=code_of(begun["secret"]))

    uri = urlsplit(begun["otpauth_uri"])
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/YouWorker:ada")
    assert parse_qs(uri.query) == {"secret": [begun["secret"]], "issuer": ["YouWorker"]}
    off = {"totp": {"enabled": False, "created_at": None}, "recovery_codes_left": 0}
    assert before == unchanged == off
    codes = confirmed.json()["recovery_codes"]
    assert len(set(codes)) == 10
    after = browser.get("/v1/account/mfa").json()
    assert after["totp"]["enabled"]
    assert after["recovery_codes_left"] == 10
    assert actions() == ["user.login", "user.update"]


def test_no_secret_is_stored_in_the_clear(browser, ada):
    secret = send(browser, TOTP).json()["secret"]
    pending = json.dumps(dict(browser.session.items()))
    codes = send(browser, f"{TOTP}/confirm", code=code_of(secret)).json()["recovery_codes"]

    stored = json.dumps(list(Authenticator.objects.values_list("secret", flat=True)))
    assert secret not in pending + stored
    assert not any(code in stored for code in codes)
    assert "totp_pending" not in browser.session


def test_a_secret_of_somebody_else_cannot_be_put_in_place_of_ones_own(ada):
    second_factor_for(ada)
    eve = UserFactory()
    secret, codes = second_factor_for(eve)
    for kind, token in Authenticator.objects.filter(user=eve).values_list("kind", "secret"):
        Authenticator.objects.filter(user=ada, kind=kind).update(secret=Ciphertext(token))

    assert not authenticators.use_code(ada, code_of(secret))
    assert not authenticators.use_code(ada, codes[0])
    assert authenticators.use_code(eve, codes[0])


@pytest.mark.parametrize("code", ["000000", "", "1234567890", "\uff11\uff12\uff13"])
def test_a_wrong_code_confirms_nothing(browser, ada, code):
    send(browser, TOTP)

    answer = send(browser, f"{TOTP}/confirm", code=code)

    assert (answer.status_code, error_of(answer)["attr"]) == (400, "code")
    assert not second_factor.has_second_factor(ada)


def test_there_must_be_something_to_confirm(browser, ada):
    never = send(browser, f"{TOTP}/confirm", code="000000")
    secret = send(browser, TOTP).json()["secret"]
    session = browser.session
    session["totp_pending"]["until"] = (timezone.now() - timedelta(seconds=1)).isoformat()
    session.save()
    late = send(browser, f"{TOTP}/confirm", code=code_of(secret))

    assert never.status_code == late.status_code == 409


def test_it_is_not_set_up_twice(browser, ada):
    secret = send(browser, TOTP).json()["secret"]
    second_factor_for(ada)

    again = send(browser, TOTP)
    confirmed = send(browser, f"{TOTP}/confirm", code=code_of(secret))

    assert again.status_code == confirmed.status_code == 409


def test_an_old_session_needs_the_password_to_set_it_up(browser, ada):
    SignIn.objects.update(created_at=timezone.now() - timedelta(hours=1))

    old = send(browser, TOTP)
    wrong = send(browser, TOTP, password="wrong")
    right = send(browser, TOTP, password=PASSWORD)

    assert (old.status_code, wrong.status_code, right.status_code) == (403, 403, 200)
    assert error_of(old)["code"] == error_of(wrong)["code"] == "recent_sign_in_required"


def test_the_code_is_asked_for_after_the_right_password_only(ada, login):
    secret, _ = second_factor_for(ada)

    answers = {
        "wrong password": login(password="wrong"),
        "wrong password, right code": login(password="wrong", code=code_of(secret)),
        "no code": login(),
        "empty code": login(code=""),
        "wrong code": login(code="000000"),
        "right code": login(code=code_of(secret)),
    }

    assert {name: answer.status_code for name, answer in answers.items()} == {
        "wrong password": 401,
        "wrong password, right code": 401,
        "no code": 401,
        "empty code": 401,
        "wrong code": 401,
        "right code": 200,
    }
    codes = [error_of(answer)["code"] for answer in list(answers.values())[:5]]
    asked = "second_factor_required"
    assert codes == ["authentication_failed"] * 2 + [asked] * 2 + ["authentication_failed"]


def test_a_code_works_once_and_none_before_it(ada, login):
    secret, _ = second_factor_for(ada)
    earlier, now = code_of(secret, later=-1), code_of(secret)

    first, replayed, older = login(code=now), login(code=now), login(code=earlier)
    later = login(code=code_of(secret, later=1))

    assert (first.status_code, later.status_code) == (200, 200)
    assert (replayed.status_code, older.status_code) == (401, 401)


def test_a_recovery_code_works_once(ada, login):
    _, codes = second_factor_for(ada)
    written_down = f"{codes[3][:4]} {codes[3][4:]}"

    first, second, another = login(code=written_down), login(code=codes[3]), login(code=codes[4])

    assert [answer.status_code for answer in (first, second, another)] == [200, 401, 200]
    assert services.second_factor_of(ada)["recovery_codes_left"] == 8


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_two_uses_at_the_same_moment_one_works(ada, in_threads, kind):
    secret, codes = second_factor_for(ada)
    code = code_of(secret) if kind == "app" else codes[0]

    def use():
        return authenticators.use_code(ada, code)

    assert sorted(in_threads(use, use, use)) == [False, False, True]


@pytest.mark.django_db(transaction=True)
def test_of_two_set_ups_at_the_same_moment_one_works(ada, in_threads):
    def set_up():
        session = {}
        secret = services.begin_totp(session, ada)["secret"]
        return services.confirm_totp(session, ada, code=code_of(secret), actor=ada)

    outcomes = in_threads(set_up, set_up)

    assert sorted(type(outcome) is Conflict for outcome in outcomes) == [False, True]
    assert Authenticator.objects.filter(user=ada).count() == 2


def test_a_second_factor_whose_key_is_gone_lets_nobody_in(ada, login, settings, caplog):
    secret, codes = second_factor_for(ada)

    settings.MESSAGE_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    answers = [login(), login(code=code_of(secret)), login(code=codes[0])]

    assert {answer.status_code for answer in answers} == {401}
    assert "undecryptable content in accounts_authenticator.secret" in caplog.text
    assert services.second_factor_of(ada)["totp"]["enabled"]
    assert services.second_factor_of(ada)["recovery_codes_left"] == 0


def test_secrets_move_to_a_new_key(ada, settings):
    secret, codes = second_factor_for(ada)
    former, fresh = settings.MESSAGE_ENCRYPTION_KEYS, Fernet.generate_key().decode()

    settings.MESSAGE_ENCRYPTION_KEYS = [fresh, *former]
    found = rotation.rotate()
    settings.MESSAGE_ENCRYPTION_KEYS = [fresh]

    assert (found.values, found.rotated, found.damaged) == (2, 2, 0)
    assert authenticators.use_code(ada, code_of(secret))
    assert authenticators.use_code(ada, codes[0])


def test_secrets_of_a_key_that_is_gone_are_kept(ada, settings):
    secret, codes = second_factor_for(ada)
    former = settings.MESSAGE_ENCRYPTION_KEYS

    settings.MESSAGE_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert not authenticators.use_code(ada, code_of(secret))
    assert not authenticators.use_code(ada, codes[0])
    assert rotation.rotate().damaged == 2
    settings.MESSAGE_ENCRYPTION_KEYS = former

    assert authenticators.use_code(ada, code_of(secret))
    assert authenticators.use_code(ada, codes[0])


@pytest.mark.parametrize("code", ["", " - ", "\0", "12345678\u0665", "x" * 2000])
def test_what_is_no_code_is_none(ada, code):
    second_factor_for(ada)

    assert not authenticators.use_code(ada, code)


def test_recovery_codes_differ(ada):
    made = [authenticators.new_recovery_codes() for _ in range(20)]

    assert {len(set(codes)) for codes in made} == {10}
    assert {len(code) for codes in made for code in codes} == {8}
    assert len({code for codes in made for code in codes}) > 190


@pytest.mark.parametrize("proof", ["password", "app", "recovery"])
def test_removing_it_needs_a_proof_and_ends_other_sessions(ada, login, actions, proof):
    secret, codes = second_factor_for(ada)
    here, elsewhere = Client(), Client()
    login(here, code=codes[0])
    login(elsewhere, code=codes[1])
    given = {
        "password": {"password": PASSWORD},
        "app": {"code": code_of(secret)},
        "recovery": {"code": codes[2]},
    }

    refused = [
        send(here, TOTP, "delete"),
        send(here, TOTP, "delete", password="wrong"),
        send(here, TOTP, "delete", code="000000"),
        send(here, TOTP, "delete", code=codes[0]),
    ]
    removed = send(here, TOTP, "delete", **given[proof])

    assert [answer.status_code for answer in refused] == [400] * 4
    assert removed.status_code == 204
    assert login().status_code == 200
    assert here.get("/v1/auth/me").status_code == 200
    assert elsewhere.get("/v1/auth/me").status_code == 401
    assert actions()[-3:] == ["user.logout", "user.update", "user.login"]


def test_there_must_be_something_to_remove(browser):
    assert send(browser, TOTP, "delete", password=PASSWORD).status_code == 409


def test_recovery_codes_can_be_replaced(browser, ada, login):
    nothing = send(browser, "/v1/account/mfa/recovery-codes", password=PASSWORD)
    secret, codes = second_factor_for(ada)
    unproven = send(browser, "/v1/account/mfa/recovery-codes")
    answer = send(browser, "/v1/account/mfa/recovery-codes", code=code_of(secret))

    fresh = answer.json()["recovery_codes"]
    assert (nothing.status_code, unproven.status_code, answer.status_code) == (409, 400, 200)
    assert not set(fresh) & set(codes)
    assert login(code=codes[0]).status_code == 401
    assert login(code=fresh[0]).status_code == 200


def test_api_keys_are_refused(ada):
    scopes = ["account"]
    _, secret = services.create_api_key(ada, name="k", scopes=scopes, actor=ada)
    client = Client(headers={"Authorization": f"Bearer {secret}"})

    answers = [
        client.get("/v1/account/mfa"),
        send(client, TOTP),
        send(client, TOTP, "delete", password=PASSWORD),
        send(client, f"{TOTP}/confirm", code="1"),
        send(client, "/v1/account/mfa/recovery-codes", password=PASSWORD),
    ]

    assert {answer.status_code for answer in answers} == {401}
