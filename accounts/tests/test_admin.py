"""Staff pages of people and keys."""

import uuid

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts import services
from accounts.models import ApiKey, SignIn
from accounts.tests.factories import (
    ApiKeyFactory,
    SignInFactory,
    UserFactory,
    second_factor_for,
)


@pytest.fixture
def root(db):
    return UserFactory(username="root", is_staff=True, is_superuser=True)


@pytest.fixture
def pages(root):
    client = Client()
    client.force_login(root)
    return client


def test_user_pages_show_no_hash(pages, root):
    root.set_password("something long")
    root.save()
    pages.force_login(root)

    listed = pages.get("/admin/accounts/user/?q=root")
    shown = pages.get(f"/admin/accounts/user/{root.pk}/change/")

    assert listed.status_code == shown.status_code == 200
    assert b"root" in listed.content
    assert root.password.encode() not in listed.content + shown.content
    assert root.password.split("$")[-1].encode() not in shown.content


def test_users_can_be_added(pages):
    form = {"username": "grace", "password1": "cobol-1959!", "password2": "cobol-1959!"}

    page = pages.get("/admin/accounts/user/add/")
    answer = pages.post("/admin/accounts/user/add/", {**form, "usable_password": "true"})

    assert b"Signs in with a password" in page.content
    assert b"LDAP" not in page.content
    assert answer.status_code == 302


def test_rights_are_offered_in_words_and_only_on_what_is_shown(pages, root):
    person = UserFactory()
    plumbing = Permission.objects.get(codename="view_webpage")
    shown = pages.get(f"/admin/accounts/user/{person.pk}/change/").content.decode()
    person.user_permissions.add(plumbing)
    kept = pages.get(f"/admin/accounts/user/{person.pk}/change/").content.decode()

    assert ": look up</option>" in shown
    assert "Can read private content with a reason</option>" in shown
    assert "Can view" not in shown
    assert f'value="{plumbing.pk}"' not in shown
    assert f'value="{plumbing.pk}" selected' in kept


def test_sessions_name_the_browser_as_people_do(pages, root):
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36"
    SignInFactory(user=root, user_agent=agent)

    listed = pages.get("/admin/accounts/signin/").content.decode()

    assert "Chrome · Linux" in listed
    assert agent not in listed


def test_staff_cannot_make_themselves_or_others_superusers(db):
    staff = UserFactory(is_staff=True)
    staff.user_permissions.add(*Permission.objects.filter(content_type__app_label="accounts"))
    client = Client()
    client.force_login(staff)
    form = {
        "username": staff.username,
        "email": "s@example.org",
        "language": "en",
        "time_zone": "UTC",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
    }

    answer = client.post(f"/admin/accounts/user/{staff.pk}/change/", form)

    staff.refresh_from_db()
    assert answer.status_code == 302
    assert (staff.email, staff.is_superuser) == ("s@example.org", False)


def test_staff_cannot_change_a_superusers_password(root):
    staff = UserFactory(is_staff=True)
    staff.user_permissions.add(*Permission.objects.filter(content_type__app_label="accounts"))
    client = Client()
    client.force_login(staff)
    form = {"password1": "taken-over-1!", "password2": "taken-over-1!"}

    answer = client.post(f"/admin/accounts/user/{root.pk}/password/", form)

    root.refresh_from_db()
    assert answer.status_code == 403
    assert not root.check_password("taken-over-1!")


def staff_with(*names, **fields):
    staff = UserFactory(is_staff=True, **fields)
    staff.user_permissions.add(*Permission.objects.filter(codename__in=names))
    return staff


