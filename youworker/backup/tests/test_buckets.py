"""Backups in a bucket, against moto's server."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import transaction

from documents import object_storage
from documents import services as documents
from documents.exceptions import StorageUnavailable
from documents.models import Document, StoredFile
from documents.storage import storage_name
from documents.tests.factories import DocumentFactory, complete_file, store_bytes
from youworker.backup import buckets, making, schedule
from youworker.backup.buckets import BucketPath, location_of
from youworker.backup.erased import read_erased, write_erased
from youworker.backup.exceptions import BackupRefused
from youworker.backup.health import check_backup
from youworker.backup.listed import absent_files
from youworker.backup.originals import Shelf, restore_files
from youworker.backup.places import MANIFEST, BackupPlace, place_of
from youworker.backup.restoring import look_again
from youworker.backup.sealing import Opener, Seal, open_identity, seal_with_passphrase
from youworker.backup.verifying import opened_dump, original, verify_backup
from youworker.tests.support.configuring import override_config
from youworker.tests.support.ports import free_port
from youworker.tests.support.s3_server import running_s3, use_storage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

TEXT = b"What the contract says."


@pytest.fixture(scope="module")
def server():
    with running_s3() as address:
        yield address


@pytest.fixture
def place(server, monkeypatch):
    """A place in an empty bucket."""
    use_storage(
        monkeypatch,
        endpoint_url=server,
        region="us-east-1",
        access_key="key",
        secret_key="secret",
    )
    buckets.client().create_bucket(Bucket="backups")
    yield BackupPlace(location_of("s3://backups/of/us"))
    use_storage(monkeypatch, endpoint_url=server)
    BucketPath("backups").remove_all()
    object_storage.client_of.cache_clear()


@pytest.fixture
def document():
    return DocumentFactory(stored_file=store_bytes(TEXT), size=len(TEXT))


def keys():
    return [one.key for one in BucketPath("backups").walk()]


def make(place, seal=Seal()):  # noqa: B008 -- it is a constant
    return making.make_backup(place.root, seal)


def later(made, monkeypatch):
    """Let the next backup have another name than that of the same second."""
    monkeypatch.setattr(
        "youworker.backup.places.datetime",
        type(
            "Later",
            (datetime,),
            {"now": classmethod(lambda _, zone: datetime(2999, 1, 1, tzinfo=zone))},
        ),
    )


def test_a_backup_in_a_bucket_is_whole(place, document):
    made = make(place)

    assert str(made.folder) == f"s3://backups/of/us/{made.name}"
    assert place.names() == [made.name]
    assert original(place, made.manifest, document.stored_file_id).read_bytes() == TEXT
    found = verify_backup(*place_of(place.root), Opener())
    assert (found.files, found.bytes) == (1, len(TEXT))
    assert sorted(key.rpartition("/")[2] for key in keys()) == sorted(
        ["database.dump", "erased.json", MANIFEST, "verified.json", document.stored_file_id]
    )


def test_the_next_backup_sends_only_what_is_new(place, document, monkeypatch):
    first = make(place)
    DocumentFactory(stored_file=store_bytes(b"More."))

    later(first, monkeypatch)
    second = make(place)

    assert (len(second.manifest.files), second.new_files, second.new_bytes) == (2, 1, 5)


def test_a_sealed_backup_opens_with_its_passphrase_only(place, document):
    seal = seal_with_passphrase(place, "correct horse")

    made = make(place, seal)

    assert not any(TEXT in BucketPath("backups", key).read_bytes() for key in keys())
    with pytest.raises(BackupRefused, match="does not fit"):
        open_identity(place, "wrong")
    opener = Opener(open_identity(place, "correct horse"))
    assert verify_backup(place, made.name, opener).files == 1
    with opened_dump(place.folder(made.name), made.manifest, opener) as dump:
        assert dump.read_bytes()[:5] == b"PGDMP"
    assert not dump.exists()


def test_originals_are_restored_from_a_bucket(place, document, settings, tmp_path):
    made = make(place)
    settings.MEDIA_ROOT = str(tmp_path)

    restore_files(place, made.manifest, Opener(), lambda size: None)

    restored = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert restored == [TEXT]


def test_what_does_not_end_is_no_backup_and_leaves_nothing(place, document, monkeypatch):
    send = BucketPath.send

    def fail(path, source):
        if path.name == MANIFEST:
            raise StorageUnavailable("away")
        send(path, source)

    monkeypatch.setattr(BucketPath, "send", fail)
    with pytest.raises(StorageUnavailable):
        make(place)

    assert place.begun() == []
    assert [key for key in keys() if "dump" in key] == []


def test_what_a_killed_process_left_goes_after_two_days(place, document):
    old, new = "20200101T000000Z", datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    client = buckets.client()
    for name in (old, new):
        client.put_object(Bucket="backups", Key=f"of/us/{name}/database.dump", Body=b"half")
    client.create_multipart_upload(Bucket="backups", Key=f"of/us/{old}/x")

    assert place.names() == []
    # moto says of each that it was begun in 2010.
    assert place.root.abort_uploads(timedelta(days=365 * 100)) == 0
    place.remove_abandoned()

    assert place.begun() == [new]
    assert client.list_multipart_uploads(Bucket="backups").get("Uploads", ()) == ()


def test_old_backups_go_with_what_only_they_needed(place, document, monkeypatch):
    first = make(place)
    Document.all_objects.all().hard_delete()
    StoredFile.objects.all().delete()
    other = store_bytes(b"Other.")
    DocumentFactory(stored_file=other)
    later(first, monkeypatch)
    second = make(place)

    assert schedule.remove_old(place, keep=1) == 1

    assert place.names() == [second.name]
    held = {key.rpartition("/")[2] for key in keys() if "/files/" in key}
    assert held == {other.pk}
    assert verify_backup(place, second.name, Opener()).files == 1


def test_damage_is_found(place, document):
    made = make(place)
    path = original(place, made.manifest, document.stored_file_id)
    buckets.client().put_object(Bucket="backups", Key=path.key, Body=b"altered")

    with pytest.raises(BackupRefused, match="1 originals are missing or altered"):
        verify_backup(place, made.name, Opener())
    path.unlink()
    with pytest.raises(BackupRefused, match="1 originals are missing or altered"):
        verify_backup(place, made.name, Opener())


def test_large_files_go_in_parts_and_come_back(place, tmp_path, monkeypatch):
    monkeypatch.setattr(buckets, "PART", 5 << 20)
    source = tmp_path / "large"
    source.write_bytes(b"0123456789abcdef" * (1 << 20))
    target = BucketPath("backups", "large")

    target.send(source)

    head = buckets.client().head_object(Bucket="backups", Key="large")
    assert head["ETag"].strip('"').endswith("-4")
    with target.open() as file:
        assert file.read(10) == b"0123456789"
        assert file.read() == source.read_bytes()[10:]


def test_the_commands_take_a_bucket(place, document):
    out = StringIO()

    call_command("backup", "s3://backups/of/us", "--json", stdout=out)
    made = json.loads(out.getvalue())
    out = StringIO()
    call_command("verify_backup", "s3://backups/of/us", "--json", stdout=out)
    said = json.loads(out.getvalue())

    assert (said["name"], said["files"], said["bytes"]) == (made["name"], 1, len(TEXT))
    with pytest.raises(CommandError, match=r"not empty|Stop the product"):
        call_command("restore", f"s3://backups/of/us/{made['name']}")


def test_scheduled_backups_go_into_a_bucket(place, document):
    with override_config("backup", directory="s3://backups/of/us"):
        waiting = check_backup()
        assert waiting["directory"] == "s3://backups/of/us"
        assert waiting["detail"] == "waiting for its first backup"
        assert schedule.make_due_backup() is not None
        assert schedule.make_due_backup() is None
        assert check_backup()["directory"] == "s3://backups/of/us"


def test_who_is_erased_is_kept_in_the_bucket(place):
    assert read_erased(place) == {}

    write_erased(place)

    assert read_erased(place) == {}
    assert keys() == ["of/us/erased.json"]


def test_trouble_is_a_sentence(place, monkeypatch):
    with pytest.raises(CommandError, match="There is no bucket 'nowhere'"):
        call_command("backup", "s3://nowhere/x")
    with pytest.raises(CommandError, match="no finished backup in s3://backups/empty"):
        call_command("verify_backup", "s3://backups/empty")
    use_storage(monkeypatch, endpoint_url=f"http://127.0.0.1:{free_port()}")
    monkeypatch.setattr(object_storage, "ATTEMPTS", 1)
    with pytest.raises(CommandError, match="s3://backups does not answer"):
        call_command("verify_backup", "s3://backups/of/us")


@pytest.mark.parametrize(
    ("code", "sentence"),
    [("AccessDenied", "lets us not in"), ("SlowDown", r"does not answer \(SlowDown\)")],
)
def test_refusals_of_the_server_are_told(place, monkeypatch, code, sentence):
    from botocore.stub import Stubber

    with Stubber(buckets.client()) as stub:
        stub.add_client_error("get_object", code)
        with pytest.raises(StorageUnavailable, match=sentence):
            BucketPath("backups", "x").open()


@pytest.mark.parametrize(
    "text", ["s3://", "http://bucket/x", "s3://key:secret@bucket/x", "s3://bucket/x?y=1"]
)
def test_another_kind_of_address_is_refused(text):
    with pytest.raises(BackupRefused, match="s3://BUCKET/PREFIX") as refused:
        location_of(text)
    assert "secret" not in refused.value.message


def test_the_bucket_of_the_originals_is_refused(place, monkeypatch):
    use_storage(monkeypatch, url="s3://backups/originals")

    with pytest.raises(BackupRefused, match="Choose another bucket"):
        make(place)


@pytest.fixture
def store(server, place, monkeypatch, settings):
    """Originals of this installation in a bucket of their own."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "documents.object_storage.ObjectStorage"},
    }
    use_storage(monkeypatch, url="s3://originals/of/us")
    buckets.client().create_bucket(Bucket="originals")
    yield storages["default"]
    use_storage(monkeypatch, endpoint_url=server)
    BucketPath("originals").remove_all()


