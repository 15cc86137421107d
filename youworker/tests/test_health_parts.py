"""What is said of each part of the installation, and that none of them holds up the others."""

import os
import threading
import time
from datetime import timedelta

import pytest
from celery.signals import after_task_publish
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from chat.enums import RunStatus
from chat.models import Run
from chat.tests.factories import RunFactory
from ingestion.models import IngestionItem
from ingestion.tests.factories import ItemFactory
from mcp.models import Server
from youworker.appliance.health import (
    background,
    checks,
    clocks,
    examination,
    heartbeat,
    rows,
)
from youworker.appliance.health.looking import begin_look, going_on, look_at
from youworker.appliance.health.remedies import REMEDIES, TITLES
from youworker.core.exceptions import NotFound
from youworker.core.models import KeyFingerprint
from youworker.core.redis import sync_redis
from youworker.core.words import phrased
from youworker.tests.support.configuring import override_config
from youworker.tests.support.waiting import wait_until


@pytest.fixture
def hanging():
    """A check that hangs until the test ends, and how often it was begun."""
    released, begun = threading.Event(), []

    def check():
        begun.append(1)
        released.wait(30)
        return {}

    yield check, begun
    released.set()
    wait_until(lambda: not going_on)


def test_every_part_has_a_name_and_a_remedy_in_both_languages():
    parts = {*checks.READY, *checks.DETAILED}

    assert parts == set(TITLES) == set(REMEDIES)
    assert set(examination.NEEDS) <= parts


def test_a_check_that_hangs_fails_in_its_time_and_costs_one_thread(hanging):
    check, begun = hanging
    looks = [begin_look("redis", check) for _ in range(5)]

    outcomes = [look.wait(0.05) for look in looks]

    assert {outcome["status"] for outcome in outcomes} == {"failed"}
    assert "no answer within" in outcomes[0]["detail"]
    assert begun == [1]
    # Who asks later is not kept waiting as long again.
    started = time.monotonic()
    assert begin_look("redis", check).wait(0.05)["status"] == "failed"
    assert time.monotonic() - started < 5


def test_looks_at_other_parts_go_on_beside_one_that_hangs(hanging):
    check, _ = hanging
    begin_look("redis", check)

    assert begin_look("disk", lambda: {"free_bytes": 1}).wait(10)["free_bytes"] == 1


def test_a_check_that_breaks_down_is_told_and_not_raised(caplog):
    outcome = look_at("speech", lambda: {"share": 1 / 0})

    assert (outcome["status"], outcome["warning"]) == ("failed", False)
    assert outcome["detail"] == "ZeroDivisionError: see the log"
    assert "The check of speech broke down" in caplog.text


@pytest.mark.django_db
def test_ready_answers_in_time_when_the_database_hangs(monkeypatch, hanging):
    check, _ = hanging
    monkeypatch.setitem(checks.READY, "database", check)
    monkeypatch.setattr(examination, "READY_SECONDS", 0.05)

    answer = Client().get("/health/ready")

    assert (answer.status_code, answer.json()) == (
        503,
        {"status": "failed", "failed": ["database"]},
    )


@pytest.mark.django_db
def test_parts_that_are_seen_through_one_that_fails_are_unknown(monkeypatch):
    def away():
        raise LookupError("gone")

    monkeypatch.setitem(checks.READY, "redis", away)

    parts = examination.examine_parts()

    assert list(parts) == [*checks.READY, *checks.DETAILED]
    unknown = {name for name, part in parts.items() if part["status"] == "unknown"}
    assert unknown == {"worker", "beat", "clocks"}
    assert parts["worker"]["waits_for"] == "redis"
    assert parts["worker"]["remedy"] == "Mend this first, then look again: Redis."
    assert parts["redis"]["remedy"] == str(REMEDIES["redis"])
    assert parts["database"]["remedy"] == ""
    assert list(examination.part_lines({"redis": parts["redis"]})) == [
        "failed  redis: gone",
        f"        {REMEDIES['redis']}",
    ]


