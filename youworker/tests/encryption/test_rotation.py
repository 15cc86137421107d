"""Changing keys beside people who write, after kills, and with damaged rows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from auditlog.models import LogEntry
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from accounts.enums import SignInMethod
from accounts.services import user_of_identity
from accounts.types import Identity
from chat.models import Message, Session
from chat.tests.factories import MessageFactory, SessionFactory, ToolRunFactory
from mcp.services import create_server
from youworker.appliance import key_rotation
from youworker.audit import verification
from youworker.core.config import BASE_DIR, config
from youworker.core.exceptions import Conflict, InvalidInput
from youworker.core.models import KeyFingerprint
from youworker.encryption import crypto, rotation
from youworker.encryption.fields import DAMAGED_TEXT
from youworker.encryption.keyfile import KeyFile
from youworker.encryption.keyring import check_keys

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch):
    monkeypatch.setattr(rotation, "SETTLE_SECONDS", 0.05)


@pytest.fixture
def old_key(settings):
    """The key everything is written with at first."""
    settings.MESSAGE_ENCRYPTION_KEYS = [new_key()]
    check_keys()
    return settings.MESSAGE_ENCRYPTION_KEYS[0]


@pytest.fixture
def own_file(tmp_path, settings, monkeypatch, old_key):
    """An embedded installation's key file."""
    path = tmp_path / "secrets" / "message_encryption_keys"
    path.parent.mkdir()
    path.write_text(old_key)
    monkeypatch.setenv("MESSAGE_ENCRYPTION_KEYS_FILE", str(path))
    monkeypatch.setattr(key_rotation, "own_key_file", lambda _folder: path)
    settings.MESSAGE_ENCRYPTION_KEYS = KeyFile(path, [old_key])
    return path


def new_key():
    return Fernet.generate_key().decode()


def token(row, column="content"):
    table = row._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE id = %s", [row.pk])  # noqa: S608
        return cursor.fetchone()[0]


def put_token(row, value, column="content"):
    table = row._meta.db_table
    with connection.cursor() as cursor:
        statement = f"UPDATE {table} SET {column} = %s WHERE id = %s"  # noqa: S608
        cursor.execute(statement, [value, row.pk])


def opens_with(key, value):
    try:
        Fernet(key).decrypt(value)
    except crypto.InvalidToken:
        return False
    return True


def put_in_front(settings, old):
    settings.MESSAGE_ENCRYPTION_KEYS = [new_key(), old]
    check_keys()
    return settings.MESSAGE_ENCRYPTION_KEYS[0]


def test_every_encrypted_column_is_found():
    found = {
        f"{model._meta.label}.{each.name}"
        for model, fields in rotation.encrypted_columns().items()
        for each in fields
    }

    assert found >= {
        "chat.Session.title",
        "chat.Message.content",
        "chat.Message.reasoning",
        "chat.Message.comment",
        "chat.Run.error_detail",
        "chat.Citation.quote",
        "chat.ToolRun.arguments",
        "chat.ToolRun.result_preview",
        "chat.ToolRun.error",
        "mcp.Server.secrets",
    }


def test_everything_gets_the_first_key_also_what_is_hidden(settings, old_key, capsys):
    message = MessageFactory(content="text", reasoning="why", session__title="hidden")
    message.session.soft_delete()
    call = ToolRunFactory(arguments={"a": [1]})
    server = create_server("s", url="http://example.com", headers={"X": "y"}, actor=None)
    fresh = put_in_front(settings, old_key)

    call_command("rotate_message_keys")

    settings.MESSAGE_ENCRYPTION_KEYS = [fresh]
    check_keys()
    message.refresh_from_db()
    call.refresh_from_db()
    server.refresh_from_db()
    assert (message.content, message.reasoning) == ("text", "why")
    assert Session.all_objects.get(pk=message.session_id).title == "hidden"
    assert call.arguments == {"a": [1]}
    assert server.secrets_called("headers") == {"X": "y"}
    assert opens_with(fresh, token(message))
    assert not opens_with(old_key, token(message))
    line = LogEntry.objects.filter(additional_data__action="key.rotate").get()
    assert line.additional_data["rotated"] == line.additional_data["values"] == 6
    assert line.additional_data["older"] == [crypto.fingerprint(old_key)[:12]]
    assert line.object_pk == line.additional_data["first"] == crypto.fingerprint(fresh)[:12]
    assert "still with older keys, 0 damaged" in capsys.readouterr().out


def test_a_dry_run_only_counts(settings, old_key, capsys):
    message = MessageFactory()
    before = token(message)
    put_in_front(settings, old_key)

    call_command("rotate_message_keys", "--dry-run")

    assert token(message) == before
    assert "0 encrypted anew" in capsys.readouterr().out
    assert not KeyFingerprint.objects.retired().exists()
    assert not LogEntry.objects.filter(additional_data__action="key.rotate").exists()