def pages_of(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("spelling", [lambda pk: pk.hex, lambda pk: str(pk).upper()])
def test_the_own_password_is_asked_for_however_the_id_is_spelt(db, spelling):
    staff = staff_with("view_user", "change_user")
    form = {"password1": "taken-over-1!", "password2": "taken-over-1!"}

    answer = pages_of(staff).post(f"/admin/accounts/user/{spelling(staff.pk)}/password/", form)

    staff.refresh_from_db()
    assert answer["Location"] == "/admin/password_change/"
    assert not staff.check_password("taken-over-1!")


def test_the_password_of_nobody_is_not_there_to_be_changed(pages):
    answer = pages.post(f"/admin/accounts/user/{uuid.uuid4()}/password/", {})

    assert answer.status_code in {302, 404}


@pytest.mark.parametrize("is_active", [True, False])
def test_staff_do_not_take_over_accounts_that_may_do_more(db, is_active):
    helper = staff_with("view_user", "change_user")
    reader = staff_with("view_user", "read_private", is_active=is_active)
    form = {"password1": "taken-over-1!", "password2": "taken-over-1!"}

    answer = pages_of(helper).post(f"/admin/accounts/user/{reader.pk}/password/", form)

    reader.refresh_from_db()
    assert answer.status_code == 403
    assert not reader.check_password("taken-over-1!")


def test_staff_help_colleagues_who_may_do_no_more(db):
    helper = staff_with("view_user", "change_user")
    colleague = staff_with("view_user")
    form = {"password1": "all-new-today-1!", "password2": "all-new-today-1!"}

    answer = pages_of(helper).post(f"/admin/accounts/user/{colleague.pk}/password/", form)

    colleague.refresh_from_db()
    assert answer.status_code == 302
    assert colleague.check_password("all-new-today-1!")


@pytest.mark.parametrize(
    "query", ["session__session_key__startswith=a", "session__gt=a", "user__password__gt=a"]
)
def test_no_session_key_is_guessed_by_counting_rows(db, query):
    answer = pages_of(staff_with("view_signin")).get(f"/admin/accounts/signin/?{query}")

    assert answer.status_code == 400


def test_whoever_may_only_look_ends_no_key_and_no_session(db, root):
    key, secret = services.create_api_key(root, name="script", scopes=["chat"], actor=root)
    looking = pages_of(staff_with("view_apikey", "view_signin"))
    session = SignInFactory(user=root)

    for page, name, pk in [("apikey", "revoke", key.pk), ("signin", "end", session.pk)]:
        looking.post(f"/admin/accounts/{page}/", {"action": name, "_selected_action": [pk]})

    assert services.user_of_key(secret) is not None
    assert SignIn.objects.filter(pk=session.pk).exists()


@pytest.mark.parametrize("count", [1, 3])
def test_key_list_keeps_the_same_number_of_queries(pages, count, django_assert_num_queries):
    keys = ApiKeyFactory.create_batch(count)

    with django_assert_num_queries(5):  # session, user, estimate, count, page
        answer = pages.get("/admin/accounts/apikey/")

    assert all(key.prefix.encode() in answer.content for key in keys)


def test_keys_are_found_by_prefix_and_shown_without_digest(pages, root):
    key, secret = services.create_api_key(root, name="script", scopes=["chat"], actor=root)
    ApiKeyFactory(name="another")

    listed = pages.get(f"/admin/accounts/apikey/?q={key.prefix}")
    shown = pages.get(f"/admin/accounts/apikey/{key.pk}/change/")

    assert b"script" in listed.content
    assert b"another" not in listed.content
    assert key.digest.encode() not in shown.content
    assert secret.encode() not in shown.content


def test_keys_can_be_revoked_and_not_deleted(pages, root):
    key, secret = services.create_api_key(root, name="script", scopes=["chat"], actor=root)

    pages.post("/admin/accounts/apikey/", {"action": "revoke", "_selected_action": [key.pk]})
    deleted = pages.post(f"/admin/accounts/apikey/{key.pk}/delete/", {"post": "yes"})

    assert services.user_of_key(secret) is None
    assert ApiKey.objects.get(pk=key.pk).revoked_at is not None
    assert deleted.status_code == 403


def test_a_leaked_key_pasted_in_full_is_found_and_not_kept(pages, root):
    key, secret = services.create_api_key(root, name="script", scopes=["chat"], actor=root)
    ApiKeyFactory(name="another")

    cut = pages.get("/admin/accounts/apikey/", {"q": f" {secret} "})
    listed = pages.get(cut["Location"])

    assert cut.status_code == 302
    assert cut["Location"] == f"/admin/accounts/apikey/?q={key.prefix}"
    assert b"script" in listed.content
    assert b"another" not in listed.content
    assert secret.encode() not in cut.content + listed.content


@pytest.mark.parametrize("page", ["accounts/user", "accounts/apikey", "groups/group"])
def test_ids_that_are_none_are_refused(pages, page):
    form = {"action": "revoke", "_selected_action": ["x"]}
    names = {"accounts/user": "end_sessions", "groups/group": "hide"}

    answer = pages.post(f"/admin/{page}/", {**form, "action": names.get(page, "revoke")})

    assert answer.status_code == 400


@pytest.mark.parametrize("page", ["quotas/quota/add/", "groups/legalhold/add/"])
def test_forms_with_ids_that_are_none_are_refused(pages, page):
    answer = pages.post(f"/admin/{page}", {"user": "x", "reason": "a long enough reason"})

    assert answer.status_code == 400


def test_staff_give_nobody_a_time_zone_there_is_not(pages):
    user = UserFactory(username="ada")
    form = {"username": "ada", "language": "en", "is_active": "on"}
    page = f"/admin/accounts/user/{user.pk}/change/"

    refused = pages.post(page, {**form, "time_zone": "Nowhere/Land"})
    accepted = pages.post(page, {**form, "time_zone": "Europe/Rome"})

    user.refresh_from_db()
    assert (refused.status_code, accepted.status_code) == (200, 302)
    assert b"This is not a time zone." in refused.content
    assert user.time_zone == "Europe/Rome"


def test_a_session_alone_does_not_remove_the_own_second_factor(pages, root):
    second_factor_for(root)
    colleague = UserFactory()
    second_factor_for(colleague)
    chosen = {"action": "remove_second_factor", "_selected_action": [root.pk, colleague.pk]}

    pages.post("/admin/accounts/user/", chosen)

    assert services.second_factor_of(root)["totp"]["enabled"]
    assert not services.second_factor_of(colleague)["totp"]["enabled"]