@pytest.mark.django_db
def test_without_tables_nothing_is_counted_in_them(monkeypatch):
    def missing():
        raise LookupError("3 migrations are missing")

    monkeypatch.setitem(checks.READY, "migrations", missing)

    parts = examination.examine_parts()

    waiting = {name for name, part in parts.items() if part.get("waits_for") == "migrations"}
    assert waiting == {
        *("queue", "model_servers", "embedding", "tool_servers", "webhooks", "encryption"),
    }
    assert parts["database"]["status"] == "ok"


@pytest.mark.django_db
def test_statements_of_the_examination_have_their_time_and_others_do_not():
    def timeout():
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            return cursor.fetchone()[0]

    before = timeout()
    with examination.limit_statements(needed=True):
        assert timeout() == "4s"
    assert timeout() == before


@pytest.mark.django_db
def test_pages_get_what_was_seen_a_moment_ago(monkeypatch):
    seen = []

    def look():
        seen.append(1)
        return {}

    monkeypatch.setitem(checks.DETAILED, "speech", look)
    kept = examination.Kept()

    first, second = kept.get(), kept.get()
    kept.until = 0.0
    kept.get()

    assert first == second
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("limit", "status", "warning"), [(24, "ok", False), (10**9, "ok", True)], ids=["room", "little"]
)
def test_the_disk_warns_before_it_is_full(limit, status, warning):
    with override_config("api", disk_warning_mb=limit):
        found = look_at("disk", checks.check_disk)

    assert (found["status"], found["warning"]) == (status, warning)
    assert found["free_bytes"] < found["total_bytes"]
    assert ("MB are free" in found.get("detail", "")) == warning


def test_a_disk_without_room_for_the_database_fails(monkeypatch):
    monkeypatch.setattr(checks, "LEAST_FREE_MB", 10**9)
    with override_config("api", disk_warning_mb=10**9):
        assert look_at("disk", checks.check_disk)["status"] == "failed"


def test_a_disk_without_a_folder_for_files_fails_in_words(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "missing", tmp_path / "file"):
        with override_config("database", data_dir=str(place)):
            found = examination.in_words("disk", look_at("disk", checks.check_disk))

        assert found["status"] == "failed"
        assert found["detail"] == f"{place} is missing, or no directory"
        assert "correct DATA_DIR" in found["remedy"]

    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with override_config("database", data_dir=str(tmp_path)):
        found = look_at("disk", checks.check_disk)
    assert (found["status"], str(found["detail"])) == ("failed", f"{tmp_path} cannot be written")


@pytest.mark.django_db
def test_clocks_that_differ_are_told(monkeypatch):
    agreeing = look_at("clocks", clocks.check_clocks)
    monkeypatch.setattr(clocks, "own_time", lambda: time.time() - 90)

    found = look_at("clocks", clocks.check_clocks)

    assert (agreeing["status"], agreeing["warning"]) == ("ok", False)
    assert (found["status"], found["warning"]) == ("ok", True)
    assert found["database_seconds"] == pytest.approx(90, abs=5)
    assert found["redis_seconds"] == pytest.approx(90, abs=5)
    assert "that of database by +90 seconds" in found["detail"]


@pytest.mark.django_db
def test_beat_is_known_by_its_last_sign():
    with pytest.raises(LookupError, match="no sign of life"):
        background.check_beat()

    pulse = heartbeat.Pulse()
    pulse.begin()
    try:
        found = look_at("beat", background.check_beat)
    finally:
        after_task_publish.disconnect(pulse.note)
    assert (found["status"], found["last_beat_seconds"] < 30) == ("ok", True)

    left = heartbeat.KEPT_SECONDS - 300
    sync_redis().expire(heartbeat.KEY, left)
    late = look_at("beat", background.check_beat)
    assert late["status"] == "failed"
    assert "is 300 seconds old" in late["detail"]


@pytest.mark.django_db
def test_beat_notes_its_signs_seldom(monkeypatch):
    pulse = heartbeat.Pulse()
    pulse.note()
    sync_redis().delete(heartbeat.KEY)

    pulse.note()
    assert heartbeat.read_heartbeat() is None
    monkeypatch.setattr(heartbeat, "PAUSE_SECONDS", 0.0)
    pulse.note()
    assert heartbeat.read_heartbeat() is not None


