"""Stored files: bytes are written once, and go with the last row that refers to them."""

import errno
import os
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from documents import services
from documents.exceptions import StorageFull
from documents.models import StoredFile
from documents.services import files
from documents.storage import ContentStorage, storage_name
from documents.tests.factories import DocumentFactory, complete_file, store_bytes, stored_path
from documents.tests.test_collections import in_threads
from youworker.tests.support.ordering import run_in_order


def on_disk():
    root = Path(settings.MEDIA_ROOT)
    return sorted(path.name for path in root.rglob("*") if path.is_file())


@pytest.mark.django_db
def test_equal_bytes_are_stored_once():
    first, second, other = complete_file(b"same"), complete_file(b"same"), complete_file(b"other")

    with transaction.atomic():
        services.move_to_storage([first, second, other])
        services.move_to_storage([complete_file(b"other")])

    file = StoredFile.objects.get(pk=first.sha256)
    assert file.name == storage_name(first.sha256)
    assert StoredFile.objects.count() == 2
    assert stored_path(file).read_bytes() == b"same"
    assert len(list(Path(settings.MEDIA_ROOT).glob("??/??/*"))) == 2


def test_names_spread_over_folders():
    assert storage_name("abcdef") == "ab/cd/abcdef"


@pytest.mark.django_db
def test_a_file_is_moved_and_not_written_again():
    file = complete_file(b"bytes")
    number = file.path.stat().st_ino

    services.move_to_storage([file])

    assert stored_path(StoredFile.objects.get()).stat().st_ino == number


@pytest.mark.django_db
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: os.truncate(path, 2)])
def test_bytes_that_were_lost_are_stored_again(damage):
    file = store_bytes(b"bytes")
    damage(stored_path(file))

    assert stored_path(store_bytes(b"bytes")).read_bytes() == b"bytes"


@pytest.mark.django_db
def test_a_full_disk_is_told(monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ContentStorage, "move_in", refuse)

    with pytest.raises(StorageFull, match="no room left"):
        services.move_to_storage([complete_file(b"bytes")])


@pytest.mark.django_db(transaction=True)
def test_folders_are_flushed_before_anybody_is_answered(monkeypatch):
    flushed = []
    monkeypatch.setattr(files, "flush_folders", flushed.extend)

    with transaction.atomic():
        services.move_to_storage([complete_file(b"bytes")])
        assert flushed == []

    root = Path(settings.MEDIA_ROOT)
    place = root / StoredFile.objects.get().name
    assert set(flushed) == {root, place.parent.parent, place.parent}


@pytest.mark.django_db
def test_only_files_that_nothing_refers_to_are_removed():
    used, hidden, unused, lost = (store_bytes(bytes([n])) for n in range(4))
    DocumentFactory(stored_file=used)
    DocumentFactory(stored_file=hidden).soft_delete()
    stored_path(lost).unlink()

    assert services.remove_unused_files([used.pk, "b" * 64]) == 0
    assert services.remove_unused_files() == 2

    assert set(StoredFile.objects.all()) == {used, hidden}
    assert on_disk() == sorted([used.pk, hidden.pk])
    assert unused.pk not in on_disk()


@pytest.mark.django_db
def test_the_database_protects_what_is_referred_to():
    file = DocumentFactory(stored_file=store_bytes(b"x")).stored_file

    with pytest.raises(ProtectedError):
        file.delete()


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_a_document_without_its_file():
    document = DocumentFactory()

    with pytest.raises(IntegrityError):
        type(document).objects.update(stored_file="a" * 64)


@pytest.mark.django_db
def test_a_file_that_cannot_be_removed_keeps_its_row(monkeypatch):
    def refuse(*_):
        raise PermissionError

    store_bytes(b"x")
    monkeypatch.setattr(ContentStorage, "delete", refuse)

    with pytest.raises(PermissionError):
        services.remove_unused_files()

    assert StoredFile.objects.exists()


@pytest.mark.django_db
def test_what_a_crash_left_without_a_row_is_removed(monkeypatch):
    monkeypatch.setattr(files, "FILES_AT_ONCE", 2)
    strays = [store_bytes(bytes([n])) for n in range(5)]
    kept = DocumentFactory(stored_file=store_bytes(b"kept")).stored_file
    StoredFile.objects.filter(pk__in=[stray.pk for stray in strays]).delete()
    notes = Path(settings.MEDIA_ROOT) / "ab" / "cd" / "notes of the operator"
    notes.parent.mkdir(parents=True, exist_ok=True)
    notes.touch()

    assert services.register_stray_files() == 5
    assert services.register_stray_files() == 0
    assert services.remove_unused_files() == 5

    assert on_disk() == sorted([kept.pk, notes.name])


@pytest.mark.django_db
def test_many_files_in_use_cost_few_queries(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(files, "FILES_AT_ONCE", 2)
    for number in range(5):
        DocumentFactory(stored_file=store_bytes(bytes([number])))

    with django_assert_num_queries(4):
        services.register_stray_files()
        services.remove_unused_files()


def store_and_refer(content):
    """Hand the same bytes in, as an upload does."""
    with transaction.atomic():
        services.move_to_storage([complete_file(content)])
        DocumentFactory(stored_file=StoredFile.objects.get())


@pytest.fixture
def unused():
    return store_bytes(b"the same bytes")


def sweep():
    services.register_stray_files()
    services.remove_unused_files()


@pytest.mark.django_db(transaction=True)
def test_bytes_that_are_handed_in_while_they_are_removed_are_there(unused):
    assert run_in_order(sweep, lambda: store_and_refer(b"the same bytes")) == [None, None]

    assert stored_path(StoredFile.objects.get()).read_bytes() == b"the same bytes"


@pytest.mark.django_db(transaction=True)
def test_bytes_that_are_being_handed_in_are_not_removed(unused):
    assert run_in_order(lambda: store_and_refer(b"the same bytes"), sweep) == [None, None]

    assert stored_path(StoredFile.objects.get()).read_bytes() == b"the same bytes"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("order", [1, -1])
def test_a_stray_that_is_handed_in_meanwhile_stays(unused, order):
    unused.delete()
    acts = [sweep, lambda: store_and_refer(b"the same bytes")][::order]

    assert run_in_order(*acts) == [None, None]

    assert stored_path(StoredFile.objects.get()).read_bytes() == b"the same bytes"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_uploads_of_the_same_files_never_wait_for_each_other_in_a_circle():
    contents = [str(number).encode() for number in range(400)]
    files = [complete_file(content) for content in contents]
    with transaction.atomic():
        services.move_to_storage(files)

    def store(order):
        with transaction.atomic():
            services.move_to_storage(files[::order])

    in_threads(*[partial(store, order) for order in (1, -1) * 4])

    assert StoredFile.objects.count() == len(files)
