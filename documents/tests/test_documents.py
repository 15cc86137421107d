import uuid
from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from accounts.tests.factories import UserFactory
from documents import services
from documents.enums import Access
from documents.models import Collection, Document, DocumentShare, Passage
from documents.search import search
from documents.tests.factories import (
    CollectionFactory,
    CollectionShareFactory,
    DocumentFactory,
    DocumentShareFactory,
    store_bytes,
    stored_path,
    write,
)
from documents.tests.test_collections import actions
from groups.tests.factories import GroupFactory, MembershipFactory
from quotas.exceptions import StorageQuotaExceeded
from quotas.models import Quota
from youworker.core.exceptions import Forbidden, InvalidInput, NotFound
from youworker.tests.support.rows import refreshed


@pytest.mark.django_db
def test_update_document_renames_for_good():
    document = DocumentFactory()
    write(document, "body text")

    services.update_document(document, title=" Budget ", actor=document.owner)
    services.replace_passages(document.pk, [], language="en", pages=1, title="Parsed title")

    assert refreshed(document).title == "Budget"
    assert "document.update" in actions()


@pytest.mark.django_db
def test_update_document_finds_passages_by_the_new_title():
    document = DocumentFactory()
    write(document, "body text")

    services.update_document(document, title="Marvellous budget", actor=document.owner)

    assert Passage.objects.filter(search="budget").count() == 1


@pytest.mark.django_db
def test_update_document_refuses_an_empty_title():
    document = DocumentFactory()

    with pytest.raises(InvalidInput):
        services.update_document(document, title="  ", actor=document.owner)


@pytest.mark.django_db
def test_update_document_sets_tags_and_shares():
    membership = MembershipFactory()
    document = DocumentFactory(owner=membership.user)
    old = DocumentShareFactory(document=document)

    services.update_document(
        document, tags=["a", "b"], shares=[membership.group_id], actor=membership.user
    )
    services.update_document(document, tags=["b"], actor=membership.user)

    assert [tag.name for tag in document.tags.all()] == ["b"]
    assert DocumentShare.objects.get().group == membership.group
    assert {"document.share", "document.unshare"} <= set(actions())
    assert old.group_id != membership.group_id


@pytest.mark.django_db
@pytest.mark.parametrize("known", [True, False])
def test_update_document_treats_foreign_ids_like_unknown_ones(known):
    document = DocumentFactory()
    group = GroupFactory().pk if known else uuid.uuid4()
    collection = CollectionFactory().pk if known else uuid.uuid4()

    with pytest.raises(InvalidInput) as shares:
        services.update_document(document, shares=[group], actor=document.owner)
    with pytest.raises(InvalidInput) as moved:
        services.update_document(document, collection_id=collection, actor=document.owner)

    assert (shares.value.attr, moved.value.attr) == ("shares", "collection_id")
    assert not DocumentShare.objects.exists()


@pytest.mark.django_db
def test_update_document_moves_to_a_writable_collection_only():
    document = DocumentFactory()
    mine = CollectionFactory(owner=document.owner)
    group = MembershipFactory(user=document.owner).group
    readable = CollectionShareFactory(group=group).collection

    services.update_document(document, collection_id=mine.pk, actor=document.owner)
    with pytest.raises(Forbidden):
        services.update_document(document, collection_id=readable.pk, actor=document.owner)

    assert refreshed(document).collection == mine


@pytest.mark.django_db
def test_writers_may_rename_but_not_move_or_share():
    membership = MembershipFactory()
    share = CollectionShareFactory(group=membership.group, access=Access.WRITE)
    document = DocumentFactory(collection=share.collection)
    mine = CollectionFactory(owner=membership.user)

    services.update_document(document, title="Better", actor=membership.user)
    for change in ({"collection_id": mine.pk}, {"shares": [membership.group_id]}):
        with pytest.raises(Forbidden):
            services.update_document(document, actor=membership.user, **change)

    assert refreshed(document).title == "Better"
    assert document.collection == share.collection


@pytest.mark.django_db
def test_readers_may_not_change_or_delete():
    membership = MembershipFactory()
    document = DocumentShareFactory(group=membership.group).document

    with pytest.raises(Forbidden):
        services.update_document(document, title="x", actor=membership.user)
    with pytest.raises(Forbidden):
        services.delete_document(document, actor=membership.user)


@pytest.mark.django_db
def test_delete_and_restore_document():
    document = DocumentFactory()

    for _ in range(2):
        services.delete_document(document, actor=document.owner)
    assert not Document.objects.exists()
    for _ in range(2):
        services.restore_document(document.pk, actor=document.owner)

    assert Document.objects.get() == document
    assert actions() == ["document.delete", "document.restore"]


