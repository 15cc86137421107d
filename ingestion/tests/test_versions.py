"""Files handed in again: the same name with other bytes is a new version, nothing else is."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.tests.factories import UserFactory
from documents import search
from documents.models import Document, DocumentVersion
from documents.tests.factories import CollectionFactory
from ingestion import services
from ingestion.enums import Stage
from ingestion.pipeline.worker import work_for
from quotas.exceptions import StorageQuotaExceeded
from quotas.models import Quota

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def hand_in(user, incoming):
    """Uploads files, given as name and text, and reads them; the items."""

    def act(*files, **options):
        made = [incoming(name, text) for name, text in files]
        run = services.start_upload(made, actor=user, **options)
        work_for(30)
        return list(run.items.order_by("position"))

    return act


def versions():
    return dict(Document.objects.order_by("title").values_list("title", "version"))


def found(user, query):
    return len(search.search(query, mode="keyword", actor=user).results)


def test_a_file_of_the_same_name_is_a_new_version(user, letters, hand_in):
    hand_in(("rules.txt", "The zebra may enter."))
    (item,) = hand_in(("rules.txt", "The giraffe may enter."))

    assert (item.stage, item.note, item.duplicate) == (
        Stage.READY,
        "Version 2 of a document that was there.",
        False,
    )
    assert versions() == {"rules.txt": 2}
    assert (found(user, "zebra"), found(user, "giraffe")) == (0, 1)


def test_the_same_bytes_again_change_nothing(user, letters, hand_in):
    hand_in(("rules.txt", "The zebra may enter."))
    (again,) = hand_in(("rules.txt", "The zebra may enter."))
    (renamed,) = hand_in(("copy.txt", "The zebra may enter."))

    assert (again.duplicate, renamed.duplicate) == (True, True)
    assert versions() == {"rules.txt": 1}


def test_another_collection_has_a_document_of_its_own(user, letters, hand_in):
    shelf = CollectionFactory(owner=user)
    hand_in(("rules.txt", "The zebra may enter."))
    hand_in(("rules.txt", "The giraffe may enter."), collection_id=shelf.pk)

    assert Document.objects.count() == 2
    assert not DocumentVersion.objects.exists()


def test_files_of_one_name_that_come_together_are_not_versions(user, letters, hand_in):
    hand_in(("README.md", "About the zebra."), ("README.md", "About the giraffe."))

    assert Document.objects.count() == 2
    assert not DocumentVersion.objects.exists()


@pytest.mark.parametrize("name", ["image.png", "unnamed", "blob", "1.emlx"])
def test_names_that_say_nothing_are_no_place(user, incoming, name):
    for text in ("The zebra.", "The giraffe."):
        services.start_upload([incoming(name, text)], actor=user)

    places = {item.path_hash for run in user.ingestion_runs.all() for item in run.items.all()}
    assert len(places) == 2


def test_names_are_compared_in_one_form(user, letters, hand_in):
    hand_in(("re\u0301sume\u0301.txt", "The zebra."))
    hand_in(("r\u00e9sum\u00e9.txt", "The giraffe."))

    assert list(versions().values()) == [2]


def test_what_was_moved_away_is_not_the_place_any_more(user, letters, hand_in):
    hand_in(("rules.txt", "The zebra."))
    shelf = CollectionFactory(owner=user)
    document = Document.objects.get()
    document.collection = shelf
    document.save()

    hand_in(("rules.txt", "The giraffe."))

    assert Document.objects.count() == 2
    assert not DocumentVersion.objects.exists()


def send(client, paths, *texts):
    files = [SimpleUploadedFile("README.md", text.encode()) for text in texts]
    body = {"files": files, "paths": paths}
    return client.post("/v1/ingestion/uploads", body, format="multipart")


def test_folders_tell_files_of_one_name_apart(user, letters, client_of):
    client = client_of(user)
    paths = ["a/README.md", "b/README.md"]

    assert send(client, paths, "About the zebra.", "About the giraffe.").status_code == 202
    work_for(30)
    assert send(client, paths[1:], "About the lion.").status_code == 202
    work_for(30)

    assert sorted(Document.objects.values_list("version", flat=True)) == [1, 2]
    assert (found(user, "zebra"), found(user, "giraffe"), found(user, "lion")) == (1, 0, 1)


def test_a_path_for_each_file_or_none(user, client_of):
    answer = send(client_of(user), ["a/README.md"], "About the zebra.", "About the giraffe.")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"].startswith("paths")


def test_the_bytes_of_a_new_version_have_to_have_room(user, letters, hand_in, incoming):
    hand_in(("rules.txt", "12345678"))
    Quota.objects.create(user=user, stored_bytes=10, documents=1)

    hand_in(("rules.txt", "12345678"))
    with pytest.raises(StorageQuotaExceeded):
        services.start_upload([incoming("rules.txt", "abcdefgh")], actor=user)
    hand_in(("rules.txt", "ab"))

    assert versions() == {"rules.txt": 2}


def test_a_changed_file_of_the_server_is_a_new_version(letters, tmp_path):
    staff, path = UserFactory(is_staff=True), tmp_path / "rules.txt"
    for text in ("The zebra.", "The zebra.", "The giraffe."):
        path.write_text(text)
        services.start_paths([path], actor=staff, trusted=True)
        work_for(30)

    assert versions() == {"rules.txt": 2}
    kept = DocumentVersion.objects.get()
    assert kept.passages.get().text == "The zebra."
