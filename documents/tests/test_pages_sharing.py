"""Collections as pages, and who sees what."""

import pytest

from accounts.tests.factories import UserFactory
from documents import services
from documents.enums import Access
from documents.models import Collection
from documents.tests.factories import CollectionFactory, CollectionShareFactory, DocumentFactory
from groups.tests.factories import GroupFactory, MembershipFactory
from youworker.tests.support.pages import HTMX, text_of
from youworker.tests.support.rows import refreshed

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return UserFactory(language="en", display_name="Anna")


@pytest.fixture
def client(client, user):
    client.force_login(user)
    return client


@pytest.fixture
def shelf(user):
    return CollectionFactory(owner=user, name="Shelf")


@pytest.fixture
def group(user):
    return MembershipFactory(user=user, group__name="Sales").group


def shares(thing):
    return {share.group_id: getattr(share, "access", Access.READ) for share in thing.shares.all()}


@pytest.mark.parametrize("count", [1, 3])
def test_a_collection_takes_a_fixed_number_of_queries(
    count, client, user, shelf, django_assert_num_queries
):
    DocumentFactory.create_batch(count, owner=user, collection=shelf)
    client.get("/documents")

    with django_assert_num_queries(11):
        response = client.get(f"/collections/{shelf.pk}")

    assert text_of(response).count('data-test="document"') == count


def test_a_collection_is_created_changed_deleted_and_brought_back(client, user):
    created = client.post("/collections/add", {"name": "Plans", "description": "Ours"})
    made = Collection.objects.get(name="Plans")
    assert created["Location"] == f"/collections/{made.pk}"

    client.post(f"/collections/{made.pk}/edit", {"name": "Old plans", "description": ""})
    assert (refreshed(made).name, refreshed(made).description) == ("Old plans", "")

    assert "Old plans" in text_of(client.get(f"/collections/{made.pk}/delete", headers=HTMX))
    client.post(f"/collections/{made.pk}/delete")
    assert client.get(f"/collections/{made.pk}").status_code == 404

    client.post(f"/collections/{made.pk}/restore")
    assert client.get(f"/collections/{made.pk}").status_code == 200


def test_a_name_exists_once(client, shelf):
    response = client.post("/collections/add", {"name": "shelf"}, headers=HTMX)

    assert response.status_code == 422
    assert "You have a collection of this name already." in text_of(response)
    assert "<html" not in text_of(response)


def test_the_default_collection_stays(client, user):
    default = services.ensure_default_collection(user)

    assert client.post(f"/collections/{default.pk}/delete").status_code == 409
    assert refreshed(default).deleted_at is None


def test_a_group_is_let_in_and_out_again(client, shelf, group):
    url = f"/collections/{shelf.pk}/sharing"

    client.post(url, {"group": str(group.pk), "access": "write"})
    assert shares(shelf) == {group.pk: Access.WRITE}

    client.post(url, {"change": str(group.pk), "access": "read"})
    assert shares(shelf) == {group.pk: Access.READ}

    client.post(url, {"remove": str(group.pk)})
    assert shares(shelf) == {}


def test_letting_one_in_leaves_the_others(client, user, shelf, group):
    other = MembershipFactory(user=user).group
    CollectionShareFactory(collection=shelf, group=other, access=Access.WRITE)

    part = client.post(
        f"/collections/{shelf.pk}/sharing", {"group": str(group.pk), "access": "read"}, headers=HTMX
    )

    assert shares(shelf) == {other.pk: Access.WRITE, group.pk: Access.READ}
    assert "<html" not in text_of(part)
    assert "Remove Sales" in text_of(part)


@pytest.mark.parametrize(
    "values", [{"group": "x", "access": "read"}, {"change": "x", "access": "read"}, {"remove": "x"}]
)
def test_ids_that_are_none_share_nothing(client, shelf, values):
    response = client.post(f"/collections/{shelf.pk}/sharing", values)

    assert response.status_code in (400, 422)
    assert shares(shelf) == {}


@pytest.mark.parametrize("field", ["group", "change"])
def test_a_foreign_group_is_not_let_in(client, shelf, field):
    foreign = GroupFactory()

    response = client.post(
        f"/collections/{shelf.pk}/sharing", {field: str(foreign.pk), "access": "read"}
    )

    assert response.status_code in (400, 422)
    assert shares(shelf) == {}


def test_a_document_is_shared_for_reading_only(client, user, group):
    document = DocumentFactory(owner=user)
    url = f"/documents/{document.pk}/sharing"

    shown = text_of(client.get(url))
    client.post(url, {"group": str(group.pk), "access": "write"})

    assert 'name="access"' not in shown
    assert list(shares(document)) == [group.pk]
    assert "via Sales, with which the document is shared" in text_of(client.get(url, headers=HTMX))

    client.post(url, {"remove": str(group.pk)})
    assert shares(document) == {}


def test_who_can_share_with_nobody_else_is_told_why(client, user):
    document = DocumentFactory(owner=user)
    address = f"/documents/{document.pk}/sharing"

    assert "you are in none yet" in text_of(client.get(address))

    group = MembershipFactory(user=user).group
    client.post(address, {"group": group.pk})
    shown = text_of(client.get(address))
    assert "Every group you belong to can see this already." in shown
    assert "in none yet" not in shown


def test_the_list_says_who_and_why(client, user, shelf, group):
    MembershipFactory(group=group, user__display_name="Bo")
    CollectionShareFactory(collection=shelf, group=group, access=Access.WRITE)
    document = DocumentFactory(owner=user, collection=shelf)

    for url in (f"/collections/{shelf.pk}/sharing", f"/documents/{document.pk}/sharing"):
        shown = text_of(client.get(url))
        assert 'data-test="access-list"' in shown
        assert "Who can see this, and why (2)" in shown
        assert "<strong>Bo</strong>" in shown
        assert "via Sales, which can read and add to the collection" in shown


def test_readers_see_why_they_do_and_nobody_else(client, user):
    membership = MembershipFactory(user=user, group__name="Readers")
    MembershipFactory(group=membership.group, user__display_name="Unseen")
    shelf = CollectionFactory(owner=UserFactory(display_name="Olga"))
    CollectionShareFactory(collection=shelf, group=membership.group)
    document = DocumentFactory(owner=shelf.owner, collection=shelf)

    for url in (f"/collections/{shelf.pk}/sharing", f"/documents/{document.pk}/sharing"):
        shown = text_of(client.get(url))
        assert "Shared by Olga" in shown
        assert "via Readers" in shown
        assert "Unseen" not in shown
        assert "Add group" not in shown
        assert client.post(url, {"remove": str(membership.group_id)}).status_code == 403
    assert shares(shelf) == {membership.group_id: Access.READ}


def test_a_collection_one_may_only_read_offers_no_changes(client, user):
    membership = MembershipFactory(user=user)
    share = CollectionShareFactory(group=membership.group)

    shown = text_of(client.get(f"/collections/{share.collection_id}"))

    assert "You can read the documents." in shown
    assert "/documents/add" not in shown
    assert f"/collections/{share.collection_id}/edit" not in shown
