"""`manage.py doctor`: each rule is broken for real, found, repaired if possible, sound again."""

import io
import json
import os
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from auditlog.models import LogEntry
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts.tests.factories import UserFactory
from documents.enums import DocumentStatus
from documents.models import (
    Document,
    EmbeddingModel,
    EmbeddingTask,
    Passage,
    PassageEmbedding,
    StoredFile,
)
from documents.services.embeddings import drop_index
from documents.tests.conftest import use_model
from documents.tests.factories import store_bytes, stored_path
from documents.tests.fakes import LetterEmbedder
from ingestion import services, store
from ingestion.enums import IngestionStatus, Stage
from ingestion.models import IngestionItem, IngestionRun
from ingestion.pipeline.parse import close_parser
from ingestion.pipeline.worker import work_for
from youworker.appliance.health import checks as health
from youworker.core.inspection import Check, Finding
from youworker.core.leases import new_lease
from youworker.doctor import GROUPS, run_examination
from youworker.doctor.remedies import REMEDIES, remedy_for
from youworker.tests.support.leases import let_leases_end

pytestmark = pytest.mark.django_db(transaction=True)
CHECKS = {check.name: check for check in GROUPS["ingestion"]}


@pytest.fixture(scope="module", autouse=True)
def _no_parser_left():
    yield
    close_parser()


@pytest.fixture
def library(db, monkeypatch):
    """Two files that were really uploaded, read and embedded."""
    model = use_model(monkeypatch, LetterEmbedder(), active=True)
    files = []
    for name in ("penguins", "zebras"):
        file = store.Incoming(name=f"{name}.txt", limit=10**6)
        file.open()
        file.write(f"{name} live here. ".encode() * 300)
        file.close()
        files.append(file)
    run = services.start_upload(files, actor=UserFactory(username="ada"))
    work_for(60)
    run.refresh_from_db()
    assert run.status == IngestionStatus.SUCCEEDED
    return model