@pytest.mark.django_db
def test_the_queue_tells_what_waits_and_warns_when_nobody_comes():
    def found():
        return look_at("queue", background.check_queue)

    assert (found()["answers_waiting"], found()["files_waiting"]) == (0, 0)
    run = RunFactory(status=RunStatus.QUEUED)
    item = ItemFactory()
    some = found()
    assert (some["answers_waiting"], some["files_waiting"], some["warning"]) == (1, 1, False)

    item_rows = IngestionItem.objects.filter(pk=item.pk)
    item_rows.update(accepted_at=timezone.now() - timedelta(hours=2))
    assert "a file has waited for 120 minutes; 1 wait" in found()["detail"]
    Run.objects.filter(pk=run.pk).update(updated_at=timezone.now() - timedelta(minutes=5))
    late = found()
    assert (late["status"], late["warning"]) == ("ok", True)
    assert late["oldest_answer_seconds"] >= 300
    assert "a question has waited for 3" in late["detail"]


@pytest.mark.django_db
def test_tool_servers_that_failed_are_named():
    def found():
        return look_at("tool_servers", checks.tool_servers)

    assert (found()["status"], found()["warning"]) == ("ok", False)
    for name in ("one", "two", "off"):
        Server.objects.create(
            slug=name, title=name, status="failed", last_error="Away.", enabled=name != "off"
        )

    some = found()

    assert some["servers"]["one"]["status"] == "failed"
    assert "off" not in some["servers"]
    assert (some["warning"], some["detail"]) == (True, "one: Away. (and 1 more)")


@pytest.mark.django_db
def test_keys_of_another_database_are_no_good_keys():
    assert look_at("encryption", checks.check_encryption)["status"] == "ok"
    KeyFingerprint.objects.all().delete()
    KeyFingerprint.objects.create(fingerprint="f" * 64)

    found = look_at("encryption", checks.check_encryption)

    assert found["status"] == "failed"
    assert "none of the keys this database was written with" in found["detail"]
    assert KeyFingerprint.objects.count() == 1, "looking notes nothing"


@pytest.mark.django_db
def test_one_examination_is_read_by_everybody_in_their_language(monkeypatch):
    looks = []

    def missing():
        looks.append(1)
        raise LookupError(phrased("%(first)s (1)", first=phrased("Tables")))

    monkeypatch.setitem(checks.READY, "redis", missing)
    kept = examination.Kept()

    english = kept.get()["redis"]
    with override("it"):
        italian = kept.get()["redis"]

    assert (english["detail"], italian["detail"]) == ("Tables (1)", "Tabelle (1)")
    assert italian["remedy"] != english["remedy"]
    assert len(looks) == 1


def test_facts_are_told_as_the_reader_writes_them():
    seen = {"status": "ok", "warning": False, "remedy": "", "latency_ms": 1}
    clock_parts = {**seen, "database_seconds": 0.04, "redis_seconds": -1.25}
    parts = {
        "beat": {**seen, "last_beat_seconds": 2.2},
        "clocks": clock_parts,
        "tool_servers": {**seen, "servers": {"web": {"status": "ready"}}},
        "model_servers": {**seen, "servers": {"gpu": {"state": "failed"}}},
    }

    with override("it"):
        italian = {name: rows.row_of(name, part)["facts"] for name, part in parts.items()}
    with override("en"):
        english = {name: rows.row_of(name, part)["facts"] for name, part in parts.items()}

    assert italian["beat"] == ["Ultimo segno di vita 2,2 s fa"]
    assert "0,0 s" in italian["clocks"][0]
    assert "-1,2 s" in italian["clocks"][0]
    assert (italian["tool_servers"], english["tool_servers"]) == (["web: Pronto"], ["web: Ready"])
    assert english["model_servers"] == ["gpu: Failed"]
    assert italian["model_servers"] != english["model_servers"]


def test_a_refusal_is_told_in_the_language_of_the_reader():
    def refuse():
        raise NotFound("Tables")

    outcome = look_at("disk", refuse)

    with override("it"):
        assert str(outcome["detail"]) == "Tabelle"
    assert str(outcome["detail"]) == "Tables"
