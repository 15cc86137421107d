"""Staff pages of groups."""

import pytest
from django.test import Client

from accounts.tests.factories import UserFactory
from groups.tests.factories import GroupFactory, MembershipFactory


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

    assert b"Sales" in listed.content
    assert b"Research" not in listed.content
    assert (shown.status_code, changed.status_code) == (200, 403)
