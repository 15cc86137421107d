"""Other bytes at the same place are a new version; what was there before can be read."""

import threading
from importlib import import_module

import pytest
from django.db import connection

from accounts.tests.factories import UserFactory
from documents import services
from documents.enums import Access
from documents.models import (
    Document,
    DocumentVersion,
    Passage,
    PassageEmbedding,
    StoredFile,
    VersionPassage,
)
from documents.queries import sum_stored_bytes
from documents.search import search
from documents.services.removal import erase_library, purge_document
from documents.tests.factories import (
    CollectionFactory,
    CollectionShareFactory,
    DocumentFactory,
    embed,
    keep_older,
    store_bytes,
    stored_path,
    write,
)
from documents.tests.test_collections import in_threads
from documents.tests.test_embedding_work import StoppingEmbedder
from documents.tests.test_storing import put
from groups.models import LegalHold
from groups.tests.factories import MembershipFactory
from quotas.enums import SubjectKind
from quotas.types import QuotaSubject
from youworker.core.exceptions import Conflict, Forbidden, NotFound
from youworker.tests.support.configuring import override_config
from youworker.tests.support.rows import refreshed

PLACE = {"path_hash": services.upload_path_hash("report.txt")}


def newer(user, number, *texts, **more):
    """The next file of the same name."""
    return put(user, sha256=f"s{number}", size=number, texts=texts, **PLACE | more).document


def words_of(document, number):
    rows = VersionPassage.objects.filter(version__document=document, version__number=number)
    return list(rows.order_by("ordinal").values_list("text", flat=True))


@pytest.mark.django_db
def test_other_bytes_of_the_same_name_are_a_new_version():
    user = UserFactory()
    first = newer(user, 1, "Leave is thirty days.", "Ask early.")
    ids = set(first.passages.values_list("pk", flat=True))

    second = newer(user, 2, "Leave is twenty days.", "Ask early.")

    assert (second.pk, second.version, Document.objects.count()) == (first.pk, 2, 1)
    assert words_of(second, 1) == ["Leave is thirty days.", "Ask early."]
    kept = DocumentVersion.objects.get()
    assert (kept.number, kept.sha256, kept.size, kept.passage_count) == (1, "s1", 1, 2)
    assert kept.since == first.created_at
    assert refreshed(second).version_since >= kept.since
    assert set(kept.passages.values_list("passage_id", flat=True)) == ids
    assert sorted(second.passages.values_list("text", flat=True)) == [
        "Ask early.",
        "Leave is twenty days.",
    ]


@pytest.mark.django_db
def test_the_same_bytes_and_another_collection_make_none():
    user = UserFactory()
    newer(user, 1, "Leave is thirty days.")

    again = newer(user, 1, "Leave is thirty days.")
    newer(user, 2, "Elsewhere.", collection=CollectionFactory(owner=user))

    assert (again.version, DocumentVersion.objects.exists()) == (1, False)


@pytest.mark.django_db
def test_a_colleagues_file_of_the_same_name_is_a_document_of_its_own():
    share = CollectionShareFactory(group=MembershipFactory().group, access=Access.WRITE)
    shelf, writer = share.collection, share.group.members.get()
    newer(shelf.owner, 1, "Mine.", collection=shelf)

    newer(writer, 2, "Theirs.", collection=shelf)

    assert Document.objects.count() == 2
    assert not DocumentVersion.objects.exists()


@pytest.mark.django_db
def test_search_knows_the_newest_only(letters):
    user = UserFactory()
    newer(user, 1, "The zebra is striped.")
    embed()
    newer(user, 2, "The giraffe is tall.")

    def found(query, mode):
        return [hit.text for hit in search(query, mode=mode, actor=user).results]

    before = found("zebra", "keyword"), found("giraffe", "keyword")
    embed()

    assert before == ([], ["The giraffe is tall."])
    assert found("zebra striped", "semantic") == ["The giraffe is tall."]
    assert PassageEmbedding.objects.count() == Passage.objects.count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_search_meanwhile_sees_the_old_or_the_new_never_both():
    user = UserFactory()
    newer(user, 1, *(f"Old zebra {n}." for n in range(6)))
    over, seen = threading.Event(), set()

    def look():
        try:
            while not over.is_set():
                hits = search("zebra", mode="keyword", limit=20, actor=user).results
                seen.add(frozenset((hit.text.split()[0], len(hits)) for hit in hits))
        finally:
            connection.close()

    looker = threading.Thread(target=look)
    looker.start()
    try:
        for number in range(2, 30):
            word = "New" if number % 2 == 0 else "Old"
            newer(user, number, *(f"{word} zebra {n}." for n in range(6)))
    finally:
        over.set()
        looker.join()

    assert seen <= {frozenset({("Old", 6)}), frozenset({("New", 6)})}
    assert len(seen) == 2


