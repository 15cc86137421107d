"""Originals in a bucket, against moto's server."""

import hashlib

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.db import transaction

from accounts.tests.factories import UserFactory
from documents import object_storage, services
from documents.exceptions import StorageUnavailable
from documents.inspection.files import FILE_CHECKS
from documents.models import Document, StoredFile
from documents.object_storage import ObjectStorage
from documents.storage import storage_name
from documents.tests.factories import DocumentFactory, complete_file, store_bytes, stored_path
from youworker.appliance.health import checks
from youworker.tests.support.ports import free_port
from youworker.tests.support.s3_server import running_s3, use_storage

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(scope="module")
def server():
    """An S3-compatible server of its own."""
    with running_s3() as address:
        yield address


@pytest.fixture
def bucket(server, monkeypatch, settings):
    """The storage of this installation, in an empty bucket."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "documents.object_storage.ObjectStorage"},
    }
    use_storage(
        monkeypatch,
        url="s3://originals/of/us",
        endpoint_url=server,
        region="us-east-1",
        access_key="key",
        secret_key="secret",
    )
    storage = storages["default"]
    client = storage.client
    client.create_bucket(Bucket="originals")
    yield storage
    for found in client.list_objects_v2(Bucket="originals").get("Contents", ()):
        client.delete_object(Bucket="originals", Key=found["Key"])
    object_storage.client_of.cache_clear()


def keys(storage):
    found = storage.client.list_objects_v2(Bucket="originals").get("Contents", ())
    return sorted(one["Key"] for one in found)


def findings(name):
    check = next(check for check in FILE_CHECKS if check.name == name)
    deep = True
    return [finding.subject for finding in check.look(deep)]


def store(content):
    file = complete_file(content)
    services.prepare_files([file])
    with transaction.atomic():
        services.move_to_storage([file])
    file.path.unlink(missing_ok=True)
    return StoredFile.objects.get(pk=file.sha256)


def test_equal_bytes_are_stored_once_under_their_hash(bucket):
    file = store(b"same")
    store(b"same")

    assert keys(bucket) == [f"of/us/{storage_name(file.sha256)}"]
    assert services.stored_original(file).size == 4
    assert stored_path(file) is None


def test_what_went_between_sending_and_storing_is_sent_again(bucket):
    file = complete_file(b"bytes")
    services.prepare_files([file])
    bucket.delete(storage_name(file.sha256))

    with transaction.atomic():
        services.move_to_storage([file])

    assert services.stored_original(StoredFile.objects.get()).size == 5


def test_a_copy_is_there_as_long_as_it_is_read(bucket):
    file = store(b"bytes" * 100_000)

    with services.local_original(file) as path:
        assert path.read_bytes() == b"bytes" * 100_000
        copy = path

    assert not copy.exists()
    with pytest.raises(KeyError), services.local_original(file) as path:
        raise KeyError
    assert not path.exists()
    with services.local_original(None) as path:
        assert path is None


def test_an_empty_file_is_stored_and_read(bucket):
    with services.local_original(store(b"")) as path:
        assert path.read_bytes() == b""


def test_what_is_missing_or_damaged_is_not_there(bucket):
    missing, damaged = store(b"missing"), store(b"damaged")
    bucket.delete(missing.name)
    bucket.client.put_object(Bucket="originals", Key=bucket.key(damaged.name), Body=b"other!!")

    assert services.stored_original(missing) is None
    for file in (missing, damaged):
        with services.local_original(file) as path:
            assert path is None


def test_a_file_goes_with_its_last_row(bucket):
    kept, gone = store(b"kept"), store(b"gone")
    DocumentFactory(stored_file=kept)

    assert services.remove_unused_files([kept.pk, gone.pk]) == 1

    assert keys(bucket) == [f"of/us/{kept.name}"]


def test_strays_of_a_crash_are_found(bucket):
    known = store(b"known")
    DocumentFactory(stored_file=known)
    stray = complete_file(b"stray")
    services.prepare_files([stray])
    bucket.client.put_object(Bucket="originals", Key="of/us/readme.txt", Body=b"no file of ours")

    assert services.register_stray_files() == 1
    services.remove_unused_files()

    assert keys(bucket) == [f"of/us/{known.name}", "of/us/readme.txt"]


@pytest.mark.parametrize(
    ("wanted", "status", "expected"),
    [("", 200, b"0123456789"), ("bytes=2-4", 206, b"234"), ("bytes=-3", 206, b"789")],
)
def test_originals_are_sent_whole_or_in_part(bucket, client_of, wanted, status, expected):
    user = UserFactory()
    document = DocumentFactory(owner=user, stored_file=store(b"0123456789"), mime="text/plain")

    answer = client_of(user).get(
        f"/v1/documents/{document.pk}/content", headers={"range": wanted} if wanted else {}
    )

    assert answer.status_code == status
    assert b"".join(answer.streaming_content) == expected
    assert answer["Content-Length"] == str(len(expected))


def test_a_server_that_is_away_is_told(bucket, monkeypatch, client_of):
    user = UserFactory()
    document = DocumentFactory(owner=user, stored_file=store(b"bytes"))
    assert checks.check_storage() == {"kind": "s3"}
    use_storage(monkeypatch, endpoint_url=f"http://127.0.0.1:{free_port()}")
    monkeypatch.setattr(object_storage, "ATTEMPTS", 1)

    with pytest.raises(StorageUnavailable, match="does not answer"):
        checks.check_storage()
    with pytest.raises(StorageUnavailable):
        services.prepare_files([complete_file(b"more")])
    assert client_of(user).get(f"/v1/documents/{document.pk}/content").status_code == 503


def test_a_bucket_that_is_not_there_is_told(bucket, monkeypatch):
    use_storage(monkeypatch, url="s3://elsewhere")

    with pytest.raises(StorageUnavailable):
        ObjectStorage().require_reachable()


@pytest.mark.parametrize("url", ["https://bucket/x", "s3://", "bucket"])
def test_another_kind_of_address_is_refused(monkeypatch, url):
    use_storage(monkeypatch, url=url)

    with pytest.raises(ImproperlyConfigured, match="STORAGE_URL"):
        ObjectStorage()


def test_an_original_on_disk_is_read_where_it_lies():
    file = store_bytes(b"bytes")

    with services.local_original(file) as path:
        assert path == stored_path(file)
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
    assert path.exists()
    assert not Document.objects.exists()


def test_the_data_check_looks_into_the_bucket(bucket):
    sound, damaged, gone = (store(content) for content in (b"sound", b"damaged", b"gone"))
    for row in (sound, damaged, gone):
        DocumentFactory(stored_file=row)
    assert not any(findings(check.name) for check in FILE_CHECKS)
    bucket.client.put_object(Bucket="originals", Key=bucket.key(damaged.name), Body=b"DAMAGED")
    bucket.client.delete_object(Bucket="originals", Key=bucket.key(gone.name))

    assert findings("damaged-files") == [damaged.sha256]
    assert findings("rows-without-files") == [gone.sha256]


def test_originals_of_versions_are_sent_from_the_bucket(bucket, client_of):
    user = UserFactory()
    document = DocumentFactory(owner=user, stored_file=store(b"the bytes"))

    answer = client_of(user).get(f"/v1/documents/{document.pk}/versions/1/content")

    assert b"".join(answer.streaming_content) == b"the bytes"
