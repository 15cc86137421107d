"""The staff pages are no way around the rules of signing in."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts import services
from accounts.exceptions import SignInFailed
from accounts.models import SignIn, User
from accounts.tests.conftest import PASSWORD
from accounts.tests.factories import SignInFactory, UserFactory, code_of, second_factor_for

LOGIN = "/admin/login/"
NEW = "an even longer staple"


@pytest.fixture
def root(ada):
    ada.is_staff = ada.is_superuser = True
    ada.save()
    return ada


@pytest.fixture
def pages(root):
    client = Client()
    client.force_login(root)
    return client


def enter(client=None, **changes):
    form = {"username": "ada", "password": PASSWORD, **changes}
    return (client or Client()).post(f"{LOGIN}?next=/admin/accounts/user/", form)


def test_the_page_asks_for_name_password_and_code(root):
    page = Client().get("/admin/", follow=True).content.decode()

    assert all(f'name="{name}"' in page for name in ("username", "password", "code"))


def test_somebody_else_is_told_that_the_pages_are_for_staff(ada):
    client = Client()
    client.force_login(ada)

    answer = client.get("/admin/", follow=True, headers={"Accept": "text/html"})

    assert answer.status_code == 403
    assert "Only staff may do this." in answer.content.decode()
    assert 'name="password"' not in answer.content.decode()


def test_signing_in_begins_a_recorded_session(root, actions):
    client = Client()

    answer = enter(client)

    assert (answer.status_code, answer["Location"]) == (302, "/admin/accounts/user/")
    assert client.get("/admin/").status_code == 200
    assert client.get(LOGIN)["Location"] == "/admin/"
    assert SignIn.objects.get().user == root
    assert actions() == ["user.login"]


def test_a_foreign_page_is_not_gone_to(root):
    answer = Client().post(
        f"{LOGIN}?next=https://evil.example/", {"username": "ada", "password": PASSWORD}
    )

    assert answer["Location"] == "/admin/"


def test_the_second_factor_is_asked_for(root):
    secret, _ = second_factor_for(root)

    without, wrong = enter(), enter(code="000000")
    right, again = enter(code=code_of(secret)), enter(code=code_of(secret))

    assert (without.status_code, wrong.status_code) == (401, 401)
    assert b"A code of the second factor is needed." in without.content
    assert (right.status_code, again.status_code) == (302, 401)


@pytest.mark.usefixtures("rate_limits")
def test_failures_are_recorded_and_counted_with_those_of_the_api(root, actions):
    for number in range(5):
        enter(Client(REMOTE_ADDR=f"203.0.113.{number}"), password="wrong")
    for _ in range(5):
        with pytest.raises(SignInFailed):
            services.check_credentials(username="ada", password="wrong")

    refused = enter(Client(REMOTE_ADDR="203.0.113.99"))

    assert refused.status_code == 429
    assert int(refused["Retry-After"]) >= 1
    assert actions() == ["auth.login.failed"] * 10


@pytest.mark.usefixtures("rate_limits")
def test_an_address_is_limited(root):
    client = Client()

    answers = [enter(client, username=f"u{n}").status_code for n in range(10)]
    refused = enter(client)

    assert answers == [401] * 10
    assert refused.status_code == 429
    assert refused.content.count(b"Too many requests, try again") == 1


def test_ordinary_users_are_not_let_in(ada):
    client = Client()

    answer = enter(client)

    assert answer.status_code == 200
    assert b"for a staff account" in answer.content
    assert not SignIn.objects.exists()


def test_leaving_is_recorded(root, actions):
    client = Client()
    enter(client)

    answer = client.post("/admin/logout/")

    assert answer.status_code == 200
    assert client.get("/admin/").status_code == 302
    assert actions() == ["user.login", "user.logout"]
    assert not SignIn.objects.exists()


def test_the_own_password_is_changed_by_who_knows_it(root, actions):
    client, elsewhere = Client(), Client()
    enter(client)
    enter(elsewhere)
    form = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}

    refused = client.post("/admin/password_change/", form)
    changed = client.post("/admin/password_change/", {**form, "old_password": PASSWORD})

    assert b"was entered incorrectly" in refused.content
    assert (refused.status_code, changed.status_code) == (200, 302)
    assert client.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302
    assert SignIn.objects.count() == 1
    assert actions()[2:] == ["auth.login.failed", "user.logout", "user.update"]


def test_the_page_for_other_peoples_passwords_is_not_for_the_own_one(pages, root):
    answer = pages.get(f"/admin/accounts/user/{root.pk}/password/")

    assert answer["Location"] == "/admin/password_change/"


def test_a_password_set_by_staff_ends_all_sessions(pages, details):
    row = SignInFactory()
    page = f"/admin/accounts/user/{row.user.pk}/password/"
    form = {"password1": NEW, "password2": NEW, "usable_password": "true"}

    weak = pages.post(page, {**form, "password1": "short", "password2": "short"})
    unclear = pages.post(page, {**form, "usable_password": "false"})
    kept = SignIn.objects.filter(pk=row.pk).exists()
    done = pages.post(page, form)

    assert (weak.status_code, unclear.status_code, kept) == (200, 302, True)
    assert done.status_code == 302
    assert not SignIn.objects.filter(pk=row.pk).exists()
    assert [line["fields"] for line in details("user.update")] == [["password"]]


def change(pages, user, **flags):
    form = {
        "username": user.username,
        "email": user.email,
        "language": "en",
        "time_zone": "UTC",
        "is_active": "on",
        **flags,
    }
    return pages.post(f"/admin/accounts/user/{user.pk}/change/", form)


@pytest.mark.parametrize(
    ("flags", "fields"),
    [({"is_active": "", "is_staff": "on"}, ["is_active"]), ({}, ["is_staff"])],
)
def test_losing_a_right_ends_the_sessions(pages, details, flags, fields):
    user = UserFactory(is_staff=True)
    SignInFactory(user=user)

    answer = change(pages, user, **flags)

    assert answer.status_code == 302
    assert not user.sign_ins.exists()
    assert details("user.update")[0]["fields"] == fields


def test_a_changed_name_ends_no_session(pages):
    user = SignInFactory().user

    change(pages, user, display_name="Grace")

    assert User.objects.get(pk=user.pk).display_name == "Grace"
    assert user.sign_ins.count() == 1


def test_saving_without_a_change_records_nothing(pages, details):
    user = UserFactory()

    assert change(pages, user).status_code == 302
    assert details("user.update") == []


def test_new_users_are_recorded(pages, details, root):
    form = {"username": "grace", "password1": NEW, "password2": NEW, "usable_password": "true"}

    pages.post("/admin/accounts/user/add/", form)

    assert User.objects.get(username="grace").check_password(NEW)
    assert [line["actor"] for line in details("admin.user.create")] == [str(root.pk)]


def test_staff_removes_a_second_factor(pages, details):
    user = SignInFactory().user
    second_factor_for(user)
    chosen = {"action": "remove_second_factor", "_selected_action": [user.pk]}

    done = pages.post("/admin/accounts/user/", chosen, follow=True)
    nothing = pages.post("/admin/accounts/user/", chosen, follow=True)

    assert not services.second_factor_of(user)["totp"]["enabled"]
    assert not user.sign_ins.exists()
    assert b"removed." in done.content
    assert b"There is no second factor." in nothing.content
    assert [line["fields"] for line in details("user.update")][-1] == ["second_factor"]


def test_staff_does_not_touch_a_superusers_second_factor_or_sessions(root):
    second_factor_for(root)
    SignInFactory(user=root)
    staff = UserFactory(is_staff=True)
    staff.user_permissions.add(*Permission.objects.filter(content_type__app_label="accounts"))
    client = Client()
    client.force_login(staff)

    for action in ("remove_second_factor", "end_sessions"):
        client.post("/admin/accounts/user/", {"action": action, "_selected_action": [root.pk]})

    assert services.second_factor_of(root)["totp"]["enabled"]
    assert root.sign_ins.count() == 1


def test_staff_ends_sessions(pages):
    one, two = SignInFactory(), SignInFactory()

    pages.post(
        "/admin/accounts/user/", {"action": "end_sessions", "_selected_action": [one.user.pk]}
    )
    pages.post("/admin/accounts/signin/", {"action": "end", "_selected_action": [two.pk]})

    assert not SignIn.objects.exists()


@pytest.mark.parametrize("page", ["signin", "user"])
def test_pages_show_no_session_key(pages, page):
    row = SignInFactory()
    listed = pages.get(f"/admin/accounts/{page}/")
    shown = pages.get(f"/admin/accounts/signin/{row.pk}/change/")

    assert listed.status_code == shown.status_code == 200
    assert row.session_id.encode() not in listed.content + shown.content


def test_pages_of_authenticators_show_no_secret(pages, root):
    secret, codes = second_factor_for(root)
    row = root.authenticators.get(kind="totp")
    token = root.authenticators.values_list("secret", flat=True).get(kind="totp")

    listed = pages.get("/admin/accounts/authenticator/")
    shown = pages.get(f"/admin/accounts/authenticator/{row.pk}/change/")
    changed = pages.post(f"/admin/accounts/authenticator/{row.pk}/delete/", {"post": "yes"})

    assert listed.status_code == shown.status_code == 200
    shown_text = (listed.content + shown.content).decode()
    assert not [word for word in (secret, token, *codes) if word in shown_text]
    assert changed.status_code == 403


def test_a_key_of_somebody_who_is_no_longer_staff_loses_what_staff_may_do(root):
    _, secret = services.create_api_key(root, name="k", scopes=["admin"], actor=root)
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    allowed = client.get("/health/detailed")
    root.is_staff = root.is_superuser = False
    root.save()

    assert allowed.status_code == 200
    assert client.get("/health/detailed").status_code == 403
