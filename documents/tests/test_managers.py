import pytest

from accounts.tests.factories import UserFactory
from documents.enums import Access
from documents.models import Collection, Document, Passage
from documents.services import ensure_default_collection
from documents.tests.factories import (
    CollectionFactory,
    CollectionShareFactory,
    DocumentFactory,
    DocumentShareFactory,
    TagFactory,
    write,
)
from groups.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


def own(user):
    return DocumentFactory(owner=user)


def in_own_collection(user):
    return DocumentFactory(collection=ensure_default_collection(user))


def shared_collection(user, access=Access.READ):
    share = CollectionShareFactory(group=MembershipFactory(user=user).group, access=access)
    return DocumentFactory(collection=share.collection)


def writable_collection(user):
    return shared_collection(user, Access.WRITE)


def shared_directly(user):
    return DocumentShareFactory(group=MembershipFactory(user=user).group).document


def foreign(user):
    stranger = MembershipFactory()
    CollectionShareFactory(group=stranger.group)
    return DocumentShareFactory(group=stranger.group).document


@pytest.mark.parametrize(
    ("situation", "visible", "writable", "managed"),
    [
        (own, True, True, True),
        (in_own_collection, True, True, True),
        (shared_collection, True, False, False),
        (writable_collection, True, True, False),
        (shared_directly, True, False, False),
        (foreign, False, False, False),
    ],
)
def test_rights(situation, visible, writable, managed):
    user = UserFactory()
    document = situation(user)
    write(document, "some words")
    DocumentFactory()

    rows = Document.objects.filter(pk=document.pk)
    assert rows.visible_to(user).exists() is visible
    assert rows.writable_by(user).exists() is writable
    assert rows.managed_by(user).exists() is managed
    assert rows.with_writable(user).get().writable is writable
    assert Passage.objects.visible_to(user).exists() is visible


def test_visible_to_gives_each_document_once():
    user = UserFactory()
    document = own(user)
    for _ in range(3):
        membership = MembershipFactory(user=user)
        DocumentShareFactory(document=document, group=membership.group)
        CollectionShareFactory(collection=document.collection, group=membership.group)

    assert Document.objects.visible_to(user).count() == 1


def test_a_deleted_document_is_not_visible():
    user = UserFactory()
    document = own(user)

    document.soft_delete()

    assert not Document.all_objects.visible_to(user).exists()
    assert Document.all_objects.reachable_by(user).get() == document


@pytest.mark.parametrize("situation", [own, shared_collection, shared_directly])
def test_a_deleted_collection_hides_its_documents(situation):
    user = UserFactory()
    document = situation(user)

    document.collection.soft_delete()

    assert not Document.objects.visible_to(user).exists()


@pytest.mark.parametrize("situation", [shared_collection, writable_collection, shared_directly])
def test_a_deleted_group_shares_nothing(situation):
    user = UserFactory()
    document = situation(user)

    user.member_of.get().soft_delete()

    assert not Document.objects.visible_to(user).exists()
    assert not Document.objects.writable_by(user).exists()
    assert not Collection.objects.visible_to(user).filter(pk=document.collection_id).exists()


def test_a_document_shared_directly_does_not_open_its_collection():
    user = UserFactory()
    document = shared_directly(user)

    assert not Collection.objects.visible_to(user).filter(pk=document.collection_id).exists()


def test_collections_count_living_documents():
    collection = CollectionFactory()
    DocumentFactory.create_batch(2, collection=collection)
    DocumentFactory(collection=collection).soft_delete()
    CollectionFactory()

    counts = Collection.objects.with_document_count().values_list("pk", "document_count")

    assert dict(counts)[collection.pk] == 2
    assert sum(dict(counts).values()) == 2


def test_tagged_wants_every_tag():
    red, blue = TagFactory(name="Red"), TagFactory(name="blue")
    both, one = DocumentFactory(), DocumentFactory()
    both.tags.add(red, blue)
    one.tags.add(red)

    assert set(Document.objects.tagged(["red"])) == {both, one}
    assert list(Document.objects.tagged(["red", "BLUE"])) == [both]
    assert list(Document.objects.tagged(["green"])) == []