def stored(content):
    """A document whose original is in the store."""
    file = complete_file(content)
    documents.prepare_files([file])
    with transaction.atomic():
        documents.move_to_storage([file])
    return DocumentFactory(stored_file=StoredFile.objects.get(pk=file.sha256), size=len(content))


@pytest.mark.parametrize("passphrase", ["", "correct horse"])
def test_originals_of_a_bucket_are_in_the_backup(store, place, tmp_path, passphrase):
    stored(TEXT)
    folder = BackupPlace(tmp_path / "backups")
    for target in (place, folder):
        seal = seal_with_passphrase(target, passphrase) if passphrase else Seal()
        opener = Opener(open_identity(target, passphrase)) if passphrase else Opener()

        made = make(target, seal)

        assert (made.manifest.in_bucket, made.new_files, made.new_bytes) == (False, 1, len(TEXT))
        BucketPath("originals").remove_all()
        assert verify_backup(target, made.name, opener).bytes == len(TEXT)
        restore_files(target, made.manifest, opener, lambda size: None)
        assert absent_files(made.manifest) == []
        with store.copy_locally(storage_name(next(iter(made.manifest.files)))) as path:
            assert path.read_bytes() == TEXT


def test_a_backup_of_a_bucket_is_restored_into_a_folder(
    store, place, tmp_path, monkeypatch, settings
):
    stored(TEXT)
    made = make(place)
    use_storage(monkeypatch, url="")
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "documents.storage.ContentStorage"},
    }
    settings.MEDIA_ROOT = str(tmp_path)

    restore_files(place, made.manifest, Opener(), lambda size: None)

    assert absent_files(made.manifest) == []


