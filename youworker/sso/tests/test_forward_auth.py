"""Sign-in by the headers of a trusted proxy."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.factories import UserFactory
from groups.models import Membership, ServiceAccount
from youworker.tests.support.configuring import override_config

REFUSED = {
    "type": "client_error",
    "errors": [
        {
            "code": "authentication_failed",
            "detail": "Single sign-on did not recognise you.",
            "attr": None,
        }
    ],
}


def said(username="ada", **more):
    return {
        "X-Authentik-Username": username,
        **{f"X-Authentik-{name.title()}": value for name, value in more.items()},
    }


def require_refusal(answer):
    assert answer.status_code == 401
    assert answer.json() == REFUSED
    assert not answer.cookies


def test_a_new_person_becomes_a_user_and_is_signed_in(proxy, actions):
    answer = proxy(said(email="ada@corp.example", name="Ada Lovelace", groups="x|y"))

    user = User.objects.get()
    assert answer.status_code == 200
    assert answer.json() == {
        "id": str(user.pk),
        "username": "ada",
        "email": "ada@corp.example",
        "display_name": "Ada Lovelace",
        "is_staff": False,
        "is_root": False,
        "language": "en",
        "time_zone": "UTC",
        "groups": [],
    }
    assert not user.has_usable_password()
    assert actions() == ["admin.user.create", "user.update", "user.login"]
    client = Client()
    client.cookies["sessionid"] = answer.cookies["sessionid"].value
    assert client.get("/v1/auth/me").json() == answer.json()


@pytest.mark.parametrize(
    ("headers", "how"),
    [
        (said("ada"), {"client": "203.0.113.9"}),
        (said("ada"), {"client": "127.0.0.1"}),
        (said("ada"), {"through": dict}),
        ({}, {}),
        (said(""), {}),
        (said("  "), {}),
        ({"X_Authentik_Username": "ada"}, {}),
        ({"Remote-User": "ada"}, {}),
        ([*said("mallory").items(), *said("ada").items()], {}),
        ({**said("ada"), "Origin": "https://evil.example"}, {}),
        ({**said("ada"), "Origin": "null"}, {}),
    ],
)
def test_everything_else_is_refused_in_the_same_words(proxy, headers, how):
    require_refusal(proxy(headers, **how))

    assert User.objects.count() == 0


def test_nobody_is_believed_when_no_proxy_is_trusted_or_the_header_is_none(proxy):
    with override_config("security", trusted_proxies=()):
        require_refusal(proxy(said()))
    with override_config("identity", sso_user_header="none"):
        require_refusal(proxy({"none": "ada", **said()}))


def test_a_server_without_asgi_scope_believes_nobody(db):
    answer = Client().post("/v1/auth/sso", headers=said())

    assert answer.status_code == 401
    assert answer.json() == REFUSED


def test_our_own_pages_may_ask(proxy):
    assert proxy({**said(), "Origin": "http://testserver"}).status_code == 200


def test_a_known_person_stays_the_same_user_and_gets_the_new_name(proxy, actions):
    user = UserFactory(username="ada", email="old@corp.example")

    answer = proxy(said("Ada", email="new@corp.example", name="Ada\tKing\u202e".encode()))
    again = proxy(said("ADA", email="no address", name=""))

    user.refresh_from_db()
    assert [answer.json()["id"], again.json()["id"]] == [str(user.pk)] * 2
    assert (user.username, user.email, user.display_name) == ("ada", "new@corp.example", "Ada King")
    assert actions() == ["user.update", "user.login", "user.login"]


@pytest.mark.parametrize("spelling", ["Jörg", "JÖRG", "jo\u0308rg", "\uff4aörg"])
def test_one_person_has_one_name_however_it_is_written(proxy, spelling):
    proxy(said("jörg".encode()))

    assert proxy(said(spelling.encode())).status_code == 200
    assert User.objects.get().username == "jörg"


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("Ada Lovelace", "Ada-Lovelace"),
        ("Lovelace, Ada", "Lovelace-Ada"),
        ("O'Brien", "OBrien"),
        ("corp:ada", "corp-ada"),
        ("ada_gmail.com#EXT#@corp.example", "ada_gmail.com-EXT-@corp.example"),
        ("ada 🦊", "ada"),
        ("x" * 180, "x" * 150),
        ("x" * 400, "x" * 150),
    ],
)
def test_a_name_that_no_user_can_have_is_made_usable(proxy, given, made):
    first = proxy(said(given.encode()))
    again = proxy(said(given.upper().encode()))

    assert (first.status_code, first.json()["username"]) == (200, made)
    assert first.json()["display_name"] == given[:150]
    assert again.json()["id"] == first.json()["id"]
    assert User.objects.count() == 1


def test_a_name_that_two_users_share_is_refused(proxy):
    UserFactory(username="ada")
    UserFactory(username="Ada")

    require_refusal(proxy(said("ADA")))
    require_refusal(proxy(said("ada")))


def test_strangers_are_refused_when_users_are_not_created(proxy):
    with override_config("identity", create_users=False):
        require_refusal(proxy(said()))
        assert not User.objects.exists()
        UserFactory(username="ada")
        assert proxy(said()).status_code == 200


def test_a_deactivated_user_is_refused(proxy, actions):
    UserFactory(username="ada", is_active=False)

    require_refusal(proxy(said()))
    assert actions() == ["auth.login.failed"]


def test_a_user_deactivated_later_is_refused_and_not_made_again(proxy):
    proxy(said())
    User.objects.update(is_active=False)

    require_refusal(proxy(said()))
    assert User.objects.count() == 1


def test_the_user_of_a_program_is_refused(proxy):
    ServiceAccount.objects.create(user=UserFactory(username="robot"))

    require_refusal(proxy(said("robot")))


@pytest.mark.parametrize("rights", [{"is_staff": True}, {"is_superuser": True}])
def test_no_header_opens_a_privileged_account(proxy, rights, actions):
    UserFactory(username="admin", **rights)

    require_refusal(proxy(said("Admin")))
    assert User.objects.count() == 1
    assert actions() == ["auth.login.failed"]


def test_somebody_who_became_staff_still_signs_in_but_no_superuser(proxy):
    proxy(said())
    User.objects.update(is_staff=True)
    assert proxy(said()).status_code == 200

    User.objects.update(is_superuser=True)
    require_refusal(proxy(said()))


def test_a_renamed_user_keeps_his_account_and_leaves_his_name(proxy):
    proxy(said())
    user = User.objects.get()
    user.username = "ada.king"
    user.save()

    assert proxy(said()).json()["id"] == str(user.pk)


def test_groups_follow_the_header(proxy):
    with override_config("identity", group_map=("it-staff=IT:admin", "sales=Sales")):
        first = proxy(said(groups="it-staff|sales|other"))
        second = proxy(said(groups="sales"))
        third = proxy(said())

    def names(answer):
        return [(group["name"], group["role"]) for group in answer.json()["groups"]]

    assert names(first) == [("IT", "admin"), ("Sales", "member")]
    # Nobody else could manage IT, so it keeps its admin.
    assert names(second) == [("IT", "admin"), ("Sales", "member")]
    assert names(third) == [("IT", "admin")]
    assert Membership.objects.count() == 1


@pytest.mark.usefixtures("rate_limits")
def test_sign_in_is_limited(proxy):
    answers = [proxy({**said(""), "X-Forwarded-For": "203.0.113.9"}) for _ in range(11)]
    other = proxy({**said(), "X-Forwarded-For": "203.0.113.10"})

    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert other.status_code == 200


def test_the_session_begins_under_a_new_id(proxy):
    client = Client()
    session = client.session
    session["planted"] = True
    session.save()

    answer = proxy({**said(), "Cookie": f"sessionid={session.session_key}"})

    assert answer.cookies["sessionid"].value != session.session_key


def test_a_name_with_letters_whose_capitals_are_alike_is_somebody_else(proxy):
    victim = UserFactory(username="vic")

    answer = proxy(said(username="v\u0131c".encode()))

    assert answer.status_code == 200
    assert answer.json()["id"] != str(victim.pk)
