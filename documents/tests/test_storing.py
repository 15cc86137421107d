"""Documents are what people put somewhere: one content once in a collection."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from accounts.tests.factories import UserFactory
from documents import services
from documents.enums import Access, DocumentStatus
from documents.exceptions import DocumentDeleted
from documents.models import Document, DocumentShare, Passage, StoredFile
from documents.tests.factories import (
    CollectionFactory,
    CollectionShareFactory,
    DocumentShareFactory,
    drafts,
    store_bytes,
    stored_path,
)
from documents.tests.test_collections import actions, in_threads
from groups.tests.factories import MembershipFactory
from youworker.tests.support.configuring import override_config
from youworker.tests.support.rows import refreshed


def put(user, *, collection=None, tags=(), accepted_at=None, texts=("words",), **changes):
    """Store a file as ingestion does."""
    values = {
        "name": "report.txt",
        "uri": "report.txt",
        "path_hash": services.upload_path_hash(changes.get("sha256", "s1")),
        "sha256": "s1",
        "mime": "text/plain",
        "size": 3,
        "passages": drafts(*texts),
        "language": "en",
    }
    return services.store_parsed(
        services.ParsedFile(**values | changes),
        collection=collection or services.ensure_default_collection(user),
        tags=tags,
        accepted_at=accepted_at,
        actor=user,
    )


@pytest.mark.django_db
def test_a_file_becomes_a_document_with_passages():
    user = UserFactory()

    stored = put(user, name=" a\x00b ", tags=["x", " x ", "", "long " * 40])

    document = Document.objects.get()
    assert (stored.document, stored.duplicate) == (document, False)
    assert (document.title, document.owner) == ("ab", user)
    assert (document.status, document.passage_count) == (DocumentStatus.SEARCHABLE, 1)
    assert sorted(len(tag.name) for tag in document.tags.all()) == [1, 64]
    assert actions() == ["document.upload"]


@pytest.mark.django_db
def test_the_same_file_in_another_collection_is_another_document():
    user = UserFactory()
    shelf, second = CollectionFactory(owner=user), CollectionFactory(owner=user)
    membership = MembershipFactory()
    CollectionShareFactory(collection=shelf, group=membership.group)
    first = put(user, collection=shelf, tags=["first"]).document

    again = put(user, collection=second, tags=["second"])
    nowhere = put(user)

    assert not again.duplicate
    assert not nowhere.duplicate
    assert Document.objects.count() == 3
    assert refreshed(first).collection == shelf
    assert list(Document.objects.visible_to(membership.user)) == [first]
    assert [tag.name for tag in again.document.tags.all()] == ["second"]


@pytest.mark.django_db
def test_the_same_content_in_the_same_collection_is_told_and_changes_nothing():
    user = UserFactory()
    first = put(user, tags=["old"], texts=["as text"]).document

    again = put(user, name="b.md", uri="b.md", mime="text/markdown", tags=["new"], texts=["other"])

    document = Document.objects.get()
    assert (again.document, again.duplicate) == (document, True)
    assert (document.pk, document.uri, document.mime) == (first.pk, "report.txt", "text/plain")
    assert Passage.objects.get().text == "as text"
    assert {tag.name for tag in document.tags.all()} == {"old", "new"}
    entries = LogEntry.objects.order_by("pk")
    assert [entry.additional_data["duplicate"] for entry in entries] == [False, True]


@pytest.mark.django_db
def test_the_same_file_again_is_read_again():
    user = UserFactory()
    first = put(user, texts=["cut"]).document

    again = put(user, texts=["cut", "better extracted"])

    assert (again.document.pk, again.duplicate) == (first.pk, True)
    assert Passage.objects.count() == 2


@pytest.mark.django_db
def test_what_a_colleague_put_there_is_the_document():
    share = CollectionShareFactory(group=MembershipFactory().group, access=Access.WRITE)
    shelf, writer = share.collection, share.group.members.get()
    first = put(shelf.owner, collection=shelf).document

    again = put(writer, collection=shelf, uri="mine.txt")

    assert (again.document, again.duplicate) == (first, True)
    assert Document.objects.get().owner == shelf.owner


@pytest.mark.django_db
def test_a_changed_file_of_the_server_is_the_same_document_in_its_collection():
    user = UserFactory()
    shelf = CollectionFactory(owner=user)
    place = {"uri": "/srv/a.txt", "path_hash": services.server_path_hash("/srv/a.txt")}
    first = put(user, **place).document
    other = put(user, collection=shelf, **place).document

    again = put(user, sha256="s2", size=9, texts=["new words"], tags=["new"], **place)

    assert (again.document.pk, again.duplicate) == (first.pk, False)
    first.refresh_from_db()
    assert (first.sha256, first.size, first.passages.get().text) == ("s2", 9, "new words")
    assert (refreshed(other).sha256, Document.objects.count()) == ("s1", 2)


@pytest.mark.django_db
@pytest.mark.parametrize("kept", [0, 1, 2])
def test_replaced_originals_are_kept_as_long_as_their_versions(
    django_capture_on_commit_callbacks, kept
):
    user = UserFactory()
    files = [store_bytes(content) for content in (b"first", b"second", b"third", b"fourth")]
    paths = [stored_path(file) for file in files]
    place = {"path_hash": services.server_path_hash("/a")}

    with override_config("ingestion", versions_kept=kept):
        for file in files:
            with django_capture_on_commit_callbacks(execute=True):
                document = put(user, stored_file=file, sha256=file.sha256, **place).document

    assert set(StoredFile.objects.all()) == set(files[3 - kept :])
    assert [path.exists() for path in paths] == [False] * (3 - kept) + [True] * (kept + 1)
    assert document.version == 4
    assert [each.number for each in services.versions_of(document)] == [3, 2, 1][:kept]


@pytest.mark.django_db
def test_nothing_deleted_comes_back():
    user = UserFactory()
    first = put(user, name="Old title", tags=["old"]).document
    DocumentShareFactory(document=first)
    services.update_document(first, title="Given title", actor=user)
    services.delete_document(first, actor=user)

    again = put(user, name="new.txt")

    assert not again.duplicate
    document = Document.objects.get()
    assert (document.pk != first.pk, document.title) == (True, "new.txt")
    assert not document.tags.exists()
    assert not DocumentShare.objects.filter(document=document).exists()
    services.restore_document(first.pk, actor=user)
    assert refreshed(first).title == "Given title"


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["same", "elsewhere"])
def test_what_was_deleted_after_the_file_came_stays_deleted(place):
    user = UserFactory()
    document = put(user).document
    accepted_at = timezone.now() - timedelta(minutes=1)
    services.delete_document(document, actor=user)
    given = {} if place == "same" else {"path_hash": "p2"}

    with pytest.raises(DocumentDeleted):
        put(user, accepted_at=accepted_at, **given)

    assert put(user, collection=CollectionFactory(owner=user), accepted_at=accepted_at)
    assert put(UserFactory(), accepted_at=accepted_at)


@pytest.mark.django_db
def test_a_document_that_was_moved_away_leaves_room_for_the_file():
    user = UserFactory()
    shelf = CollectionFactory(owner=user)
    moved = put(user).document
    services.update_document(moved, collection_id=shelf.pk, actor=user)

    again = put(user)

    assert not again.duplicate
    assert refreshed(moved).collection == shelf
    services.update_document(again.document, collection_id=shelf.pk, actor=user)
    assert shelf.documents.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "files",
    [
        [{"path_hash": "p1"}] * 5,
        [{"path_hash": f"p{n}", "uri": f"{n}.txt"} for n in range(5)],
        [{"path_hash": "p1", "sha256": f"s{n}"} for n in range(5)],
    ],
    ids=["all the same", "one content at five places", "five contents of one place"],
)
def test_files_that_come_at_once_are_one_document(files):
    user = UserFactory()
    services.ensure_default_collection(user)

    found = in_threads(
        *[lambda file=file: put(user, tags=["b", "a"], **file).document.pk for file in files]
    )

    assert len(set(found)) == 1
    assert Document.all_objects.count() == 1


@pytest.mark.django_db
def test_an_heir_may_get_what_he_has_already():
    membership = MembershipFactory(role="admin")
    heir, leaver = membership.user, UserFactory()
    shelf = CollectionFactory(owner=leaver)
    CollectionShareFactory(collection=shelf, group=membership.group)
    mine, theirs = put(heir).document, put(leaver, collection=shelf).document

    assert services.hand_over_library(leaver) == 1

    assert set(Document.objects.filter(owner=heir)) == {mine, theirs}