def test_damaged_rows_are_named_kept_and_fail_the_command(settings, old_key, capsys):
    broken, stranger, good = (MessageFactory(content=f"text {n}") for n in range(3))
    put_token(broken, "no token at all")
    put_token(stranger, Fernet(new_key()).encrypt(b"x").decode())
    before = [token(broken), token(stranger)]
    fresh = put_in_front(settings, old_key)

    with pytest.raises(CommandError, match="2 values cannot be read"):
        call_command("rotate_message_keys")

    assert [token(broken), token(stranger)] == before
    assert opens_with(fresh, token(good))
    named = capsys.readouterr().err
    assert f"damaged: chat_message.content:{broken.pk}" in named
    assert f"damaged: chat_message.content:{stranger.pk}" in named
    assert str(good.pk) not in named
    assert Message.objects.get(pk=broken.pk).content == DAMAGED_TEXT


def test_swapped_tokens_stay_refused_and_can_be_put_back_later(settings, old_key, capsys):
    one, other = MessageFactory(content="one", reasoning="why"), MessageFactory(content="other")
    put_token(one, token(other))
    put_token(other, token(one, "reasoning"))
    fresh = put_in_front(settings, old_key)

    with pytest.raises(CommandError, match="2 values cannot be read"):
        call_command("rotate_message_keys")

    settings.MESSAGE_ENCRYPTION_KEYS = [fresh]
    assert [Message.objects.get(pk=row.pk).content for row in (one, other)] == [DAMAGED_TEXT] * 2
    put_token(other, token(one))
    assert Message.objects.get(pk=other.pk).content == "other"


def test_a_second_rotation_at_the_same_time_is_refused(old_key):
    def other():
        try:
            key_rotation.rotate_keys()
        finally:
            connections.close_all()

    with (
        key_rotation.hold_rotation_lock(),
        ThreadPoolExecutor(1) as pool,
        pytest.raises(Conflict, match="Another rotation"),
    ):
        pool.submit(other).result()


def test_people_sign_in_for_the_first_time_during_a_rotation(old_key):
    said = Identity(method=SignInMethod.SSO, issuer="proxy", subject="ada", username="ada")

    def first_visit():
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'")
            return user_of_identity(said).username
        finally:
            connections.close_all()

    with key_rotation.hold_rotation_lock(), ThreadPoolExecutor(1) as pool:
        assert pool.submit(first_visit).result() == "ada"


def test_a_writer_that_lasts_too_long_leaves_the_rotation_incomplete(
    settings, old_key, monkeypatch, capsys
):
    MessageFactory()
    put_in_front(settings, old_key)
    monkeypatch.setattr(rotation, "wait_for_writers", lambda: False)

    with pytest.raises(CommandError, match="not complete"):
        call_command("rotate_message_keys")

    assert "Older keys stay in use" in capsys.readouterr().err
    assert not KeyFingerprint.objects.retired().exists()


def test_rows_somebody_holds_are_not_waited_for_and_come_later(settings, old_key):
    held, free = MessageFactory(), MessageFactory()
    fresh = put_in_front(settings, old_key)
    locked, release = threading.Event(), threading.Event()

    def hold():
        try:
            with transaction.atomic():
                Message.objects.select_for_update().get(pk=held.pk)
                locked.set()
                release.wait(20)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(hold)
        assert locked.wait(20)
        tally = rotation.rotate()
        release.set()
        holder.result()

    assert tally.old - tally.rotated == 1
    assert [opens_with(fresh, token(row)) for row in (held, free)] == [False, True]
    assert key_rotation.rotate_keys()[1] is True
    assert opens_with(fresh, token(held))


def test_what_is_written_meanwhile_is_never_lost(settings, old_key):
    messages = [MessageFactory(content=f"first {n}") for n in range(60)]
    fresh = put_in_front(settings, old_key)
    ended, written = threading.Event(), {}

    def edit(share):
        try:
            turn = 0
            while not ended.is_set():
                turn += 1
                for message in share:
                    row = Message.objects.get(pk=message.pk)
                    row.content = f"edit {turn}"
                    # A process that still has the former list of keys writes like this.
                    if turn % 2:
                        stale = Fernet(old_key).encrypt(
                            f"chat_message.content:{row.pk}\x00{row.content}".encode()
                        )
                        put_token(row, stale.decode())
                    else:
                        row.save_fields("content")
                    written[row.pk] = row.content
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(edit, messages[part::3]) for part in (0, 1)]
        for _ in range(6):
            rotation.rotate()
        ended.set()
        for writer in writers:
            writer.result()
    tally, is_clean = key_rotation.rotate_keys()

    settings.MESSAGE_ENCRYPTION_KEYS = [fresh]
    expected = {row.pk: written.get(row.pk, f"first {n}") for n, row in enumerate(messages)}
    found = {row.pk: row.content for row in Message.objects.filter(pk__in=expected)}
    assert found == expected
    assert len(written) == 40
    assert (is_clean, tally.damaged) == (True, 0)


