"""The programs of a backup: through TLS, past a pooler, newer ones, and what is refused."""

import subprocess
import sys
from contextlib import contextmanager

import psycopg
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection

from documents.tests.factories import DocumentFactory, store_bytes
from youworker.appliance.bootstrap import hold_start_lock
from youworker.appliance.embedded.postgres import binary
from youworker.appliance.health import checks
from youworker.backup import addresses, health, programs
from youworker.backup.addresses import address_for_programs, check_programs
from youworker.backup.dumping import list_dump
from youworker.backup.exceptions import BackupRefused, DatabaseAway
from youworker.backup.health import check_backup
from youworker.backup.making import make_backup
from youworker.backup.places import DUMP, BackupPlace
from youworker.backup.sealing import Opener, Seal
from youworker.backup.verifying import verify_backup
from youworker.core.config import BASE_DIR
from youworker.core.postgres.pooling import (
    Pooling,
    is_database_pooled,
    known_words,
    require_sessions,
)
from youworker.tests.support.configuring import override_config
from youworker.tests.support.poolers import running_pooler
from youworker.tests.support.ports import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(scope="module")
def tls(django_db_setup):
    with running_pooler(tls="require") as pooler:
        yield pooler


@pytest.fixture(scope="module")
def by_transaction(django_db_setup):
    with running_pooler(mode="transaction") as pooler:
        yield pooler


@pytest.fixture(autouse=True)
def unbelieving():
    health.believed.clear()
    yield
    health.believed.clear()


@pytest.fixture
def place(tmp_path):
    return BackupPlace(tmp_path / "backups")


def test_a_server_that_takes_tls_only_is_backed_up(tls, place):
    DocumentFactory(stored_file=store_bytes(b"x"))
    root = str(tls.folder / "tls_certificate")
    address = tls.address(sslmode="verify-full", sslrootcert=root)

    with override_config("backup", database_url=address):
        made = make_backup(place.root, Seal())

    assert verify_backup(place, made.name, Opener()).files == 1
    assert list_dump(place.folder(made.name) / DUMP) > 100


def test_a_backup_comes_back_to_a_server_that_takes_tls_only(tls, place, tmp_path):
    document = DocumentFactory(stored_file=store_bytes(b"x"))
    make_backup(place.root, Seal())

    with empty_database("youworker_restored") as name:
        root = str(tls.folder / "tls_certificate")
        address = tls.address(to=name, sslmode="verify-full", sslrootcert=root)
        restored = restore(place, DATABASE_URL=address, DATA_DIR=str(tmp_path / "new"))
        assert restored.returncode == 0, restored.stderr
        known = connection.settings_dict
        with psycopg.connect(host=known["HOST"], user=known["USER"], dbname=name) as found:
            (ids,) = found.execute("SELECT array_agg(id) FROM documents_document").fetchone()

    assert ids == [document.pk]
    originals = [file for file in (tmp_path / "new/files").rglob("*") if file.is_file()]
    assert [file.read_bytes() for file in originals] == [b"x"]


