"""The pages of one's own account."""

import re
import time

import pyotp
import pytest
from auditlog.models import LogEntry
from django.contrib.sessions.models import Session as StoredSession
from django.utils import timezone

from accounts.models import ApiKey, Authenticator, SignIn
from accounts.services import begin_totp, confirm_totp, user_of_key
from accounts.services.sessions import device_name
from accounts.tests.factories import SignInFactory, UserFactory
from youworker import audit
from youworker.audit import ACTIONS
from youworker.audit.words import WORDS
from youworker.tests.support.pages import text_of

pytestmark = pytest.mark.django_db
PASSWORD = "a long password"


@pytest.fixture
def ada(client):
    """Somebody who signed in a moment ago."""
    user = UserFactory(username="ada", display_name="Ada")
    user.set_password(PASSWORD)
    user.save()
    client.post("/sign-in", {"username": "ada", "password": PASSWORD})
    return user


@pytest.fixture
def stale(client, ada):
    """The same, some time later."""
    SignIn.objects.update(created_at="2020-01-01T00:00:00Z")
    return ada


def test_the_profile_is_stored_and_its_language_spoken_at_once(client, ada):
    form = {
        "display_name": "Ada L.",
        "email": "ada@corp.example",
        "language": "it",
        "time_zone": "Europe/Rome",
    }
    answer = client.post("/account/profile", form, follow=True)

    ada.refresh_from_db()
    assert (ada.display_name, ada.language, ada.time_zone) == ("Ada L.", "it", "Europe/Rome")
    assert "Il tuo profilo è salvato." in text_of(answer)
    assert '<h2 id="profile">Profilo</h2>' in text_of(answer)


@pytest.mark.parametrize(
    "wrong", [{"time_zone": "Mars/Olympus"}, {"language": "xx"}, {"email": "nobody"}]
)
def test_a_profile_that_cannot_be_is_shown_again(client, ada, wrong):
    form = {"display_name": "B", "email": "", "language": "en", "time_zone": "UTC", **wrong}

    answer = client.post("/account/profile", form)

    assert answer.status_code == 422
    assert 'value="B"' in text_of(answer)
    ada.refresh_from_db()
    assert ada.display_name == "Ada"


def test_rights_are_not_part_of_the_profile(client, ada):
    form = {"display_name": "", "email": "", "language": "en", "time_zone": "UTC"}
    client.post("/account/profile", {**form, "is_staff": "on", "username": "root"})

    ada.refresh_from_db()
    assert (ada.is_staff, ada.username) == (False, "ada")


def test_a_new_password_ends_other_sessions_and_keeps_this_one(client, ada):
    other = SignInFactory(user=ada)
    form = {"current_password": PASSWORD, "new_password": "even longer words", "repeated": ""}

    assert client.post("/account/security/password", form).status_code == 422
    form["repeated"] = form["new_password"]
    answer = client.post("/account/security/password", form, follow=True)

    assert "Your password is changed" in text_of(answer)
    assert not StoredSession.objects.filter(pk=other.session_id).exists()
    assert client.get("/account/security").status_code == 200


def test_whoever_signs_in_elsewhere_is_offered_no_second_factor(client):
    user = UserFactory()
    user.set_unusable_password()
    user.save()
    client.force_login(user)

    shown = text_of(client.get("/account/security"))

    assert "is decided by your organisation" in shown
    assert 'href="/account/security/totp"' not in shown


@pytest.mark.parametrize(
    ("current", "new", "said"),
    [("wrong", "even longer words", "The password is wrong."), (PASSWORD, "12345", "too short")],
)
def test_a_password_is_refused_beside_its_field(client, ada, current, new, said):
    form = {"current_password": current, "new_password": new, "repeated": new}

    answer = client.post("/account/security/password", form)

    assert answer.status_code == 422
    assert said in text_of(answer)


def test_a_second_factor_is_set_up_with_a_picture_and_a_code(client, ada):
    client.post("/account/security/totp")
    shown = text_of(client.get("/account/security/totp"))
    secret = re.search(r'id="totp-secret">(\w+)<', shown).group(1)
    picture = client.get("/account/security/totp/code.svg")

    wrong = client.post("/account/security/totp/confirm", {"code": "000000"})
    right = client.post("/account/security/totp/confirm", {"code": pyotp.TOTP(secret).now()})

    assert picture["Content-Type"] == "image/svg+xml"
    assert picture.content.startswith(b"<svg")
    assert wrong.status_code == 422
    assert "The code is wrong." in text_of(wrong)
    codes = re.search(r'id="recovery-codes">([^<]+)<', text_of(right)).group(1).split()
    assert len(codes) == 10
    assert Authenticator.objects.filter(user=ada).count() == 2
    # Neither the codes nor the secret can be seen again.
    assert codes[0] not in text_of(client.get("/account/security/totp"))
    assert client.get("/account/security/totp/code.svg").status_code == 404


def test_an_older_session_needs_the_password_for_a_second_factor(client, stale):
    refused = client.post("/account/security/totp")
    wrong = client.post("/account/security/totp", {"password": "wrong"})
    right = client.post("/account/security/totp", {"password": PASSWORD})

    assert [refused.status_code, wrong.status_code, right.status_code] == [422, 422, 302]


