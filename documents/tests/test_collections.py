import threading
import uuid

import pytest
from auditlog.models import LogEntry
from django.db import connection

from accounts.tests.factories import UserFactory
from documents import services
from documents.enums import Access
from documents.exceptions import CollectionNameExists, DefaultCollection
from documents.models import Collection, CollectionShare, Document
from documents.tests.factories import CollectionFactory, CollectionShareFactory, DocumentFactory
from groups.tests.factories import GroupFactory, MembershipFactory
from youworker.core.exceptions import Forbidden, InvalidInput, NotFound
from youworker.tests.support.rows import refreshed


def actions():
    return list(LogEntry.objects.order_by("id").values_list("additional_data__action", flat=True))


def in_threads(*calls):
    """Run calls at the same moment, each on a connection of its own."""
    barrier, results, errors = threading.Barrier(len(calls)), [], []

    def work(call):
        barrier.wait()
        try:
            results.append(call())
        except Exception as error:  # noqa: BLE001 -- raised again below
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


@pytest.mark.django_db
def test_default_collection_is_one_per_user():
    user = UserFactory()

    first, second = (
        services.ensure_default_collection(user),
        services.ensure_default_collection(user),
    )

    assert first == second
    assert services.ensure_default_collection(UserFactory()) != first


@pytest.mark.django_db
def test_default_collection_has_a_name_in_the_users_language():
    assert services.ensure_default_collection(UserFactory(language="it")).name == "I miei documenti"


@pytest.mark.django_db(transaction=True)
def test_default_collection_is_made_once_in_a_race():
    user = UserFactory()

    found = in_threads(*[lambda: services.ensure_default_collection(user).pk] * 6)

    assert len(set(found)) == 1


@pytest.mark.django_db(transaction=True)
def test_ensure_collection_is_made_once_in_a_race():
    user = UserFactory()

    found = in_threads(*[lambda: services.ensure_collection("Plans", actor=user).pk] * 6)

    assert len(set(found)) == 1
    assert actions() == ["collection.create"]


@pytest.mark.django_db
def test_ensure_collection_ignores_case_and_other_owners():
    user = UserFactory()
    CollectionFactory(name="plans")
    made = services.ensure_collection(" Plans ", actor=user)

    assert services.ensure_collection("PLANS", actor=user) == made
    assert (made.name, made.owner) == ("Plans", user)


@pytest.mark.django_db
def test_writable_collection_tells_unknown_from_read_only():
    membership = MembershipFactory()
    readable = CollectionShareFactory(group=membership.group).collection
    writable = CollectionShareFactory(group=membership.group, access=Access.WRITE).collection
    user = membership.user

    assert services.writable_collection(writable.pk, actor=user) == writable
    with pytest.raises(Forbidden):
        services.writable_collection(readable.pk, actor=user)
    for unknown in (uuid.uuid4(), CollectionFactory().pk):
        with pytest.raises(NotFound):
            services.writable_collection(unknown, actor=user)


@pytest.mark.django_db
def test_create_collection_refuses_a_name_that_is_taken():
    user = UserFactory()
    services.create_collection("Plans", actor=user)

    with pytest.raises(CollectionNameExists):
        services.create_collection("plans", actor=user)

    services.create_collection("Plans", actor=UserFactory())
    assert Collection.objects.count() == 2


@pytest.mark.django_db
def test_create_collection_shares_with_own_groups_only():
    membership = MembershipFactory()
    wish = {"group_id": membership.group_id, "access": Access.WRITE}
    made = services.create_collection("Plans", shares=[wish], actor=membership.user)
    foreign = {"group_id": GroupFactory().pk, "access": Access.READ}

    with pytest.raises(InvalidInput) as refused:
        services.create_collection("Other", shares=[foreign], actor=membership.user)

    assert refused.value.attr == "shares"
    assert list(Collection.objects.all()) == [made]
    assert CollectionShare.objects.get().access == Access.WRITE


@pytest.mark.django_db
def test_update_collection_replaces_shares_and_audits_them():
    user = UserFactory()
    old, kept, new = (MembershipFactory(user=user).group for _ in range(3))
    collection = CollectionFactory(owner=user)
    CollectionShareFactory(collection=collection, group=old)
    CollectionShareFactory(collection=collection, group=kept)
    wishes = [
        {"group_id": kept.pk, "access": Access.WRITE},
        {"group_id": new.pk, "access": Access.READ},
    ]

    services.update_collection(collection, name="New", shares=wishes, actor=user)

    rows = CollectionShare.objects.values_list("group_id", "access")
    assert set(rows) == {(kept.pk, "write"), (new.pk, "read")}
    assert sorted(actions()) == [
        "collection.share",
        "collection.share",
        "collection.unshare",
        "collection.update",
    ]


@pytest.mark.django_db
def test_update_collection_keeps_a_group_its_owner_has_left():
    share = CollectionShareFactory()
    wish = {"group_id": share.group_id, "access": Access.READ}

    services.update_collection(share.collection, shares=[wish], actor=share.collection.owner)

    assert CollectionShare.objects.get() == share


@pytest.mark.django_db
def test_only_its_owner_changes_a_collection():
    membership = MembershipFactory()
    share = CollectionShareFactory(group=membership.group, access=Access.WRITE)

    with pytest.raises(Forbidden):
        services.update_collection(share.collection, name="x", actor=membership.user)
    with pytest.raises(Forbidden):
        services.delete_collection(share.collection, actor=membership.user)


@pytest.mark.django_db
def test_delete_collection_hides_own_documents_and_releases_others():
    owner = UserFactory()
    collection = CollectionFactory(owner=owner)
    mine = DocumentFactory(owner=owner, collection=collection)
    theirs = DocumentFactory(collection=collection)

    services.delete_collection(collection, actor=owner)

    assert not Document.objects.visible_to(owner).filter(pk=mine.pk).exists()
    assert Document.objects.visible_to(theirs.owner).get() == theirs
    assert refreshed(theirs).collection == services.ensure_default_collection(theirs.owner)
    assert actions() == ["collection.delete"]


@pytest.mark.django_db
def test_the_default_collection_stays():
    user = UserFactory()

    with pytest.raises(DefaultCollection):
        services.delete_collection(services.ensure_default_collection(user), actor=user)


@pytest.mark.django_db
def test_restore_collection_brings_its_documents_back():
    document = DocumentFactory(collection=CollectionFactory())
    owner = document.collection.owner
    document.collection.soft_delete()

    services.restore_collection(document.collection_id, actor=owner)
    services.restore_collection(document.collection_id, actor=owner)

    assert Document.objects.visible_to(owner).get() == document


@pytest.mark.django_db
def test_restore_collection_is_for_its_owner_and_a_free_name():
    deleted = CollectionFactory(name="Plans")
    deleted.soft_delete()
    CollectionFactory(name="plans", owner=deleted.owner)

    with pytest.raises(CollectionNameExists):
        services.restore_collection(deleted.pk, actor=deleted.owner)
    with pytest.raises(NotFound):
        services.restore_collection(deleted.pk, actor=UserFactory())
