"""A backup is whole and unaltered, or it is refused before anything is touched."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from io import StringIO

import orjson
import pyrage
import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts.models import Erasure, User
from accounts.tests.factories import UserFactory
from documents import services as documents
from documents.models import Document, StoredFile
from documents.storage import storage_name
from documents.tests.factories import DocumentFactory, store_bytes, stored_path
from youworker import tasks
from youworker.appliance.health import heartbeat
from youworker.audit.lines import with_words
from youworker.backup import making, restoring, schedule, sealing
from youworker.backup.erased import erase_again, read_erased, write_erased
from youworker.backup.exceptions import BackupRefused
from youworker.backup.first import FirstAttempt, keep, noting_first
from youworker.backup.health import check_backup
from youworker.backup.manifest import read_manifest
from youworker.backup.places import DRAFT, DUMP, MANIFEST, BackupPlace, place_of
from youworker.backup.sealing import Opener, Seal, identity_in, seal_for, seal_with_passphrase
from youworker.backup.verifying import original, verify_backup
from youworker.core.config import config
from youworker.core.redis import sync_redis
from youworker.core.sql import fetch_row, lock_names
from youworker.data_protection.erasures import request_erasure
from youworker.tests.support.configuring import override_config
from youworker.tests.support.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

TEXT = b"What the contract says."


@pytest.fixture
def place(tmp_path):
    return BackupPlace(tmp_path / "backups")


@pytest.fixture
def document():
    return DocumentFactory(stored_file=store_bytes(TEXT), size=len(TEXT))


def make(place, seal=Seal(), **options):  # noqa: B008 -- it is a constant
    return making.make_backup(place.root, seal, **options)


def altered(folder, **changes):
    """Change a manifest as somebody without the key would."""
    path = folder / MANIFEST
    signed = orjson.loads(path.read_bytes())
    signed["manifest"] |= changes
    path.write_bytes(orjson.dumps(signed))


def test_a_backup_has_rows_and_files_of_one_moment(place, document):
    made = make(place)

    assert made.manifest.files == {document.stored_file_id: len(TEXT)}
    assert made.manifest.rows["documents_document"] == 1
    assert original(place, made.manifest, document.stored_file_id).read_bytes() == TEXT
    found = verify_backup(place, made.name, Opener())
    assert (found.files, found.bytes) == (1, len(TEXT))
    line = with_words().filter(act="backup.create").get()
    assert line.additional_data["files"] == 1


def test_the_next_backup_copies_only_what_is_new(place, document):
    make(place)
    more = store_bytes(b"More.")
    DocumentFactory(stored_file=more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BackupPlace, "begin", begin_later(BackupPlace.begin))
        made = make(place)

    assert (len(made.manifest.files), made.new_files, made.new_bytes) == (2, 1, 5)


def begin_later(begin):
    """Two backups of a test would have the name of the same second."""

    def later(self):
        draft = begin(self)
        return draft.rename(draft.with_name(f"29990101T000000Z{DRAFT}"))

    return later


def test_a_file_that_is_removed_meanwhile_is_in_the_backup(place, document, monkeypatch):
    dump = making.dump_into

    def remove_first(*arguments):
        Document.all_objects.all().hard_delete()
        assert documents.remove_unused_files() == 1
        dump(*arguments)

    monkeypatch.setattr(making, "dump_into", remove_first)
    made = make(place)

    assert not StoredFile.objects.exists()
    # The rows are of the moment before as well.
    assert made.manifest.rows["documents_document"] == 1
    assert verify_backup(place, made.name, Opener()).files == 1


def test_a_file_that_was_lost_before_is_named(place, document):
    stored_path(document.stored_file).unlink()

    made = make(place)

    assert (made.manifest.files, made.manifest.missing) == ({}, [document.stored_file_id])
    with pytest.raises(CommandError, match="1 originals were not in the store"):
        call_command("backup", str(place.root / "other"))


def test_a_backup_inside_the_data_is_refused(document):
    with pytest.raises(BackupRefused, match="outside of DATA_DIR"):
        make(BackupPlace(config.data_dir / "backups"))


def test_a_backup_that_fails_leaves_none_behind(place, document, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making, "dump_into", fail)
    with pytest.raises(OSError, match="No space left"):
        make(place)

    assert place.names() == []
    assert list(place.root.glob(f"*{DRAFT}")) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"files": {}}, "altered"),
        ({"rows": {}}, "altered"),
        ({"format": 99}, "newer version"),
        ({"keys": ["0" * 64]}, "belongs to an installation"),
        ({"keys": []}, "of nobody"),
        ({"unknown": 1}, "damaged"),
    ],
)
def test_an_altered_manifest_is_refused(place, document, changes, sentence):
    made = make(place)
    altered(made.folder, **changes)

    with pytest.raises(BackupRefused, match=sentence):
        verify_backup(place, made.name, Opener())


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"manifest": {}, "signature": 1}'])
def test_a_damaged_manifest_is_refused(place, document, text):
    made = make(place)
    (made.folder / MANIFEST).write_bytes(text)

    with pytest.raises(BackupRefused, match="missing or damaged"):
        verify_backup(place, made.name, Opener())


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip_a_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [cut_off, flip_a_byte, lambda path: path.unlink()])
def test_a_damaged_dump_is_refused(place, document, damage):
    made = make(place)
    damage(made.folder / DUMP)

    with pytest.raises(BackupRefused, match=r"database\.dump of the backup is missing"):
        verify_backup(place, made.name, Opener())


@pytest.mark.parametrize("damage", [flip_a_byte, lambda path: path.unlink()])
@pytest.mark.parametrize("sealed", [False, True])
def test_a_damaged_original_is_refused(place, document, damage, sealed):
    identity = pyrage.x25519.Identity.generate()
    seal = seal_for(str(identity.to_public())) if sealed else Seal()
    made = make(place, seal)
    damage(original(place, made.manifest, document.stored_file_id))

    with pytest.raises(BackupRefused, match="1 originals are missing or altered"):
        verify_backup(place, made.name, Opener(identity if sealed else None))


def test_nothing_readable_lies_in_an_encrypted_backup(place, document):
    made = make(place, seal_with_passphrase(place, "right"), with_keys=True)

    everything = b"".join(path.read_bytes() for path in place.root.rglob("*") if path.is_file())
    assert TEXT not in everything
    assert document.title.encode() not in everything
    assert config.security.message_encryption_keys[0].encode() not in everything
    with pytest.raises(BackupRefused, match="The passphrase does not fit"):
        seal_with_passphrase(place, "wrong")
    with pytest.raises(BackupRefused, match="is encrypted"):
        verify_backup(place, made.name, Opener())
    with pytest.raises(BackupRefused, match="does not open"):
        verify_backup(place, made.name, Opener(pyrage.x25519.Identity.generate()))


def test_a_busy_machine_tries_a_passphrase_again(monkeypatch):
    sealed = pyrage.passphrase.encrypt(b"identity", "of three words")
    too_much = re.sub(rb"(-> scrypt \S+ )\d+", rb"\g<1>40", sealed)
    tried, pauses = iter([too_much, too_much, sealed]), []
    decrypt = pyrage.passphrase.decrypt
    monkeypatch.setattr(sealing, "sleep", pauses.append)
    monkeypatch.setattr(
        sealing, "decrypt_with_passphrase", lambda _, phrase: decrypt(next(tried), phrase)
    )

    assert sealing.opened_with("of three words", sealed) == b"identity"
    assert len(pauses) == 2

    monkeypatch.setattr(
        sealing, "decrypt_with_passphrase", lambda _, phrase: decrypt(too_much, phrase)
    )
    with pytest.raises(BackupRefused, match="too busy"):
        sealing.opened_with("of three words", sealed)


def test_keys_go_into_encrypted_backups_only(place, document):
    with pytest.raises(BackupRefused, match="encrypted backup only"):
        make(place, with_keys=True)


@pytest.mark.parametrize("recipient", ["", "age1", "AGE-SECRET-KEY-1", "ssh-ed25519 AAAA"])
def test_a_recipient_that_is_none_is_refused(recipient):
    with pytest.raises(BackupRefused, match="A recipient looks like age1"):
        seal_for(recipient)


def test_an_identity_file_of_age_opens_a_backup(place, document, tmp_path):
    identity = pyrage.x25519.Identity.generate()
    file = tmp_path / "key.txt"
    file.write_text(f"# created: today\n# public key: {identity.to_public()}\n{identity}\n")
    made = make(place, seal_for(str(identity.to_public())))

    assert verify_backup(place, made.name, Opener(identity_in(file))).files == 1
    with pytest.raises(BackupRefused, match="holds no identity"):
        identity_in(made.folder / MANIFEST)


def test_restoring_is_refused_where_somebody_works(place, document):
    manifest = make(place).manifest
    restoring.check_versions(manifest)
    restoring.check_key_ring(manifest)

    with pytest.raises(BackupRefused, match=r"Stop the product first|not empty"):
        restoring.check_empty()


def test_a_backup_of_newer_tables_is_refused(place, document):
    made = make(place)
    newer = made.manifest.migrations | {"chat": "9999_of_the_future"}
    object.__setattr__(made.manifest, "migrations", newer)

    with pytest.raises(BackupRefused, match=r"newer version \(tables of chat\)"):
        restoring.check_versions(made.manifest)


def test_a_backup_whose_keys_are_missing_is_refused(place, document, settings):
    made = make(place)
    settings.MESSAGE_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(BackupRefused, match="belongs to an installation with the key"):
        read_manifest(made.folder)
    with pytest.raises(BackupRefused, match="MESSAGE_ENCRYPTION_KEYS lacks"):
        restoring.check_key_ring(made.manifest)


def test_who_was_erased_stays_on_the_list(place):
    gone = UserFactory()
    Erasure.objects.create(subject=gone.pk)
    write_erased(place)
    Erasure.objects.all().delete()
    write_erased(place)

    assert read_erased(place) == {str(gone.pk): "hand_over"}
    place.erased.write_text("[]")
    with pytest.raises(BackupRefused, match="damaged"):
        read_erased(place)


def test_restores_are_told_at_once_who_is_erased(place):
    gone = UserFactory()
    request_erasure(gone, actor=gone)
    with override_config("backup", directory=str(place.root)):
        assert tasks.erase_users() == 1

    assert read_erased(place) == {str(gone.pk): "hand_over"}


def test_who_is_erased_does_not_wait_for_the_folder_of_backups(place, caplog):
    place.root.write_text("A file is in the way.")
    gone = UserFactory()
    request_erasure(gone, actor=gone)
    with override_config("backup", directory=str(place.root)):
        assert tasks.erase_users() == 1

    assert not User.objects.filter(pk=gone.pk).exists()
    assert "restores cannot be told yet who was erased" in caplog.text


def test_nobody_is_lost_from_the_list_when_two_write_it(place):
    gone = UserFactory()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lock_names(f"erased {place.root}")
            written = pool.submit(write_elsewhere, place)
            wait_until(waiting_for_a_name)
            Erasure.objects.create(subject=gone.pk)
        written.result()

    assert read_erased(place) == {str(gone.pk): "hand_over"}


def write_elsewhere(place):
    with closing(connection):
        write_erased(place)


def waiting_for_a_name():
    waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    return fetch_row(waiting, [])


def test_whoever_was_erased_since_is_erased_again():
    gone, stays = UserFactory(), UserFactory()

    assert erase_again({str(gone.pk): "hand_over"}) == 1

    gone.refresh_from_db()
    stays.refresh_from_db()
    assert (gone.is_active, stays.is_active) == (False, True)
    assert Erasure.objects.get().subject == gone.pk


def test_backups_are_made_when_they_are_due_and_the_oldest_go(place, document):
    with override_config("backup", directory=str(place.root), hours=24, keep=2):
        made = schedule.make_due_backup()
        assert made is not None
        assert schedule.make_due_backup() is None
        for days in (1, 2, 3):
            made.folder.rename(place.folder(name_of_days_ago(days)))
            made = schedule.make_due_backup()
            assert made is not None
            assert len(place.names()) <= 2

    # The original that the two share is still there.
    assert original(place, made.manifest, document.stored_file_id).exists()


def test_a_backup_is_made_at_once_however_fresh_the_last_one_is(place, document):
    with override_config("backup", directory=str(place.root), hours=48, keep=2):
        make(place).folder.rename(place.folder(name_of_days_ago(1)))

        assert schedule.make_due_backup() is None
        assert schedule.make_due_backup(at_once=True) is not None


def name_of_days_ago(days):
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y%m%dT%H%M%SZ")


def test_originals_that_no_backup_needs_go_with_the_last(place, document):
    first = make(place)
    first.folder.rename(place.folder(name_of_days_ago(3)))
    Document.all_objects.all().hard_delete()
    documents.remove_unused_files()
    make(place)

    assert schedule.remove_old(place, keep=1) == 1

    assert not (place.files("") / storage_name(document.stored_file_id)).exists()


def test_the_page_of_health_tells_of_backups(place, document):
    assert check_backup() == {"directory": None}
    with override_config("backup", directory=str(place.root)):
        assert check_backup()["detail"] == "waiting for its first backup"
        made = make(place)
        assert check_backup()["warning"]
        verify_backup(place, made.name, Opener())
        assert not check_backup()["warning"]
        made.folder.rename(place.folder(name_of_days_ago(3)))
        with pytest.raises(LookupError, match="The last backup is of"):
            check_backup()


def note_beat(*, running):
    sync_redis().set(heartbeat.KEY, running, ex=heartbeat.KEPT_SECONDS)


def test_a_first_backup_is_waited_for_until_somebody_should_have_made_it(place, document):
    with override_config("backup", directory=str(place.root)):
        note_beat(running=300)
        assert check_backup()["detail"] == "waiting for its first backup"
        note_beat(running=3000)
        with pytest.raises(LookupError, match="no worker makes one"):
            check_backup()
        with noting_first(place):
            assert check_backup()["detail"] == "its first backup is being made"
        keep(place, FirstAttempt(datetime.now(UTC) - timedelta(days=1)))
        with pytest.raises(LookupError, match=r"There is no backup in .* yet\.$"):
            check_backup()


def test_a_first_backup_that_failed_says_why_until_one_is_made(place, document):
    with override_config("backup", directory=str(place.root)):
        place.root.parent.mkdir(parents=True, exist_ok=True)
        place.root.write_text("in the way")
        with pytest.raises(OSError, match=r".+"):
            schedule.make_due_backup()
        with pytest.raises(LookupError, match=r"There is no backup in .* yet: .*"):
            check_backup()
        place.root.unlink()

        assert schedule.make_due_backup() is not None

        assert check_backup()["detail"] == "no backup was verified yet"


def test_a_path_says_one_backup_or_the_newest_of_a_place(place, document):
    made = make(place)

    assert place_of(place.root) == (place, made.name)
    assert place_of(made.folder) == (place, made.name)
    with pytest.raises(BackupRefused, match="no finished backup"):
        place_of(place.root / "elsewhere")


def test_commands_say_what_they_did(place, document, tmp_path):
    said, phrase = StringIO(), tmp_path / "phrase"
    phrase.write_text("of three words\n")
    call_command("backup", str(place.root), passphrase_file=phrase, json=True, stdout=said)
    assert json.loads(said.getvalue())["files"] == 1

    with pytest.raises(CommandError, match="is encrypted"):
        call_command("verify_backup", str(place.root))
    said = StringIO()
    call_command("verify_backup", str(place.root), passphrase_file=phrase, stdout=said)
    assert "is whole: 1 originals" in said.getvalue()
    with pytest.raises(CommandError, match="--keep must be 1 or more"):
        call_command("backup", str(place.root), keep=0)
    phrase.write_text("\n")
    with pytest.raises(CommandError, match="The passphrase is empty"):
        call_command("backup", str(place.root), passphrase_file=phrase)