@pytest.mark.django_db(transaction=True)
def test_versions_that_come_at_once_follow_each_other():
    user = UserFactory()
    services.ensure_default_collection(user)

    in_threads(*[lambda n=n: newer(user, n, f"Text {n}.") for n in range(1, 6)])

    document = Document.objects.get()
    assert document.version == 5
    assert [each.number for each in services.versions_of(document)] == [4, 3, 2, 1]
    texts = [document.passages.get().text, *VersionPassage.objects.values_list("text", flat=True)]
    assert sorted(texts) == [f"Text {n}." for n in range(1, 6)]


@pytest.mark.django_db
def test_a_version_that_comes_while_the_former_is_embedded(use):
    user, model = UserFactory(), StoppingEmbedder()
    use(model, active=True)
    newer(user, 1, "First text.")
    model.act = lambda: newer(user, 2, "Second text.")

    embed()

    assert PassageEmbedding.objects.get().passage.text == "Second text."
    assert Document.objects.get().status == "ready"


@pytest.mark.django_db
def test_an_older_version_becomes_the_newest(django_capture_on_commit_callbacks):
    user = UserFactory()
    old, new = store_bytes(b"old"), store_bytes(b"new")
    put(user, texts=["Old text."], sha256=old.sha256, stored_file=old, title="Old", **PLACE)
    document = put(
        user, texts=["New text."], sha256=new.sha256, stored_file=new, title="New", **PLACE
    ).document

    with django_capture_on_commit_callbacks(execute=True):
        services.restore_version(document, 1, actor=user)

    document = refreshed(document)
    assert (document.version, document.title, document.stored_file) == (3, "Old", old)
    assert [row.text for row in document.passages.all()] == ["Old text."]
    assert [each.number for each in services.versions_of(document)] == [2, 1]
    assert words_of(document, 2) == ["New text."]
    assert set(StoredFile.objects.all()) == {old, new}


@pytest.mark.django_db
def test_the_last_kept_version_can_be_restored(django_capture_on_commit_callbacks):
    user = UserFactory()
    old, new = store_bytes(b"old"), store_bytes(b"new")
    with override_config("ingestion", versions_kept=1):
        put(user, texts=["Old text."], sha256=old.sha256, stored_file=old, **PLACE)
        document = put(
            user, texts=["New text."], sha256=new.sha256, stored_file=new, **PLACE
        ).document

        with django_capture_on_commit_callbacks(execute=True):
            services.restore_version(document, 1, actor=user)

    assert [row.text for row in document.passages.all()] == ["Old text."]
    assert stored_path(refreshed(document).stored_file).read_bytes() == b"old"
    assert [each.number for each in services.versions_of(document)] == [2]


@pytest.mark.django_db
@pytest.mark.parametrize("act", [services.restore_version, services.delete_version])
def test_only_who_may_write_changes_versions_and_only_of_what_they_see(act):
    share = CollectionShareFactory(group=MembershipFactory().group, access=Access.READ)
    document = DocumentFactory(owner=share.collection.owner, collection=share.collection)
    write(document, "Words.")
    keep_older(document)

    with pytest.raises(Forbidden):
        act(document, 1, actor=share.group.members.get())
    with pytest.raises(Forbidden):
        act(document, 1, actor=UserFactory())
    with pytest.raises(NotFound):
        act(document, 2, actor=document.owner)
    services.delete_document(document, actor=document.owner)
    with pytest.raises(NotFound):
        act(document, 1, actor=document.owner)

    assert DocumentVersion.objects.count() == 1


