"""The audit chain against everything somebody with SQL could do to it."""

from __future__ import annotations

import json
import os
import stat
import threading

import pytest
from auditlog.models import LogEntry
from cryptography.fernet import Fernet
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, connections, transaction

from accounts.tests.factories import UserFactory
from youworker import audit
from youworker.audit import checkpoints
from youworker.audit.chain import GENESIS
from youworker.audit.verification import sign_head, verify_log
from youworker.core.models import AuditCheckpoint, AuditLink

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def ada():
    return UserFactory(username="ada")


@pytest.fixture
def log(ada):
    """Five entries, each of a transaction of its own."""
    for number in range(5):
        audit.record("user.update", actor=ada, number=number)
    return list(LogEntry.objects.order_by("pk"))


def sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def found():
    fault = verify_log().error
    return fault and (fault.kind, fault.seq, fault.entry_id)


def rewrite_chain():
    """What an attacker does who knows our functions: link everything anew."""
    sql(
        """TRUNCATE common_auditlink;
        SELECT youworker_audit_append(e) FROM
        (SELECT x FROM auditlog_logentry AS x ORDER BY x.id) AS y(e)"""
    )


def test_every_entry_has_its_place(log):
    links = list(AuditLink.objects.order_by("seq"))

    assert [link.entry_id for link in links] == [entry.pk for entry in log]
    assert [link.seq for link in links] == [1, 2, 3, 4, 5]
    assert links[0].previous == GENESIS
    assert [link.previous for link in links[1:]] == [link.hash for link in links[:-1]]
    report = verify_log()
    assert (report.error, report.head.seq, report.head.hash) == (None, 5, links[-1].hash)


def test_an_empty_log_is_sound():
    assert verify_log().error is None
    assert sign_head() is False


def test_whatever_an_entry_holds_is_hashed_alike_on_both_sides(ada):
    LogEntry.objects.log_create(
        ada,
        force_log=True,
        action=LogEntry.Action.UPDATE,
        changes={"città": ['a\n"b"', "\\ 🙂"], "n": 1.50},
        changes_text="x,1:y",
        remote_addr="2001:db8::1",
        remote_port=443,
        additional_data={"z": 1, "aa": None, "deep": {"b": [1e20, 0.1]}},
        serialized_data={"fields": {"ü": True}},
        cid="",
    )

    assert verify_log().error is None


def test_a_transaction_that_fails_leaves_no_link(ada):
    with pytest.raises(RuntimeError), transaction.atomic():
        audit.record("user.update", actor=ada)
        raise RuntimeError

    assert not AuditLink.objects.exists()
    assert verify_log().error is None


def test_a_savepoint_that_fails_leaves_no_link_and_others_do(ada):
    with transaction.atomic():
        audit.record("user.update", actor=ada, number=1)
        with pytest.raises(RuntimeError), transaction.atomic():
            audit.record("user.update", actor=ada, number=2)
            raise RuntimeError
        audit.record("user.update", actor=ada, number=3)

    assert AuditLink.objects.count() == 2
    assert verify_log().error is None


def test_many_at_once_are_linked_in_their_order(ada):
    audit.record("user.update", actor=ada)
    template = fields_of(LogEntry.objects.get())
    rows = [
        LogEntry(**{**template, "additional_data": {"number": number}}) for number in range(299)
    ]
    LogEntry.objects.bulk_create(rows)

    report = verify_log()
    assert (report.error, report.head.seq) == (None, 300)
    order = AuditLink.objects.order_by("seq").values_list("entry_id", flat=True)
    assert list(order) == sorted(order)


def fields_of(entry):
    names = ("content_type_id", "object_pk", "object_repr", "action", "additional_data")
    return {name: getattr(entry, name) for name in names}


def test_writers_at_the_same_time_make_one_chain(ada):
    start = threading.Barrier(6)

    def write():
        start.wait()
        for number in range(20):
            with transaction.atomic():
                audit.record("user.update", actor=ada, number=number)
                audit.record("user.login", actor=ada)
        connections.close_all()

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    report = verify_log()
    assert (report.error, report.head.seq) == (None, 240)


def test_a_commit_that_waits_for_a_row_does_not_hold_the_chain(ada):
    """B deletes a user and commits while A's foreign key waits for that row: no deadlock."""
    bob = UserFactory()
    kind = ContentType.objects.get_for_model(bob).pk
    other = connections["default"].copy()
    try:
        with transaction.atomic():
            audit.record("user.delete", actor=ada)
            sql("DELETE FROM accounts_user WHERE id = %s", bob.pk)
            failed = threading.Event()

            def insert():
                other.inc_thread_sharing()
                with other.cursor() as cursor:
                    cursor.execute(
                        """INSERT INTO auditlog_logentry (content_type_id, object_pk, object_repr,
                        action, changes_text, timestamp, actor_id)
                        VALUES (%s, '', '', 3, '', now(), %s)""",
                        [kind, bob.pk],
                    )

            def run():
                try:
                    insert()
                except Exception:  # noqa: BLE001 -- the foreign key
                    failed.set()

            thread = threading.Thread(target=run)
            thread.start()
            thread.join(0.3)
        thread.join(10)
    finally:
        other.inc_thread_sharing()
        other.close()

    assert failed.is_set()
    assert LogEntry.objects.filter(additional_data__action="user.delete").exists()
    assert verify_log().error is None