@contextmanager
def without_constraints():
    """What a restored half of a dump, or a hand in the tables, can do."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
        yield


def sql(statement, *values):
    with without_constraints(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def add_file_without_row(model):
    sha256 = store_bytes(b"left by somebody who died").pk
    StoredFile.objects.filter(pk=sha256).delete()
    return {sha256}


def lose_file(model):
    row = StoredFile.objects.order_by("pk")[0]
    stored_path(row).unlink()
    return {row.pk}


def cut_file(model):
    row = StoredFile.objects.order_by("pk")[0]
    stored_path(row).write_bytes(b"short")
    return {row.pk}


def forget_file(model):
    row = store_bytes(b"nobody wants it")
    StoredFile.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(hours=3))
    return {row.pk}


def lose_passages(model):
    document = Document.objects.order_by("pk")[0]
    sql("DELETE FROM documents_passageembedding WHERE document_id = %s", document.pk)
    sql("DELETE FROM documents_passage WHERE document_id = %s", document.pk)
    Document.objects.filter(pk=document.pk).update(passage_count=0)
    return {str(document.pk)}


def miscount(model):
    document = Document.objects.order_by("pk")[0]
    Document.objects.filter(pk=document.pk).update(passage_count=99)
    return {str(document.pk)}


def misplace(model):
    passage = Passage.objects.order_by("pk")[0]
    Passage.objects.filter(pk=passage.pk).update(end=passage.start)
    return {str(passage.document_id)}


def leave_gap(model):
    document = Document.objects.order_by("pk")[0]
    last = Passage.objects.filter(document=document).order_by("-ordinal")[0]
    Passage.objects.filter(pk=last.pk).update(ordinal=last.ordinal + 1)
    return {str(document.pk)}


def lose_vectors(model):
    document = Document.objects.order_by("pk")[0]
    PassageEmbedding.objects.filter(document=document).delete()
    return {f"{model.pk}:{document.pk}"}


def lose_passage_of_vector(model):
    vector = PassageEmbedding.objects.order_by("pk")[0]
    sql("UPDATE documents_passageembedding SET passage_id = %s WHERE id = %s", uuid4(), vector.pk)
    return {str(vector.pk)}


def give_vector_to_other_document(model):
    vector = PassageEmbedding.objects.order_by("pk")[0]
    other = Document.objects.exclude(pk=vector.document_id)[0]
    PassageEmbedding.objects.filter(pk=vector.pk).update(document=other)
    return {str(vector.pk)}


def shorten_vector(model):
    # Its index would refuse it; the check for indexes has its own test.
    vector = PassageEmbedding.objects.order_by("pk")[0]
    drop_index(model)
    sql("UPDATE documents_passageembedding SET vector = '[1,2,3]' WHERE id = %s", vector.pk)
    return {str(vector.pk)}


def lose_index(model):
    drop_index(model)
    return {str(model.pk)}


def lose_document_of_task(model):
    document = Document.objects.order_by("pk")[0]
    task = EmbeddingTask.objects.create(document=document, model=model, lane=1, turn=1)
    sql("UPDATE documents_embeddingtask SET document_id = %s WHERE id = %s", uuid4(), task.pk)
    return {str(task.pk)}


def misname_status(model):
    document = Document.objects.order_by("pk")[0]
    Document.objects.filter(pk=document.pk).update(status=DocumentStatus.SEARCHABLE)
    return {str(document.pk)}


def call_ready_too_early(model):
    document = Document.objects.order_by("pk")[0]
    EmbeddingTask.objects.create(document=document, model=model, lane=1, turn=1)
    return {str(document.pk)}


def lose_embedder(model):
    document = Document.objects.order_by("pk")[0]
    task = EmbeddingTask.objects.create(document=document, model=model, lane=1, turn=1)
    rows = EmbeddingTask.objects.filter(pk=task.pk)
    rows.update(**new_lease(uuid4(), 60))
    let_leases_end(rows)
    return {str(task.pk)}


def lose_preparer(model):
    rows = EmbeddingModel.objects.filter(pk=model.pk)
    rows.update(**new_lease(uuid4(), 60))
    let_leases_end(rows)
    return {str(model.pk)}


def lose_parser(model):
    item = IngestionItem.objects.order_by("pk")[0]
    IngestionRun.objects.update(finished_at=None, status=IngestionStatus.RUNNING)
    rows = IngestionItem.objects.filter(pk=item.pk)
    rows.update(stage=Stage.PARSING, **new_lease(uuid4(), 60))
    let_leases_end(rows)
    return {str(item.pk)}


def forget_vectors_of_item(model):
    item = IngestionItem.objects.order_by("pk")[0]
    IngestionRun.objects.update(finished_at=None, status=IngestionStatus.RUNNING)
    IngestionItem.objects.filter(pk=item.pk).update(stage=Stage.EMBEDDING)
    return {str(item.pk)}


def close_run_too_early(model):
    item = IngestionItem.objects.order_by("pk")[0]
    IngestionItem.objects.filter(pk=item.pk).update(stage=Stage.QUEUED)
    return {str(item.run_id)}


def leave_run_open(model):
    IngestionRun.objects.update(finished_at=None, status=IngestionStatus.RUNNING)
    return {str(IngestionRun.objects.get().pk)}


def misjudge_run(model):
    IngestionRun.objects.update(status=IngestionStatus.FAILED)
    return {str(IngestionRun.objects.get().pk)}


def leave_half_a_file(model):
    path = store.ensure_incoming_folder() / "half"
    path.write_bytes(b"half of")
    os.utime(path, (time.time() - 2 * store.STALE_SECONDS,) * 2)
    return {"half"}


BREAKS = [
    ("files-without-rows", add_file_without_row, True),
    ("rows-without-files", lose_file, False),
    ("damaged-files", cut_file, False),
    ("unused-files", forget_file, True),
    ("documents-without-passages", lose_passages, False),
    ("wrong-passage-counts", miscount, True),
    ("misplaced-passages", misplace, False),
    ("misplaced-passages", leave_gap, False),
    ("stray-vectors", lose_passage_of_vector, True),
    ("stray-vectors", give_vector_to_other_document, True),
    ("wrong-vectors", shorten_vector, True),
    ("stray-embedding-tasks", lose_document_of_task, True),
    ("forgotten-documents", lose_vectors, True),
    ("missing-indexes", lose_index, True),
    ("wrong-statuses", misname_status, True),
    ("wrong-statuses", call_ready_too_early, True),
    ("expired-embedding-leases", lose_embedder, True),
    ("expired-model-leases", lose_preparer, True),
    ("expired-item-leases", lose_parser, True),
    ("stuck-items", forget_vectors_of_item, True),
    ("closed-runs", close_run_too_early, True),
    ("open-runs", leave_run_open, True),
    ("wrong-runs", misjudge_run, True),
    ("stale-files", leave_half_a_file, True),
]


def examined(*names, **options):
    chosen = [CHECKS[name] for name in names] if names else list(CHECKS.values())
    return run_examination(chosen, pause=0, **options)


def unsound(outcomes):
    return {outcome.check.name for outcome in outcomes if not outcome.is_sound}


def test_a_sound_library_is_called_so(library):
    outcomes = examined(deep=True)

    assert not [outcome for outcome in outcomes if outcome.findings or outcome.error]
    assert len(outcomes) == len(CHECKS)


@pytest.mark.parametrize(
    ("name", "damage", "can_repair"), BREAKS, ids=[f"{b[0]}-{b[1].__name__}" for b in BREAKS]
)
def test_what_is_broken_is_found_repaired_and_sound_again(library, name, damage, can_repair):
    subjects = damage(library)

    (found,) = examined(name)
    assert {finding.subject for finding in found.findings} == subjects
    assert not found.is_sound
    (again,) = examined(name)
    assert again.findings == found.findings

    (fixed,) = examined(name, fix=True, actor=None)

    assert fixed.is_sound is can_repair
    assert fixed.was_repaired is can_repair
    assert bool(examined(name)[0].findings) is not can_repair
    # Together with the work that was queued, all is well again.
    examined(fix=True)
    work_for(60)
    services.repair()
    left = unsound(examined())
    assert left == (set() if can_repair else left | {name})


def test_every_rule_that_can_be_repaired_was_broken_here():
    broken = {name for name, _, _ in BREAKS}
    rules = {check.name for check in CHECKS.values() if not check.is_notice}

    assert rules == broken
    repaired = {name for name, _, can_repair in BREAKS if can_repair}
    assert repaired == {name for name in broken if CHECKS[name].repair is not None}


def test_bytes_are_read_only_when_that_is_asked_for(library):
    row = StoredFile.objects.order_by("pk")[0]
    path = stored_path(row)
    content = path.read_bytes()
    path.write_bytes(b"X" + content[1:])

    assert examined("damaged-files")[0].is_sound
    (deep,) = examined("damaged-files", deep=True)
    assert [finding.subject for finding in deep.findings] == [row.pk]
    assert "SHA-256" in deep.findings[0].detail


def test_a_file_that_is_being_stored_is_neither_reported_nor_removed(library):
    moved, go_on, known = threading.Event(), threading.Event(), []

    def upload():
        try:
            with transaction.atomic():
                row = store_bytes(b"on its way in")
                known.append(row.pk)
                moved.set()
                go_on.wait(30)
        finally:
            connection.close()

    worker = threading.Thread(target=upload)
    worker.start()
    assert moved.wait(30)
    looks = []

    def look(deep):
        looks.append(deep)
        if len(looks) == 2:
            go_on.set()
            worker.join()
        return CHECKS["files-without-rows"].look(deep)

    check = Check("files", "Files", look, CHECKS["files-without-rows"].repair)
    (outcome,) = run_examination([check], fix=True, pause=0)

    assert len(looks) == 2
    assert outcome.is_sound
    assert not outcome.findings
    assert stored_path(StoredFile.objects.get(pk=known[0])) is not None


def test_what_only_one_look_sees_is_work_in_progress():
    looks = iter([["a", "b"], ["b", "c"], []])
    repaired = []
    check = Check("x", "X", lambda deep: iter([Finding(s) for s in next(looks)]), repaired.extend)

    (outcome,) = run_examination([check], fix=True, pause=0)

    assert repaired == ["b"]
    assert [finding.subject for finding in outcome.findings] == ["b"]
    assert outcome.was_repaired


def test_a_check_that_fails_is_told_and_does_not_end_the_others():
    def fail(deep):
        raise OSError("no disk")

    broken = Check("broken", "Broken", fail)
    fine = Check("fine", "Fine", lambda deep: iter(()))

    outcomes = run_examination([broken, fine], pause=0)

    assert [outcome.is_sound for outcome in outcomes] == [False, True]
    assert outcomes[0].error == "OSError: it could not be looked at"


def test_a_repair_that_fails_is_told():
    def fail(subjects):
        raise OSError("read-only")

    check = Check("broken", "Broken", lambda deep: iter([Finding("a")]), fail)

    (outcome,) = run_examination([check], fix=True, pause=0)

    assert not outcome.is_sound
    assert not outcome.was_repaired
    assert outcome.error == "OSError: it could not be repaired"


def test_repairs_are_audited(library):
    miscount(library)
    actor = UserFactory(username="root")

    examined("wrong-passage-counts", fix=True, actor=actor)

    line = LogEntry.objects.get(additional_data__setting="doctor")
    assert line.actor == actor
    assert line.additional_data["step"] == "wrong-passage-counts"


def test_people_are_told_of_quarantined_files_and_it_breaks_no_rule(library):
    item = IngestionItem.objects.order_by("pk")[0]
    IngestionItem.objects.filter(pk=item.pk).update(
        stage=Stage.FAILED, error_code="quarantined", error_detail="20 workers", document=None
    )

    (outcome,) = examined("quarantined-items")

    assert [(one.subject, one.detail) for one in outcome.findings] == [(str(item.pk), "20 workers")]
    assert outcome.is_sound


def test_no_finding_tells_what_people_wrote(library):
    for damage in (add_file_without_row, lose_file, miscount, lose_vectors, misjudge_run):
        damage(library)
    told = json.dumps([outcome.as_json() for outcome in examined(deep=True)])

    assert "penguins" not in told
    assert "ada" not in told


def run_command(*arguments):
    out, code = io.StringIO(), 0
    try:
        call_command("doctor", "--pause", "0", *arguments, stdout=out)
    except SystemExit as end:
        code = end.code
    return code, out.getvalue()


def test_the_command_says_it_by_its_exit_code(library):
    assert run_command("--ingestion")[0] == 0
    miscount(library)

    code, told = run_command("--ingestion")
    assert code == 1
    assert "WRONG   wrong-passage-counts: 1" in told
    assert "99 instead of" in told
    code, told = run_command("--ingestion", "--fix")
    assert code == 0
    assert "fixed   wrong-passage-counts: 1, 0 left" in told
    assert run_command("--ingestion")[0] == 0


def test_the_command_says_what_cannot_be_repaired(library):
    lose_file(library)

    code, told = run_command("--ingestion", "--fix")

    assert code == 1
    assert "WRONG   rows-without-files: 1, not to be repaired here" in told
    assert f"        {REMEDIES['rows-without-files']}" in told


def test_the_command_speaks_json(library):
    miscount(library)

    code, told = run_command("--ingestion", "--json")

    report = json.loads(told)
    assert (code, report["ok"]) == (1, False)
    found = {check["check"]: check for check in report["checks"]}
    assert found["wrong-passage-counts"]["found"] == 1
    assert found["wrong-passage-counts"]["repairable"]
    assert found["stray-vectors"]["found"] == 0
    assert "parts" not in report


def test_every_check_says_what_helps():
    checks = [check for group in GROUPS.values() for check in group]

    assert [check.name for check in checks if not remedy_for(check)] == []
    assert set(REMEDIES) <= {check.name for check in checks}
    assert all(check.repair is None for check in checks if check.name in REMEDIES)


def test_without_a_group_the_parts_of_the_installation_are_told_as_well(library, monkeypatch):
    def away():
        raise LookupError("no worker answers")

    monkeypatch.setitem(health.DETAILED, "worker", away)

    code, told = run_command()

    assert code == 1
    assert "ok      database" in told
    assert "failed  worker: no worker answers" in told
    assert "note    no language model" in told
    assert "ok      stray-vectors" in told
    code, told = run_command("--json")
    assert json.loads(told)["parts"]["worker"]["detail"] == "no worker answers"
