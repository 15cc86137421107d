"""What is shared with a group sleeps while the group is deleted, and wakes when it is restored."""

import pytest

from accounts.tests.factories import UserFactory
from documents.enums import Access
from documents.models import Collection, Document
from documents.tests.factories import (
    CollectionShareFactory,
    DocumentFactory,
    DocumentShareFactory,
    write,
)
from groups import services
from groups.tests.factories import managed_group, member_of
from mcp.enums import Policy
from mcp.models import GroupPolicy, Tool
from mcp.tests.factories import ToolFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    """A group, its admin, and a member."""
    group, admin = managed_group()
    return group, admin, member_of(group)


def asleep(group, admin, look):
    """What is seen before, while and after a group is deleted."""
    before = look()
    services.delete_group(group, actor=admin)
    meanwhile = look()
    services.restore_group(group, actor=admin)
    return before, meanwhile, look()


def test_documents_of_a_deleted_group_sleep(team, client_of):
    group, admin, member = team
    document = DocumentShareFactory(group=group).document
    client = client_of(member)

    def look():
        listed = client.get("/v1/documents").json()["count"]
        return listed, client.get(f"/v1/documents/{document.pk}").status_code

    assert asleep(group, admin, look) == ((1, 200), (0, 404), (1, 200))


def test_collections_of_a_deleted_group_sleep_with_what_is_in_them(team, client_of):
    group, admin, member = team
    share = CollectionShareFactory(group=group, access=Access.WRITE)
    document = DocumentFactory(collection=share.collection, owner=share.collection.owner)
    client = client_of(member)

    def look():
        shelf = Collection.objects.writable_by(member).filter(pk=share.collection_id).exists()
        seen = Document.objects.visible_to(member).filter(pk=document.pk).exists()
        changed = client.patch(f"/v1/documents/{document.pk}", {"title": "x"}).status_code
        return shelf, seen, changed

    awake = (True, True, 200)
    assert asleep(group, admin, look) == (awake, (False, False, 404), awake)


def test_search_does_not_find_what_sleeps(team, client_of):
    group, admin, member = team
    document = DocumentFactory()
    write(document, "The zeppelin lands at noon.")
    DocumentShareFactory(document=document, group=group)
    client = client_of(member)

    def look():
        question = {"query": "zeppelin", "mode": "keyword"}
        return len(client.post("/v1/search", question).json()["results"])

    assert asleep(group, admin, look) == (1, 0, 1)


def test_tool_policies_of_a_deleted_group_sleep(team):
    group, admin, member = team
    tool = ToolFactory(policy=Policy.AUTO)
    GroupPolicy.objects.create(tool=tool, group=group, policy=Policy.DENY)

    def look():
        return Tool.objects.allowed_to(member).filter(pk=tool.pk).exists()

    assert asleep(group, admin, look) == (False, True, False)


def test_the_own_profile_shows_no_deleted_group(team, client_of):
    group, admin, member = team
    client = client_of(member)

    def look():
        return [one["name"] for one in client.get("/v1/auth/me").json()["groups"]]

    assert asleep(group, admin, look) == ([group.name], [], [group.name])


def test_nothing_new_is_shared_with_a_deleted_group(team, client_of):
    group, admin, _member = team
    services.delete_group(group, actor=admin)

    body = {"name": "Shelf", "shares": [{"group_id": str(group.pk)}]}
    answer = client_of(admin).post("/v1/collections", body)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "shares"


def test_those_who_left_or_were_never_there_see_nothing_after_a_restore(team):
    group, admin, member = team
    document = DocumentShareFactory(group=group).document
    services.remove_member(group, user_id=member.pk, actor=member)

    services.delete_group(group, actor=admin)
    services.restore_group(group, actor=admin)

    for user in (member, UserFactory()):
        assert not Document.objects.visible_to(user).filter(pk=document.pk).exists()