@pytest.mark.parametrize(
    "change",
    [
        "object_pk = 'someone else'",
        "object_repr = 'Session'",
        "action = 0",
        "remote_addr = '10.9.9.9'",
        "cid = 'another'",
        "timestamp = timestamp + interval '1 microsecond'",
        "timestamp = 'infinity'",
        "changes = '{}'",
        "changes_text = ' '",
        "serialized_data = '{}'",
        "object_id = 7",
        "remote_port = 7",
        "actor_email = 'x@example.org'",
        "additional_data = additional_data || '{\"number\": 9}'",
        "additional_data = jsonb_set(additional_data, '{result}', '\"denied\"')",
        "additional_data = NULL",
        "content_type_id = (SELECT min(id) FROM django_content_type)",
        "actor_id = NULL",
    ],
)
def test_an_edited_entry_is_found(log, change):
    sql(f"UPDATE auditlog_logentry SET {change} WHERE id = {log[2].pk}")  # noqa: S608

    assert found() == ("edited", 3, log[2].pk)


def test_an_entry_that_is_put_on_somebody_else_is_found(log):
    eve = UserFactory()

    sql("UPDATE auditlog_logentry SET actor_id = %s WHERE id = %s", eve.pk, log[2].pk)

    assert found() == ("edited", 3, log[2].pk)


def test_an_erased_account_leaves_a_sound_log(ada, log):
    ada.delete()

    assert LogEntry.objects.filter(actor=None).count() == 5
    assert verify_log().error is None


@pytest.mark.parametrize("place", [1, 3, 5])
def test_a_deleted_entry_is_found(log, place):
    sql("DELETE FROM auditlog_logentry WHERE id = %s", log[place - 1].pk)

    assert found() == ("deleted", place, log[place - 1].pk)


@pytest.mark.parametrize("place", [1, 3])
def test_an_entry_deleted_with_its_link_is_found(log, place):
    sql("DELETE FROM auditlog_logentry WHERE id = %s", log[place - 1].pk)
    sql("DELETE FROM common_auditlink WHERE seq = %s", place)

    assert found() == ("deleted", place, None)


def test_places_that_were_moved_up_are_found(log):
    sql("DELETE FROM auditlog_logentry WHERE id = %s", log[2].pk)
    sql("DELETE FROM common_auditlink WHERE seq = 3")
    sql("UPDATE common_auditlink SET seq = seq - 1 WHERE seq = 4")
    sql("UPDATE common_auditlink SET seq = seq - 1 WHERE seq = 5")

    assert found() == ("reordered", 3, log[3].pk)


def test_entries_that_changed_places_are_found(log):
    sql("UPDATE common_auditlink SET seq = -1 WHERE seq = 2")
    sql("UPDATE common_auditlink SET seq = 2 WHERE seq = 3")
    sql("UPDATE common_auditlink SET seq = 3 WHERE seq = -1")

    assert found() == ("reordered", 2, log[2].pk)


def test_entries_that_exchanged_their_ids_are_found(log):
    sql("UPDATE common_auditlink SET entry_id = -1 WHERE seq = 2")
    sql("UPDATE common_auditlink SET entry_id = %s WHERE seq = 3", log[1].pk)
    sql("UPDATE common_auditlink SET entry_id = %s WHERE seq = 2", log[2].pk)

    assert found() == ("edited", 2, log[2].pk)


def test_an_entry_written_past_the_chain_is_found(log):
    sql("ALTER TABLE auditlog_logentry DISABLE TRIGGER youworker_audit_queue")
    try:
        forged = LogEntry.objects.create(**fields_of(log[0]))
    finally:
        sql("ALTER TABLE auditlog_logentry ENABLE TRIGGER youworker_audit_queue")

    assert found() == ("inserted", None, forged.pk)


def test_a_forged_link_is_found(log):
    sql("UPDATE common_auditlink SET hash = repeat('a', 64) WHERE seq = 5")

    assert found() == ("edited", 5, log[4].pk)


def test_a_rewritten_chain_is_found_by_a_checkpoint(log):
    assert sign_head() is True
    audit.record("user.login", actor=log[0].actor)
    sql("UPDATE auditlog_logentry SET cid = 'another' WHERE id = %s", log[1].pk)

    rewrite_chain()

    assert found() == ("checkpoint mismatch", 5, log[4].pk)
    assert sign_head() is False