@pytest.mark.django_db
def test_who_sees_the_document_sees_its_versions_as_long_as_they_do():
    membership = MembershipFactory()
    share = CollectionShareFactory(group=membership.group)
    document = DocumentFactory(owner=share.collection.owner, collection=share.collection)
    write(document, "Words.")
    version = keep_older(document)

    assert list(DocumentVersion.objects.visible_to(membership.user)) == [version]
    assert VersionPassage.objects.visible_to(membership.user).count() == 1
    share.delete()
    assert not DocumentVersion.objects.visible_to(membership.user).exists()
    assert not VersionPassage.objects.visible_to(membership.user).exists()


@pytest.mark.django_db
def test_versions_count_towards_what_is_stored():
    user = UserFactory()
    for number in (5, 7, 11):
        newer(user, number, "Words.")

    assert sum_stored_bytes(QuotaSubject(SubjectKind.USER, user.pk, "")) == 23


@pytest.mark.django_db
def test_a_removed_version_takes_its_file_along(django_capture_on_commit_callbacks):
    user = UserFactory()
    secret, fine = store_bytes(b"secret"), store_bytes(b"fine")
    put(user, texts=["Secret."], sha256=secret.sha256, stored_file=secret, **PLACE)
    document = put(user, texts=["Fine."], sha256=fine.sha256, stored_file=fine, **PLACE).document

    with django_capture_on_commit_callbacks(execute=True):
        services.delete_version(document, 1, actor=user)

    assert not VersionPassage.objects.exists()
    assert list(StoredFile.objects.all()) == [fine]


@pytest.mark.django_db
def test_a_legal_hold_keeps_versions():
    user = UserFactory()
    LegalHold.objects.create(user=user, reason="Court")
    with override_config("ingestion", versions_kept=1):
        for number in range(1, 5):
            document = newer(user, number, f"Text {number}.")

    assert [each.number for each in services.versions_of(document)] == [3, 2, 1]
    with pytest.raises(Conflict):
        services.delete_version(document, 1, actor=user)


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["purge", "erase"])
def test_versions_go_with_their_document(how, django_capture_on_commit_callbacks):
    user = UserFactory()
    files = [store_bytes(b"one"), store_bytes(b"two")]
    for file in files:
        document = put(
            user, texts=["Words."], sha256=file.sha256, stored_file=file, **PLACE
        ).document

    with django_capture_on_commit_callbacks(execute=True):
        purge_document(document) if how == "purge" else erase_library(user)

    assert not DocumentVersion.objects.exists()
    assert not VersionPassage.objects.exists()
    assert not StoredFile.objects.exists()


@pytest.mark.django_db
def test_moving_takes_versions_along():
    user = UserFactory()
    newer(user, 1, "First.")
    document = newer(user, 2, "Second.")
    shelf = CollectionFactory(owner=user)

    services.update_document(document, collection_id=shelf.pk, actor=user)
    third = newer(user, 3, "Third.", collection=shelf)

    assert third.pk == document.pk
    assert [each.number for each in services.versions_of(third)] == [2, 1]


@pytest.mark.django_db
def test_uploads_of_before_are_known_by_their_names_where_these_are_clear():
    places = import_module("documents.migrations.0012_versions").NAME_PLACES
    user = UserFactory()
    names = ["re\u0301sume\u0301.txt", "twice.txt", "twice.txt", "image.png"]
    rows = [
        DocumentFactory(owner=user, uri=name, sha256=f"s{number}")
        for number, name in enumerate(names)
    ]
    for row in rows:
        row.path_hash = services.content_path_hash(row.sha256)
        row.save()
    server = DocumentFactory(owner=user, uri="/a", path_hash=services.server_path_hash("/a"))

    with connection.cursor() as cursor:
        cursor.execute(places)

    found = [refreshed(row).path_hash for row in [*rows, server]]
    assert found == [
        services.upload_path_hash("r\u00e9sum\u00e9.txt"),
        *(services.content_path_hash(f"s{number}") for number in (1, 2, 3)),
        services.server_path_hash("/a"),
    ]