def test_an_open_transaction_delays_the_last_word(settings, old_key):
    message = MessageFactory(content="first")
    stale = Fernet(old_key).encrypt(f"chat_message.content:{message.pk}\x00late".encode())
    put_in_front(settings, old_key)
    written, release = threading.Event(), threading.Event()

    def write_late():
        try:
            with transaction.atomic():
                put_token(message, stale.decode())
                written.set()
                release.wait(20)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write_late)
        assert written.wait(20)
        assert rotation.wait_for_writers(patience=0.2) is False
        threading.Timer(0.5, release.set).start()
        tally, is_clean = key_rotation.rotate_keys()
        writer.result()

    assert (is_clean, tally.rotated) == (True, 2)
    assert Message.objects.get(pk=message.pk).content == "late"


def test_an_embedded_installation_gets_and_drops_keys_while_it_runs(own_file, old_key, capsys):
    message = MessageFactory(content="before")

    call_command("rotate_message_keys", "--new")
    fresh, kept = own_file.read_text().split(",")
    later = MessageFactory(content="after")
    assert kept == old_key
    assert own_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in own_file.parent.iterdir()] == [own_file.name]
    assert all(opens_with(fresh, token(row)) for row in (message, later))

    call_command("rotate_message_keys", "--drop-old")
    assert own_file.read_text() == fresh
    assert "Dropped " + crypto.fingerprint(old_key)[:12] in capsys.readouterr().out
    assert Message.objects.get(pk=message.pk).content == "before"


def test_a_key_in_use_is_not_dropped(own_file, old_key):
    MessageFactory.create_batch(3, session=SessionFactory())
    key_rotation.add_key()
    before = own_file.read_text()

    with pytest.raises(CommandError, match="Nothing was dropped: 4 values are encrypted"):
        call_command("rotate_message_keys", "--drop-old")

    assert own_file.read_text() == before
    assert not KeyFingerprint.objects.retired().exists()


def test_the_only_key_is_not_dropped(own_file):
    with pytest.raises(Conflict, match="only one key"):
        key_rotation.drop_old_keys()


def test_keys_of_the_operator_are_his_to_change(settings, old_key, monkeypatch, capsys):
    monkeypatch.setattr(key_rotation, "own_key_file", lambda _folder: None)
    with pytest.raises(InvalidInput, match="put a new key in front"):
        key_rotation.add_key()
    put_in_front(settings, old_key)
    call_command("rotate_message_keys")

    call_command("rotate_message_keys", "--drop-old")

    assert "remove from MESSAGE_ENCRYPTION_KEYS" in capsys.readouterr().out


ROTATION = """
import os, sys
import django
django.setup()
from django.conf import settings
from django.db import connections
settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = sys.argv[1]
from youworker.encryption import rotation
rotation.BATCH = 5
wrote = rotation.write_changes
def write(each, changes):
    done = wrote(each, changes)
    print(done, flush=True)
    sys.stdin.readline()
    return done
rotation.write_changes = write
rotation.rotate()
"""


@pytest.mark.slow
def test_a_killed_rotation_goes_on_where_it_was(settings, old_key):
    session = SessionFactory()
    messages = [MessageFactory(session=session, content=f"text {n}") for n in range(30)]
    fresh = put_in_front(settings, old_key)
    keys = {"MESSAGE_ENCRYPTION_KEYS": f"{fresh},{old_key}", "MESSAGE_ENCRYPTION_KEYS_FILE": ""}
    environment = {
        **os.environ,
        **keys,
        "DATABASE_URL": config.database.url,
        "DJANGO_SETTINGS_MODULE": "youworker.settings",
    }
    name = connection.settings_dict["NAME"]
    process = subprocess.Popen(
        [sys.executable, "-c", ROTATION, name],
        cwd=BASE_DIR,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        for _ in range(3):
            assert int(process.stdout.readline()) > 0
            process.stdin.write("\n")
            process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)

    done = sum(opens_with(fresh, token(row)) for row in messages)
    assert process.returncode == -signal.SIGKILL
    assert 0 < done < 30
    everything = rotation.rotate(dry_run=True)
    assert everything.damaged == 0
    assert 0 < everything.old < everything.values
    tally, is_clean = key_rotation.rotate_keys()
    assert (tally.rotated, is_clean) == (everything.old, True)
    settings.MESSAGE_ENCRYPTION_KEYS = [fresh]
    assert {row.content for row in Message.objects.all()} == {f"text {n}" for n in range(30)}


def test_dropped_keys_leave_an_audit_log_that_the_new_key_signed(own_file, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    MessageFactory()
    key_rotation.add_key()
    key_rotation.rotate_keys()

    key_rotation.drop_old_keys()

    settings.MESSAGE_ENCRYPTION_KEYS = [own_file.read_text()]
    signed = verification.last_signed()
    assert signed is not None
    assert signed.seq == LogEntry.objects.count() - 1  # the line about the dropping came after