def test_what_is_removed_or_comes_while_a_bucket_is_copied(store, place, monkeypatch):
    goes, stays = stored(b"goes"), stored(b"stays")
    beforehand, seen = Shelf.fill_beforehand, []

    def change_meanwhile(shelf):
        beforehand(shelf)
        goes.hard_delete()
        assert documents.remove_unused_files() == 1
        stored(b"comes")

    copy = Shelf.copy_from_bucket
    monkeypatch.setattr(Shelf, "fill_beforehand", change_meanwhile)
    monkeypatch.setattr(
        Shelf, "copy_from_bucket", lambda self, one: (seen.append(one), copy(self, one))[1]
    )
    made = making.make_backup(place.root, Seal())

    assert set(made.manifest.files) == set(StoredFile.objects.values_list("pk", flat=True))
    assert (stays.stored_file_id in made.manifest.files, len(seen)) == (True, 3)
    assert verify_backup(place, made.name, Opener()).files == 2


def test_what_a_bucket_lost_or_altered_is_named(store, place):
    document, damaged = stored(TEXT), stored(b"to be altered")
    store.delete(storage_name(document.stored_file_id))
    key = store.key(storage_name(damaged.stored_file_id))
    buckets.client().put_object(Bucket="originals", Key=key, Body=b"altered altered")

    made = make(place)

    assert made.manifest.files == {}
    assert set(made.manifest.missing) == {document.stored_file_id, damaged.stored_file_id}


def test_a_bucket_that_is_away_makes_no_backup(store, place, monkeypatch, tmp_path):
    stored(TEXT)
    use_storage(monkeypatch, endpoint_url=f"http://127.0.0.1:{free_port()}")
    monkeypatch.setattr(object_storage, "ATTEMPTS", 1)
    folder = BackupPlace(tmp_path / "backups")

    with pytest.raises(StorageUnavailable):
        make(folder)

    assert folder.names() == []


def test_originals_that_are_only_listed_have_to_be_in_the_bucket(store, place, monkeypatch):
    document = stored(TEXT)
    with override_config("backup", bucket_originals=False, directory="s3://backups/of/us"):
        made = make(place)
        assert (made.manifest.in_bucket, made.new_files) == (True, 0)
        assert made.manifest.files == {document.stored_file_id: len(TEXT)}
        assert verify_backup(place, made.name, Opener()).files == 1
        assert "only listed" in check_backup()["detail"]

    store.delete(storage_name(document.stored_file_id))
    with pytest.raises(BackupRefused, match="1 originals are not in the bucket"):
        verify_backup(place, made.name, Opener())
    assert verify_backup(place, made.name, Opener(), bucket_may_lack=True).files == 1
    assert look_again(made.manifest)[1] == [
        f"1 originals are not in the store: {document.stored_file_id[:12]} …"
    ]
    use_storage(monkeypatch, url="")
    with pytest.raises(BackupRefused, match="set STORAGE_URL as it was"):
        verify_backup(place, made.name, Opener(), bucket_may_lack=True)