def test_a_second_factor_is_changed_by_who_proves_who_they_are(client, ada):
    session = {}
    secret = begin_totp(session, ada)["secret"]
    confirm_totp(session, ada, code=pyotp.TOTP(secret).now(), actor=ada)
    code = pyotp.TOTP(secret).at(int(time.time()) + 30)

    nothing = client.post("/account/security/totp/remove", {})
    wrong = client.post("/account/security/totp/remove", {"password": "wrong"})
    renewed = client.post("/account/security/recovery-codes", {"password": PASSWORD})
    removed = client.post("/account/security/totp/remove", {"code": code})

    statuses = [answer.status_code for answer in (nothing, wrong, renewed, removed)]
    assert statuses == [422, 422, 200, 302]
    assert not Authenticator.objects.filter(user=ada).exists()


def test_sessions_are_listed_and_ended(client, ada):
    other = SignInFactory(user=ada, user_agent="Phone <b>")
    shown = text_of(client.get("/account/security"))

    client.post(f"/account/sessions/{other.pk}/end")

    assert "Phone &lt;b&gt;" in shown
    assert shown.count("This browser") == 1
    assert not SignIn.objects.filter(pk=other.pk).exists()


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/126.0 Safari/537.36 Edg/126.0",
            "Edge · Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari · iPhone",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
            "Firefox · Linux",
        ),
        ("curl/8.7.1", "curl/8.7.1"),
        ("", ""),
    ],
)
def test_devices_have_names_people_know(said, name):
    assert device_name(said) == name


def test_ending_this_session_signs_out(client, ada):
    here = SignIn.objects.get(user=ada)

    client.post(f"/account/sessions/{here.pk}/end")

    assert client.get("/account/security")["Location"].startswith("/sign-in")


def test_everywhere_else_is_signed_out_at_once(client, ada):
    SignInFactory.create_batch(3, user=ada)

    answer = client.post("/account/sessions/end", follow=True)

    assert "3 sessions have ended." in text_of(answer)
    assert SignIn.objects.filter(user=ada).count() == 1


def test_a_key_is_shown_once(client, ada):
    form = {"name": "laptop", "scopes": ["chat"], "expires_on": "2100-01-31"}
    answer = client.post("/account/keys", form)
    secret = re.search(r'data-test="new-key">(yw_[^<]+)<', text_of(answer)).group(1)
    key = ApiKey.objects.get(user=ada)

    assert user_of_key(secret)[0] == ada
    assert (key.scopes, key.expires_at.date().isoformat()) == (["chat"], "2100-01-31")
    shown = text_of(client.get("/account/keys"))
    assert secret not in shown
    # Without a zone: the last day is the same one wherever the device is.
    assert '<time datetime="2100-01-31T23:59"' in shown


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"scopes": []},
        {"scopes": ["admin"]},
        {"expires_on": "2001-01-01"},
        {"allowed_networks": "10.0.0.0/33"},
    ],
)
def test_a_key_that_cannot_be_is_refused_in_the_form(client, ada, wrong):
    form = {"name": "laptop", "scopes": ["chat"], **wrong}

    answer = client.post("/account/keys", form)

    assert answer.status_code == 422
    assert 'role="alert"' in text_of(answer)
    assert not ApiKey.objects.exists()


def test_keys_say_in_words_what_they_may_do(client, ada):
    client.post("/account/keys", {"name": "laptop", "scopes": ["documents.read", "tools"]})

    shown = text_of(client.get("/account/keys"))

    assert "Reading documents, Tools" in shown


def test_a_key_is_replaced_and_revoked(client, ada):
    client.post("/account/keys", {"name": "laptop", "scopes": ["chat"]})
    first = ApiKey.objects.get()

    replaced = client.post(f"/account/keys/{first.pk}/rotate")
    second = ApiKey.objects.exclude(pk=first.pk).get()
    again = client.post(f"/account/keys/{first.pk}/rotate")
    revoked = client.post(f"/account/keys/{second.pk}/revoke", follow=True)

    assert 'data-test="new-key">yw_' in text_of(replaced)
    assert again.status_code == 409
    assert "“laptop” is revoked" in text_of(revoked)
    assert not ApiKey.objects.usable().exists()


def test_activity_says_what_happened_in_words(client, ada):
    client.post("/account/keys", {"name": "laptop", "scopes": ["chat"]})

    shown = text_of(client.get("/account/activity"))

    assert "API key made" in shown
    assert "Signed in" in shown
    assert "user.api_key" not in shown


def test_activity_says_what_of_the_account_was_changed(client, ada):
    for fields in (["second_factor"], ["recovery_codes"], ["password"], ["email", "language"]):
        audit.record("user.update", actor=ada, target=ada, fields=fields)

    shown = text_of(client.get("/account/activity"))

    changes = ["Second factor changed", "Recovery codes made", "Password changed"]
    assert [shown.count(told) for told in [*changes, "Account changed"]] == [1, 1, 1, 1]


def test_activity_tells_once_what_was_done_again_and_again(client, ada):
    for _ in range(3):
        audit.record("document.upload", actor=ada)
    audit.record("document.delete", actor=ada)
    audit.record("document.upload", actor=ada)
    LogEntry.objects.update(timestamp=timezone.now())

    shown = text_of(client.get("/account/activity"))

    assert shown.count("Document added") == 2
    assert re.findall(r'class="hint">. (\d+)<', shown) == ["3"]


@pytest.mark.parametrize("page", ["zzz", "0", "-1", "99", ""])
def test_a_page_that_the_activity_has_not_is_its_nearest(client, ada, page):
    assert "Signed in" in text_of(client.get("/account/activity", {"page": page}))


def test_every_act_of_the_log_has_words():
    assert set(WORDS) == ACTIONS


def test_staff_find_the_console_and_others_do_not(client, ada):
    assert "Admin console" not in text_of(client.get("/account/profile"))

    ada.is_staff = True
    ada.save()

    assert 'href="/admin/"' in text_of(client.get("/account/profile"))
