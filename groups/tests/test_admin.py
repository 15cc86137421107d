"""Staff pages of groups."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from accounts.tests.factories import UserFactory, staff_client
from groups import services
from groups.enums import Role
from groups.models import Group, LegalHold
from groups.services import staff
from groups.tests.factories import (
    GroupFactory,
    MembershipFactory,
    managed_group,
    member_of,
    service_account_of,
)
from groups.tests.helpers import audited, roles
from youworker.tests.support.rows import refreshed

GROUPS = "/admin/groups/group/"


@pytest.fixture
def pages(db):
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("count", [1, 3])
def test_group_list_counts_members_in_a_fixed_number_of_queries(
    pages, count, django_assert_num_queries
):
    groups = GroupFactory.create_batch(count)
    for group in groups:
        MembershipFactory.create_batch(7, group=group)
    groups[0].soft_delete()

    with django_assert_num_queries(5):  # session, user, estimate, count, page
        answer = pages.get("/admin/groups/group/")

    assert all(group.name.encode() in answer.content for group in groups)
    assert answer.content.count(b">7<") + answer.content.count(b"7\n") >= count


@pytest.mark.parametrize("count", [1, 3])
def test_membership_list_keeps_the_same_number_of_queries(pages, count, django_assert_num_queries):
    members = MembershipFactory.create_batch(count)

    with django_assert_num_queries(5):  # session, user, estimate, count, page
        answer = pages.get("/admin/groups/membership/")

    assert all(member.group.name.encode() in answer.content for member in members)


def test_groups_are_found_and_shown_and_not_changed(pages):
    group = GroupFactory(name="Sales")
    GroupFactory(name="Research")

    listed = pages.get("/admin/groups/group/?q=sal")
    shown = pages.get(f"/admin/groups/group/{group.pk}/change/")
    changed = pages.post(f"/admin/groups/group/{group.pk}/change/", {"name": "x"})
    group.refresh_from_db()

    assert b"Sales" in listed.content
    assert b"Research" not in listed.content
    assert (shown.status_code, changed.status_code, group.name) == (200, 302, "Sales")


def act(pages, name, *rows, page=GROUPS):
    body = {"action": name, "_selected_action": [str(row.pk) for row in rows]}
    return pages.post(page, body, follow=True)


def test_group_pages_lead_to_the_members(pages):
    group = MembershipFactory().group
    stranger = MembershipFactory()
    link = f"/admin/groups/membership/?group__id__exact={group.pk}"

    listed, shown = pages.get(GROUPS), pages.get(f"{GROUPS}{group.pk}/change/")
    members = pages.get(link)

    assert link.encode() in listed.content
    assert link.encode() in shown.content
    assert members.status_code == 200
    assert stranger.user.username.encode() not in members.content


def test_groups_are_deleted_and_restored_by_staff(pages):
    group, admin = managed_group()
    account = service_account_of(group, admin)
    kept = GroupFactory()

    deleted = act(pages, "hide", group)
    asleep = not User.objects.get(pk=account.user_id).is_active
    restored = act(pages, "show", group, kept)

    assert b"1 deleted." in deleted.content
    assert b"1 restored." in restored.content
    assert asleep
    assert User.objects.get(pk=account.user_id).is_active
    assert [line[0] for line in audited()[-2:]] == ["group.delete", "group.restore"]


def test_staff_restore_no_group_whose_name_is_taken_or_that_nobody_could_manage(pages):
    taken, admin = managed_group(name="Sales")
    services.delete_group(taken, actor=admin)
    managed_group(name="sales")
    empty, last = managed_group()
    services.remove_from_all_groups(last, actor=last)

    answer = act(pages, "show", taken, empty)

    assert b"0 restored." in answer.content
    assert Group.all_objects.deleted().count() == 2


def test_a_group_that_staff_restore_has_an_admin(pages):
    group, admin = managed_group()
    heir = member_of(group)
    services.delete_group(group, actor=admin)
    admin.is_active = False
    admin.save()

    act(pages, "show", group)

    assert roles(group)[heir.username] == Role.ADMIN


def test_staff_appoint_an_admin_where_none_is_active(pages):
    group, admin = managed_group()
    heir = member_of(group)
    other, _ = managed_group()
    admin.is_active = False
    admin.save()

    answer = act(pages, "appoint", group, other)

    assert b"1 appointed." in answer.content
    assert roles(group)[heir.username] == Role.ADMIN


def test_the_actions_need_the_right_to_change(db):
    looking = UserFactory(is_staff=True)
    looking.user_permissions.add(*view_rights())
    client = Client()
    client.force_login(looking)
    group, admin = managed_group()
    account = service_account_of(group, admin)

    act(client, "hide", group)
    act(client, "end", account, page="/admin/groups/serviceaccount/")

    account.refresh_from_db()
    assert client.get(GROUPS).status_code == 200
    assert not refreshed(group).is_deleted
    assert account.ended_at is None


def view_rights():
    return Permission.objects.filter(content_type__app_label="groups", codename__startswith="view")


@pytest.mark.parametrize("count", [1, 3])
def test_service_account_list_keeps_the_same_number_of_queries(
    pages, count, django_assert_num_queries
):
    accounts = [service_account_of(*managed_group(), name=f"Program {n}") for n in range(count)]

    with django_assert_num_queries(5):  # session, user, estimate, count, page
        answer = pages.get("/admin/groups/serviceaccount/")

    assert all(account.name.encode() in answer.content for account in accounts)


def test_service_accounts_are_ended_by_staff(pages):
    group, admin = managed_group()
    account = service_account_of(group, admin)
    url = "/admin/groups/serviceaccount/"

    shown = pages.get(f"{url}{account.pk}/change/")
    first = act(pages, "end", account, page=url)
    second = act(pages, "end", account, page=url)

    account.refresh_from_db()
    assert shown.status_code == 200
    assert b"1 ended." in first.content
    assert b"0 ended." in second.content
    assert account.ended_at is not None
    assert account.user.username not in roles(group)


def test_nobody_gives_a_service_account_a_password_or_rights(pages):
    group, admin = managed_group()
    user = service_account_of(group, admin).user
    page = f"/admin/accounts/user/{user.pk}"
    form = {"password1": "taken-over-1!", "password2": "taken-over-1!", "usable_password": "true"}

    shown = pages.get(f"{page}/change/")
    changed = pages.post(f"{page}/change/", {"is_staff": "on"})
    password = pages.post(f"{page}/password/", form)

    user.refresh_from_db()
    assert shown.status_code == 200
    assert (changed.status_code, password.status_code) == (403, 403)
    assert (user.is_staff, user.has_usable_password()) == (False, False)


def test_deleted_groups_are_removed_for_good_unless_somebody_is_held(pages):
    gone, admin = managed_group()
    account = service_account_of(gone, admin)
    held, alive = MembershipFactory().group, GroupFactory()
    LegalHold.objects.create(user=held.members.get(), reason="A trial")
    staff.hide_groups([gone, held], actor=UserFactory())
    act = {"action": "purge", "_selected_action": [str(row.pk) for row in (gone, held, alive)]}

    staff_client("view_group", "change_group").post(GROUPS, {**act, "confirmed": "yes"})
    assert Group.all_objects.count() == 3, "for superusers only"
    asked = pages.post(GROUPS, act)
    assert Group.all_objects.count() == 3, "only asked"
    pages.post(GROUPS, {**act, "confirmed": "yes"})

    told = {choice.row: choice.refusal for choice in asked.context["choices"]}
    assert (told[gone], bool(told[held]), bool(told[alive])) == ("", True, True)
    assert set(Group.all_objects.all()) == {held, alive}
    ended = refreshed(account)
    assert (ended.group, ended.ended_at is not None, ended.user.is_active) == (None, True, False)
    assert audited()[-1][:2] == ("group.purge", str(gone.pk))