def test_the_file_is_enough_to_find_a_rewritten_chain(log):
    sign_head()
    sql("UPDATE auditlog_logentry SET cid = 'another' WHERE id = %s", log[1].pk)
    rewrite_chain()
    AuditCheckpoint.objects.all().delete()
    # The scheduler signs what it finds; the older line of the file contradicts.
    assert sign_head() is True

    assert found() == ("checkpoint mismatch", 5, log[4].pk)


@pytest.mark.parametrize("with_rows", [True, False])
def test_a_tail_that_was_cut_off_is_found(log, with_rows):
    sign_head()
    if not with_rows:
        AuditCheckpoint.objects.all().delete()
    sql("DELETE FROM auditlog_logentry WHERE id >= %s", log[3].pk)
    sql("DELETE FROM common_auditlink WHERE seq >= 4")

    assert found() == ("deleted", 4, None)


def test_a_log_that_was_emptied_is_found_by_the_file(log):
    sign_head()

    sql("TRUNCATE auditlog_logentry, common_auditlink, common_auditcheckpoint")

    assert found() == ("deleted", 1, None)


def test_a_forged_checkpoint_is_found(log):
    sign_head()
    sql("UPDATE auditlog_logentry SET cid = 'another' WHERE id = %s", log[1].pk)
    rewrite_chain()
    checkpoints.checkpoint_file().unlink()

    sql(
        "UPDATE common_auditcheckpoint SET hash = (SELECT hash FROM common_auditlink WHERE seq = 5)"
    )

    assert found() == ("checkpoint mismatch", 5, log[4].pk)
    audit.record("user.login", actor=log[0].actor)
    assert sign_head() is False


def test_checkpoints_are_signed_when_the_log_has_grown(log):
    assert [sign_head(), sign_head()] == [True, False]
    audit.record("user.login", actor=log[0].actor)
    assert sign_head() is True

    report = verify_log()
    assert (report.error, report.checkpoints) == (None, 4)
    lines = checkpoints.checkpoint_file().read_text().splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [5, 6]
    assert stat.S_IMODE(os.stat(checkpoints.checkpoint_file()).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(checkpoints.checkpoint_file().parent).st_mode) == 0o700


def test_nothing_damaged_is_signed(log):
    sql("UPDATE auditlog_logentry SET cid = 'another' WHERE id = %s", log[1].pk)

    assert sign_head() is False
    assert not AuditCheckpoint.objects.exists()


def test_checkpoints_survive_a_rotation_of_the_keys(log, settings):
    sign_head()
    old = list(settings.MESSAGE_ENCRYPTION_KEYS)
    fresh = Fernet.generate_key().decode()

    settings.MESSAGE_ENCRYPTION_KEYS = [fresh, *old]
    audit.record("user.login", actor=log[0].actor)
    sign_head()
    assert (verify_log().checkpoints, verify_log().unknown_keys) == (4, 0)

    settings.MESSAGE_ENCRYPTION_KEYS = [fresh]
    report = verify_log()
    assert (report.error, report.checkpoints, report.unknown_keys) == (None, 2, 2)


def test_a_line_that_was_cut_off_is_left_out(log):
    sign_head()
    with checkpoints.checkpoint_file().open("a") as file:
        file.write('{"seq": 5, "ha')

    assert (verify_log().error, verify_log().checkpoints) == (None, 2)


def test_audit_verify_says_what_it_found(log, capsys):
    call_command("audit_verify")

    head = AuditLink.objects.get(seq=5).hash
    assert capsys.readouterr().out == f"5 entries, head {head}, 0 checkpoints agree\n"
    assert AuditCheckpoint.objects.get().seq == 5


def test_audit_verify_names_the_first_bad_entry(log, capsys):
    sql("UPDATE auditlog_logentry SET cid = 'another' WHERE id >= %s", log[2].pk)

    with pytest.raises(SystemExit) as ending:
        call_command("audit_verify")

    out = capsys.readouterr().out
    assert ending.value.code == 1
    assert out.startswith(f"The audit log is damaged: edited at place 3, entry {log[2].pk}, ")
    assert log[2].timestamp.isoformat() in out
    assert not AuditCheckpoint.objects.exists()


def test_audit_verify_answers_programs(log, capsys):
    call_command("audit_verify", "--json")
    assert json.loads(capsys.readouterr().out)["entries"] == 5

    sql("DELETE FROM auditlog_logentry WHERE id = %s", log[1].pk)
    with pytest.raises(SystemExit):
        call_command("audit_verify", "--json")

    fault = json.loads(capsys.readouterr().out)["fault"]
    assert (fault["kind"], fault["seq"], fault["entry_id"]) == ("deleted", 2, log[1].pk)