@contextmanager
def empty_database(name):
    """A database beside that of the tests, for a block."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        try:
            yield name
        finally:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def restore(place, **environment):
    """Run the command in an installation that is configured by its environment alone."""
    keys = ",".join(settings.MESSAGE_ENCRYPTION_KEYS)
    environment |= {
        "PATH": "/usr/bin:/bin",
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "MESSAGE_ENCRYPTION_KEYS": keys,
    }
    return subprocess.run(
        [sys.executable, "manage.py", "restore", str(place.root)],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_server_that_is_another_one_is_not_trusted(tls, by_transaction, place):
    # A certificate that did not sign that of the server.
    stranger = str(by_transaction.folder / "tls_certificate")
    address = tls.address(sslmode="verify-full", sslrootcert=stranger)

    with (
        override_config("backup", database_url=address),
        pytest.raises(DatabaseAway, match="certificate verify failed"),
    ):
        make_backup(place.root, Seal())

    assert place.names() == []


def test_plain_text_is_refused_by_the_server(tls, place):
    with override_config("backup", database_url=tls.address(sslmode="disable")):
        with pytest.raises(DatabaseAway, match="SSL required"):
            check_programs()
        with (
            override_config("backup", directory=str(place.root)),
            pytest.raises(BackupRefused, match="SSL required"),
        ):
            check_backup()


def test_programs_without_tls_say_what_to_do(tls, place, monkeypatch):
    monkeypatch.setattr(programs, "loaded_library", lambda: None)

    with (
        override_config("backup", database_url=tls.address(sslmode="require")),
        pytest.raises(BackupRefused, match=r"SSL support is not compiled in.*PG_BIN_DIR"),
    ):
        make_backup(place.root, Seal())

    assert not list(place.root.iterdir())


def test_a_pooler_in_transaction_mode_is_refused_and_passed_by(by_transaction, place):
    with override_config("backup", database_url=by_transaction.address()):
        with pytest.raises(CommandError, match="BACKUP_DATABASE_URL"):
            call_command("backup", str(place.root))
        with (
            override_config("backup", directory=str(place.root)),
            pytest.raises(BackupRefused) as refused,
        ):
            check_backup()
    assert "transaction mode" in refused.value.message
    assert not place.root.exists()

    check_programs()  # The server itself.


def test_the_product_does_not_begin_behind_such_a_pooler(by_transaction, monkeypatch):
    assert is_database_pooled() is False
    require_sessions()
    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connection.settings_dict, "PORT", str(by_transaction.port))
    monkeypatch.setattr(checks, "pooling", Pooling())

    with pytest.raises(ImproperlyConfigured, match="use session mode"), hold_start_lock():
        pass
    found = checks.check_database()

    assert (found["warning"], "session mode" in found["detail"]) == (True, True)
    monkeypatch.setitem(connection.settings_dict, "PORT", str(free_port()))
    require_sessions()  # What is away is told by whoever needs it.


def test_another_database_is_refused():
    known = connection.settings_dict
    name = {**address_for_programs(), "dbname": "postgres"}
    url = f"postgres://{known['USER']}@/postgres?host={name['host']}"

    with (
        override_config("backup", database_url=url),
        pytest.raises(BackupRefused, match="another database"),
    ):
        check_programs()


@pytest.mark.parametrize(
    "url",
    ["postgres://u:s3cret@h/d?nonsense=1", "mysql://u:s3cret@h/d", "postgres://u:s3cret@h:x/d"],
)
def test_what_is_no_address_is_refused_without_repeating_it(url):
    with override_config("backup", database_url=url), pytest.raises(BackupRefused) as refused:
        check_programs()

    assert "s3cret" not in refused.value.message


def test_the_password_stands_apart_and_other_secrets_stay_away():
    with (
        override_config("backup", database_url="postgres://u@h/d"),
        override_config("database", password="p w"),
    ):
        assert address_for_programs() == {
            "user": "u",
            "password": "p w",
            "host": "h",
            "dbname": "d",
        }
    words = {"host": "h", "sslpassword": "s3cret", "context": object(), "sslmode": "verify-ca"}
    assert known_words(words) == {"host": "h", "sslmode": "verify-ca"}


def test_a_database_that_is_away_is_told_by_its_own_part(place, monkeypatch):
    away = {"host": "127.0.0.1", "port": str(free_port()), "dbname": "x"}
    monkeypatch.setattr(addresses, "address_for_programs", lambda: away)

    with override_config("backup", directory=str(place.root)):
        assert check_backup()["made_at"] is None
        with (
            override_config("backup", database_url="postgres://h/d"),
            pytest.raises(DatabaseAway, match="cannot be reached"),
        ):
            check_backup()


def test_programs_of_the_operator_are_used(tmp_path, place):
    with (
        override_config("backup", programs=str(tmp_path)),
        pytest.raises(BackupRefused, match="There is no pg_dump in"),
    ):
        make_backup(place.root, Seal())
    for name in ("pg_dump", "pg_restore"):
        script = tmp_path / name
        script.write_text(
            f'#!/bin/sh\necho {name} >> {tmp_path}/used\nexec "{binary(name)}" "$@"\n'
        )
        script.chmod(0o755)

    with override_config("backup", programs=str(tmp_path)):
        made = make_backup(place.root, Seal())
        verify_backup(place, made.name, Opener())

    assert (tmp_path / "used").read_text().split() == ["pg_dump", "pg_dump", "pg_restore"]


def test_older_programs_than_the_server_are_refused(tmp_path):
    script = tmp_path / "pg_dump"
    script.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.4 (Debian)'\n")
    script.chmod(0o755)

    with (
        override_config("backup", programs=str(tmp_path)),
        pytest.raises(BackupRefused, match="PostgreSQL 18, and pg_dump is 15"),
    ):
        check_programs()