@pytest.mark.django_db
def test_restoring_is_limited_by_the_owners_quota():
    document = DocumentFactory()
    services.delete_document(document, actor=document.owner)
    other = DocumentFactory(owner=document.owner)
    Quota.objects.create(user=document.owner, documents=1)

    with pytest.raises(StorageQuotaExceeded):
        services.restore_document(document.pk, actor=document.owner)
    # What is there already is no document more.
    services.restore_document(other.pk, actor=document.owner)
    services.delete_document(other, actor=document.owner)
    services.restore_document(document.pk, actor=document.owner)

    assert Document.objects.get() == document


@pytest.mark.django_db
def test_a_document_that_is_purged_at_this_moment_is_not_there():
    document = DocumentFactory()
    Document.all_objects.filter(pk=document.pk).hard_delete()

    with pytest.raises(NotFound):
        services.delete_document(document, actor=document.owner)


@pytest.mark.django_db
def test_restore_document_refuses_readers_and_strangers():
    membership = MembershipFactory()
    document = DocumentShareFactory(group=membership.group).document
    document.soft_delete()

    with pytest.raises(Forbidden):
        services.restore_document(document.pk, actor=membership.user)
    with pytest.raises(NotFound):
        services.restore_document(document.pk, actor=UserFactory())


@pytest.mark.django_db
def test_purge_deleted_removes_rows_and_files(django_capture_on_commit_callbacks):
    files = [store_bytes(content) for content in (b"old", b"young", b"alive")]
    old, young, alive = (DocumentFactory(stored_file=file) for file in files)
    paths = [stored_path(file) for file in files]
    write(old, "some words")
    Document.objects.filter(pk=old.pk).update(deleted_at=timezone.now() - timedelta(days=40))
    young.soft_delete()
    before = timezone.now() - timedelta(days=30)

    assert services.purge_deleted(before, dry_run=True) == 1
    with django_capture_on_commit_callbacks(execute=True):
        assert services.purge_deleted(before) == 1

    assert set(Document.all_objects.all()) == {young, alive}
    assert [path.exists() for path in paths] == [False, True, True]
    assert not Passage.objects.exists()
    assert LogEntry.objects.get().object_pk == str(old.pk)


@pytest.mark.django_db
def test_purge_deleted_removes_a_collection_but_no_guests():
    guest = DocumentFactory(collection=CollectionFactory())
    collection = guest.collection
    DocumentFactory(owner=collection.owner, collection=collection)
    collection.soft_delete()

    services.purge_deleted(timezone.now() + timedelta(seconds=1))

    assert not Collection.all_objects.filter(pk=collection.pk).exists()
    assert list(Document.objects.all()) == [guest]
    assert refreshed(guest).collection == services.ensure_default_collection(guest.owner)


@pytest.mark.django_db
def test_erase_library_leaves_nothing_of_its_owner(django_capture_on_commit_callbacks):
    guest = DocumentFactory(collection=CollectionFactory())
    owner = guest.collection.owner
    deleted = DocumentFactory(owner=owner, stored_file=store_bytes(b"mine"))
    deleted.soft_delete()
    elsewhere = DocumentFactory(owner=owner, collection=CollectionFactory())
    write(elsewhere, "some words")
    path = stored_path(deleted.stored_file)

    with django_capture_on_commit_callbacks(execute=True):
        assert services.erase_library(owner) == 2

    assert list(Document.all_objects.all()) == [guest]
    assert not Collection.all_objects.filter(owner=owner).exists()
    assert not path.exists()
    assert not Passage.objects.exists()


@pytest.mark.django_db
def test_a_chosen_language_indexes_again_and_outlives_parsing():
    document = DocumentFactory()
    write(document, "i gatti dormono", language="en")
    owner = document.owner
    assert search("gatto", mode="keyword", actor=owner).results == []

    services.update_document(document, language="it", actor=owner)

    assert len(search("gatto", mode="keyword", actor=owner).results) == 1
    write(document, "i gatti dormono", "le case", language="en")
    changed = refreshed(document)
    assert (changed.language, changed.text_config, changed.language_chosen) == (
        "it",
        "italian",
        True,
    )
    assert len(search("casa", mode="keyword", actor=owner).results) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["", "xx", "italian", "it-IT", "it\x00"])
def test_a_language_that_is_none_is_refused(code, client_of):
    document = DocumentFactory(language="en")

    with pytest.raises(InvalidInput):
        services.update_document(document, language=code, actor=document.owner)
    answer = client_of(document.owner).patch(f"/v1/documents/{document.pk}", {"language": code})

    assert answer.status_code == 400
    assert refreshed(document).language == "en"


@pytest.mark.django_db
def test_languages_are_changed_by_whoever_may_write(client_of):
    membership = MembershipFactory()
    document = DocumentShareFactory(group=membership.group).document

    def change(user):
        return client_of(user).patch(f"/v1/documents/{document.pk}", {"language": "de"})

    assert change(membership.user).status_code == 403
    assert change(UserFactory()).status_code == 404
    assert change(document.owner).json()["language"] == "de"
    assert refreshed(document).text_config == "german"
