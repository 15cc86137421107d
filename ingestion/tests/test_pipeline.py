import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.db.models import F

from accounts.tests.factories import UserFactory
from documents import search
from documents import services as documents
from documents.enums import DocumentStatus
from documents.models import (
    Document,
    EmbeddingModel,
    EmbeddingTask,
    Passage,
    PassageEmbedding,
    StoredFile,
)
from documents.services import ensure_collection, remove_unused_files
from documents.tests.conftest import use_model
from documents.tests.factories import stored_path
from documents.tests.fakes import BrokenEmbedder, LetterEmbedder
from ingestion import services, tasks
from ingestion.enums import IngestionStatus, Stage
from ingestion.models import IngestionItem, IngestionRun
from ingestion.parsing.process import Parser, ParserLost
from ingestion.parsing.sentences import KNOWN
from ingestion.pipeline import parse
from ingestion.pipeline.leases import BATCH, claim, reclaim_expired_leases
from ingestion.pipeline.outcomes import close_finished_runs
from ingestion.pipeline.worker import work_for, work_once
from ingestion.tests import samples
from ingestion.tests.factories import ItemFactory, RunFactory
from quotas.enums import UsageOutcome
from quotas.models import UsageEvent
from youworker.core.config import config
from youworker.core.leases import MAX_LOSSES, lease_end
from youworker.tests.support.leases import LONG_PAUSE, let_leases_end

pytestmark = pytest.mark.django_db

# No end of the time slice.
FOREVER = float("inf")


@pytest.fixture
def user():
    return UserFactory()


def upload(user, incoming, *contents, **options):
    files = [incoming(f"file{n}.txt", content) for n, content in enumerate(contents)]
    return services.start_upload(files, actor=user, **options)


def stages(run):
    return list(run.items.order_by("position").values_list("stage", flat=True))


def test_the_owner_is_told_what_was_guessed_about_a_file(user, letters, incoming):
    run = services.start_upload(
        [incoming("a.txt", "Съешь ещё этих мягких булок".encode("cp1251"))], actor=user
    )

    work_for(30)

    assert run.items.get().note.endswith("it was read as Windows-1251.")
    assert search.search("булок", mode="keyword", actor=user).results


@pytest.mark.parametrize("name", samples.EVERY)
def test_every_format_is_found_by_search(user, letters, incoming, name):
    run = services.start_upload([incoming(name, samples.EVERY[name]())], actor=user)

    work_for(30)

    run.refresh_from_db()
    item = run.items.get(parent=None)
    assert run.status == IngestionStatus.SUCCEEDED
    for one in run.items.all():
        assert (one.stage, one.attempts, one.error_detail) == (Stage.READY, 1, "")
    hits = search.search("zebra", mode="keyword", actor=user).results
    assert {hit.document_id for hit in hits} == {item.document_id}
    assert item.document.status == DocumentStatus.READY
    passages = sum(run.items.values_list("passages", flat=True))
    assert passages == Passage.objects.count() == PassageEmbedding.objects.count()


def test_parsed_files_are_searchable_before_they_are_embedded(user, letters, incoming):
    run = upload(user, incoming, "zebra one", "zebra two")

    assert work_once(until=FOREVER)

    run.refresh_from_db()
    assert stages(run) == [Stage.EMBEDDING, Stage.EMBEDDING]
    assert run.status == IngestionStatus.RUNNING
    assert run.started_at is not None
    assert len(search.search("zebra", mode="keyword", actor=user).results) == 2


def test_documents_get_collection_tags_and_title(user, letters, incoming):
    target = ensure_collection("Manuals", actor=user)
    page = incoming("page.html", samples.html())

    services.start_upload([page], collection_id=target.pk, tags=["one", "two"], actor=user)
    work_for(30)

    document = Document.objects.get()
    assert (document.title, document.uri) == ("The & title", "page.html")
    assert document.collection == target
    assert {tag.name for tag in document.tags.all()} == {"one", "two"}


def test_the_same_file_twice_is_one_document(user, letters, incoming):
    upload(user, incoming, "same", "same")
    work_for(30)
    before = list(Passage.objects.values_list("pk", flat=True))
    upload(user, incoming, "same")
    work_for(30)

    assert Document.objects.count() == 1
    assert list(Passage.objects.values_list("pk", flat=True)) == before
    assert not IngestionItem.objects.exclude(stage=Stage.READY).exists()


def test_the_same_content_is_told_with_its_document(user, letters, incoming):
    shelf = ensure_collection("Shelf", actor=user)
    files = [incoming("a.txt", "zebra"), incoming("b.md", "zebra")]
    run = services.start_upload(files, actor=user)
    elsewhere = services.start_upload(
        [incoming("a.txt", "zebra")], collection_id=shelf.pk, actor=user
    )

    work_for(30)

    first, second = run.items.order_by("position")
    assert (first.duplicate, first.note, first.document.uri) == (False, "", "a.txt")
    assert (second.duplicate, second.note) == (True, KNOWN)
    assert (second.document, second.stage) == (first.document, Stage.READY)
    assert first.document.mime == "text/plain"
    other = elsewhere.items.get()
    assert (other.duplicate, other.document.collection) == (False, shelf)
    assert other.document != first.document
    assert {each.stored_file for each in Document.objects.all()} == {StoredFile.objects.get()}
    totals = IngestionRun.objects.with_totals().get(pk=run.pk)
    assert (totals.ready_count, totals.duplicate_count) == (2, 1)


def test_whatever_has_ended_holds_no_file_but_what_failed(user, letters, incoming):
    run = upload(user, incoming, "text", "")
    late = upload(user, incoming, "cancelled")
    services.cancel_run(late, actor=user)
    work_for(30)

    held = IngestionItem.objects.filter(stored_file__isnull=False)

    assert list(held) == [run.items.get(stage=Stage.FAILED)]
    assert remove_unused_files() == 1


def test_a_bad_file_costs_only_itself(user, letters, incoming):
    run = upload(user, incoming, "good", "", "better")

    work_for(30)

    run.refresh_from_db()
    bad = run.items.get(position=1)
    assert stages(run) == [Stage.READY, Stage.FAILED, Stage.READY]
    assert (bad.error_code, bad.error_detail) == ("empty_file", "The file is empty.")
    assert (run.status, Document.objects.count()) == (IngestionStatus.PARTIAL, 2)


def test_a_run_of_bad_files_failed(user, letters, incoming):
    run = upload(user, incoming, "", " ")

    work_for(30)

    run.refresh_from_db()
    assert run.status == IngestionStatus.FAILED


def test_a_withdrawn_collection_fails_the_items(user, letters, incoming):
    target = ensure_collection("Gone", actor=user)
    run = upload(user, incoming, "text", collection_id=target.pk)
    target.soft_delete()

    work_for(30)

    assert run.items.get().error_code == "not_found"


def test_a_lost_file_is_told(user, letters, incoming):
    run = upload(user, incoming, "text")
    stored_path(run.items.get().stored_file).unlink()

    work_for(30)

    assert run.items.get().error_code == "file_missing"


class DyingParser(Parser):
    """Loses its process over every file whose name starts with `poison`."""

    def parse(self, path, mime, *, name, heartbeat, **ways):
        if name.startswith("poison"):
            raise ParserLost("parser_crashed")
        return super().parse(path, mime, name=name, heartbeat=heartbeat, **ways)


@pytest.fixture
def dying_parser(monkeypatch):
    made = DyingParser(timeout=30, memory_mb=1024)
    monkeypatch.setattr(parse, "parser", lambda: made)
    yield made
    made.close()


def pass_time(seconds):
    """Let pauses and leases be over, which is seen at once."""
    rows = IngestionItem.objects.filter(lease_until__isnull=False)
    rows.update(lease_until=F("lease_until") - timedelta(seconds=seconds))
    rows.expired().update(lease_suspected_at=F("lease_until") - timedelta(seconds=seconds))
    for rows in (EmbeddingTask.objects, EmbeddingModel.objects):
        rows.update(lease_until=F("lease_until") - timedelta(seconds=seconds))


@pytest.mark.slow
def test_a_file_that_kills_parsers_is_given_up_after_three(user, letters, incoming, dying_parser):
    files = [incoming("poison.txt", "x"), incoming("good.txt", "y")]
    run = services.start_upload(files, actor=user)

    for attempt in (1, 2, 3):
        work_for(30)
        poison = run.items.get(position=0)
        assert poison.attempts == attempt
        pass_time(LONG_PAUSE + 1)

    assert stages(run) == [Stage.FAILED, Stage.READY]
    assert poison.error_detail == "The parser broke down while reading the file."
    assert run.items.get(position=1).attempts == 1


def test_a_retry_waits_for_its_pause(user, letters, incoming, dying_parser):
    run = services.start_upload([incoming("poison.txt", "x")], actor=user)

    work_for(30)
    work_for(30)

    assert run.items.get().attempts == 1


def test_our_own_mistakes_are_attempts_too(user, letters, incoming, monkeypatch):
    run = upload(user, incoming, "text")
    monkeypatch.setattr(parse, "store", lambda *parts: 1 / 0)

    for _ in range(config.ingestion.max_attempts):
        work_for(30)
        pass_time(LONG_PAUSE + 1)

    item = run.items.get()
    assert (item.stage, item.error_code) == (Stage.FAILED, "internal_error")


def test_claims_take_first_tries_together_and_retries_alone(user):
    run = RunFactory(owner=user)
    for position in range(BATCH + 2):
        ItemFactory(run=run, position=position, failures=0 if position else 1)

    sizes = [len(claim().items) for _ in range(3)]

    assert sizes == [BATCH, 1, 1]
    assert claim() is None
    assert not IngestionItem.objects.exclude(stage=Stage.PARSING).exists()


def test_claims_let_owners_take_turns():
    busy, other = RunFactory(), RunFactory()
    second = RunFactory(owner=busy.owner)
    for run, count in ((busy, 3 * BATCH), (second, 3 * BATCH), (other, 1)):
        for position in range(count):
            ItemFactory(run=run, position=position)

    served = [claim().items[0].run for _ in range(4)]

    assert served == [busy, other, second, busy]


@pytest.mark.django_db(transaction=True)
def test_claims_never_give_one_item_to_two_workers():
    run = RunFactory()
    for position in range(60):
        ItemFactory(run=run, position=position)
    claimed = []

    def worker():
        try:
            while lease := claim():
                claimed.extend(item.pk for item in lease.items)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(claimed) == len(set(claimed)) == 60


@pytest.mark.slow
def test_claiming_uses_the_index_on_a_large_queue(user):
    run = RunFactory(owner=user)
    IngestionItem.objects.bulk_create(
        ItemFactory.build(run=run, position=n, stage=Stage.READY if n < 4900 else Stage.QUEUED)
        for n in range(5000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ingestion_ingestionitem")

    plan = run.items.waiting().order_by("position")[:BATCH].explain()

    assert "ingestion_item_active" in plan


def test_silent_workers_lose_their_items(user, letters, incoming):
    run = upload(user, incoming, "one", "two")
    claim()

    assert reclaim_expired_leases() == 0
    pass_time(config.ingestion.lease_seconds + 1)
    assert reclaim_expired_leases() == 2

    item = run.items.get(position=0)
    assert (item.stage, item.losses, item.attempts) == (Stage.QUEUED, 1, 0)
    work_for(30)
    assert stages(run) == [Stage.READY, Stage.READY]


def test_ten_lost_workers_in_a_row_do_not_fail_an_item(user, letters, incoming):
    run = upload(user, incoming, "text")
    for _ in range(10):
        assert claim() is not None
        pass_time(config.ingestion.lease_seconds + 1)
        reclaim_expired_leases()

    work_for(30)

    item = run.items.get()
    assert (item.stage, item.attempts) == (Stage.READY, 1)


def test_an_item_that_takes_every_worker_down_is_quarantined(user, letters, incoming):
    run = upload(user, incoming, "text")
    for _ in range(MAX_LOSSES):
        claim()
        pass_time(config.ingestion.lease_seconds + 1)
        services.sweep()

    item, run = run.items.get(), IngestionRun.objects.get()
    assert (item.stage, item.error_code) == (Stage.FAILED, "quarantined")
    assert (run.status, claim()) == (IngestionStatus.FAILED, None)


def test_a_late_worker_changes_nothing(user, letters, incoming):
    run = upload(user, incoming, "text")
    late = claim()
    pass_time(config.ingestion.lease_seconds + 1)
    reclaim_expired_leases()
    work_for(30)
    before = IngestionItem.objects.values().get()

    parse.parse_items(late, until=FOREVER)

    assert IngestionItem.objects.values().get() == before
    assert (stages(run), Passage.objects.count()) == ([Stage.READY], 1)


def test_a_late_worker_leaves_no_document(user, letters, incoming):
    run = upload(user, incoming, "text")
    late = claim()
    services.cancel_run(run, actor=user)

    parse.parse_items(late, until=FOREVER)

    assert (stages(run), Document.all_objects.count()) == ([Stage.SKIPPED], 0)


def test_an_interrupted_worker_gives_its_items_back(user, incoming, monkeypatch):
    run = upload(user, incoming, "one", "two")

    def interrupt(item):
        raise KeyboardInterrupt

    monkeypatch.setattr(parse, "original_of", interrupt)
    with pytest.raises(KeyboardInterrupt):
        work_once(until=FOREVER)

    assert stages(run) == [Stage.QUEUED, Stage.QUEUED]
    assert len(claim().items) == 2


def test_an_absent_model_server_only_pauses(user, db, monkeypatch, incoming):
    use_model(monkeypatch, BrokenEmbedder(), active=True)
    run = upload(user, incoming, "zebra")
    for _ in range(config.ingestion.max_attempts + 2):
        work_for(30)
        pass_time(LONG_PAUSE + 1)

    item = run.items.get()
    assert (item.stage, item.attempts, item.error_code) == (
        Stage.EMBEDDING,
        1,
        "upstream_unavailable",
    )
    assert item.error_detail == "The embedding server does not answer."
    assert len(search.search("zebra", mode="keyword", actor=user).results) == 1
    monkeypatch.setattr(BrokenEmbedder, "embed", LetterEmbedder.embed)
    work_for(30)
    assert (stages(run), run.items.get().error_code) == ([Stage.READY], "")


class WrongEmbedder(LetterEmbedder):
    def embed(self, texts):
        raise ValueError("no such thing")


def test_an_embedder_that_fails_is_given_up(user, db, monkeypatch, incoming):
    use_model(monkeypatch, WrongEmbedder(), active=True)
    run = upload(user, incoming, "zebra")

    for _ in range(config.ingestion.max_attempts):
        work_for(30)
        pass_time(LONG_PAUSE + 1)

    item = run.items.get()
    attempts = 1 + config.ingestion.max_attempts
    assert (item.stage, item.error_code, item.attempts) == (
        Stage.FAILED,
        "embedding_failed",
        attempts,
    )
    assert item.document.status == DocumentStatus.FAILED
    # It was read, and that is what is counted.
    assert UsageEvent.objects.get().outcome == UsageOutcome.SUCCEEDED
    assert len(search.search("zebra", mode="keyword", actor=user).results) == 1


def test_what_was_given_up_is_ready_once_its_vectors_come(user, db, monkeypatch, incoming):
    use_model(monkeypatch, WrongEmbedder(), active=True)
    run = upload(user, incoming, "zebra", "")
    for _ in range(config.ingestion.max_attempts):
        work_for(30)
        pass_time(LONG_PAUSE + 1)
    run.refresh_from_db()
    assert (run.status, stages(run)) == (IngestionStatus.FAILED, [Stage.FAILED, Stage.FAILED])

    monkeypatch.setattr(WrongEmbedder, "embed", LetterEmbedder.embed)
    pass_time(LONG_PAUSE + 1)
    work_for(30)

    run.refresh_from_db()
    assert (run.status, stages(run)) == (IngestionStatus.PARTIAL, [Stage.READY, Stage.FAILED])
    assert run.items.get(position=0).error_code == ""


def test_a_cancelled_run_stays_cancelled_when_vectors_come_late(user, db, monkeypatch, incoming):
    use_model(monkeypatch, WrongEmbedder(), active=True)
    run = upload(user, incoming, *(f"text {n}" for n in range(BATCH + 1)))
    work_once(until=FOREVER)
    services.cancel_run(run, actor=user)
    for _ in range(config.ingestion.max_attempts + 1):
        work_for(30)
        pass_time(LONG_PAUSE + 1)
    assert stages(run) == [Stage.FAILED] * BATCH + [Stage.SKIPPED]

    monkeypatch.setattr(WrongEmbedder, "embed", LetterEmbedder.embed)
    pass_time(LONG_PAUSE + 1)
    work_for(30)

    run.refresh_from_db()
    assert (run.status, run.finished_at is None) == (IngestionStatus.CANCELLED, False)
    assert stages(run) == [Stage.READY] * BATCH + [Stage.SKIPPED]


def test_why_an_item_waits_is_told(user, db, monkeypatch, incoming):
    use_model(monkeypatch, WrongEmbedder(), active=True)
    run = upload(user, incoming, "zebra")

    work_for(30)

    item = run.items.get()
    assert (item.stage, item.attempts) == (Stage.EMBEDDING, 1)
    assert (item.error_code, item.error_detail) == (
        "embedding_failed",
        "The vectors cannot be computed.",
    )


def test_two_runs_of_one_file_end_together(user, letters, incoming):
    first = upload(user, incoming, "same")
    work_once(until=FOREVER)
    second = upload(user, incoming, "same")
    work_once(until=FOREVER)

    work_for(30)

    assert stages(first) == stages(second) == [Stage.READY]


def test_vectors_come_although_their_run_was_removed(user, letters, incoming):
    run = upload(user, incoming, "text")
    work_once(until=FOREVER)
    services.erase_runs(user)
    assert not IngestionRun.all_objects.filter(pk=run.pk).exists()

    work_for(30)

    assert Document.objects.get().status == DocumentStatus.READY


def test_a_process_that_died_before_it_told_is_made_up_for(user, letters, incoming):
    run = upload(user, incoming, "text")
    work_once(until=FOREVER)
    documents.embed_next(until=FOREVER)
    assert stages(run) == [Stage.EMBEDDING]

    services.sweep()

    run.refresh_from_db()
    assert (run.status, stages(run)) == (IngestionStatus.SUCCEEDED, [Stage.READY])


def test_items_of_a_new_active_model_end_with_it(user, letters, incoming, monkeypatch):
    run = upload(user, incoming, "text")
    second = LetterEmbedder(10)
    second.name = "second"
    model = use_model(monkeypatch, second, active=False)
    work_once(until=FOREVER)
    EmbeddingModel.objects.filter(pk=letters.pk).update(lease_until=lease_end(600))
    work_for(30)
    assert stages(run) == [Stage.EMBEDDING]

    documents.activate_model(model)
    services.sweep()

    assert stages(run) == [Stage.READY]


def test_a_long_document_is_put_down_and_goes_on(user, letters, incoming):
    run = upload(user, incoming, "Some words of a long text. " * 4000)
    work_once(until=FOREVER)
    count = Passage.objects.count()

    documents.embed_next(until=0)

    assert 0 < PassageEmbedding.objects.count() < count
    assert stages(run) == [Stage.EMBEDDING]
    work_for(30)
    assert PassageEmbedding.objects.count() == count
    assert stages(run) == [Stage.READY]


@pytest.mark.parametrize("deletion", ["soft_delete", "hard_delete"])
def test_a_document_that_is_deleted_ends_its_item(user, letters, incoming, deletion):
    run = upload(user, incoming, "text")
    work_once(until=FOREVER)
    getattr(Document.all_objects.all(), deletion)()

    services.sweep()

    run.refresh_from_db()
    assert (run.status, stages(run)) == (IngestionStatus.SUCCEEDED, [Stage.SKIPPED])
    assert run.items.get().error_code == "document_deleted"


def test_files_are_parsed_before_any_is_embedded(user, letters, incoming):
    upload(user, incoming, *(f"text {n}" for n in range(BATCH + 1)))

    work_once(until=FOREVER)
    work_once(until=FOREVER)

    assert PassageEmbedding.objects.count() == 0
    assert not IngestionItem.objects.exclude(stage=Stage.EMBEDDING).exists()


def test_cancelling_completes_what_is_searchable(user, letters, incoming):
    run = upload(user, incoming, *(f"text {n}" for n in range(BATCH + 1)))
    work_once(until=FOREVER)

    services.cancel_run(run, actor=user)
    run.refresh_from_db()
    assert (run.status, run.finished_at) == (IngestionStatus.CANCELLED, None)
    work_for(30)

    run.refresh_from_db()
    assert run.status == IngestionStatus.CANCELLED
    assert run.finished_at is not None
    assert stages(run) == [Stage.READY] * BATCH + [Stage.SKIPPED]


def test_settle_ends_only_runs_without_active_items():
    ended, going = ItemFactory(stage=Stage.READY).run, ItemFactory().run

    assert close_finished_runs() == 1
    assert close_finished_runs() == 0

    ended.refresh_from_db()
    going.refresh_from_db()
    assert (ended.status, going.status) == (IngestionStatus.SUCCEEDED, IngestionStatus.QUEUED)


def test_work_for_stops_at_the_end_of_its_slice(user, letters, incoming):
    upload(user, incoming, "one")

    assert work_for(0) is True
    assert work_for(30) is False


def test_sweep_wakes_workers_when_something_waits(user, incoming, queued_tasks):
    tasks.sweep()
    assert queued_tasks == []

    processes = config.ingestion.worker_processes
    upload(user, incoming, "text")
    tasks.sweep()

    assert [name for name, _ in queued_tasks] == [tasks.work.name] * processes
    assert all(options["expires"] for _, options in queued_tasks)


def test_work_queues_up_again_while_there_is_more(
    user, incoming, letters, queued_tasks, monkeypatch
):
    upload(user, incoming, "text")
    monkeypatch.setattr(tasks, "SLICE", 0)

    tasks.work()
    assert len(queued_tasks) == 1
    monkeypatch.setattr(tasks, "SLICE", 30)
    tasks.work()
    assert len(queued_tasks) == 1


def test_leases_expire_by_the_clock():
    token = "0199a0a0-0000-7000-8000-000000000000"
    item = ItemFactory(stage=Stage.PARSING, lease_token=token, lease_until=lease_end(-1))

    assert reclaim_expired_leases() == 0
    let_leases_end(IngestionItem.objects.all())
    assert reclaim_expired_leases() == 1
    item.refresh_from_db()
    assert (item.stage, item.lease_token, item.losses) == (Stage.QUEUED, None, 1)


def test_every_file_is_counted_once_whether_it_could_be_read(user, letters, incoming):
    upload(user, incoming, "zebra", " " * 100, "lion")

    work_for(30)

    events = UsageEvent.objects.order_by("outcome", "bytes")
    assert [(each.user_id, each.kind, each.outcome, each.bytes) for each in events] == [
        (user.pk, "ingestion", "failed", 100),
        (user.pk, "ingestion", "succeeded", 4),
        (user.pk, "ingestion", "succeeded", 5),
    ]
    assert [each.name for each in events] == ["", "text/plain", "text/plain"]
    assert all(each.duration_ms is not None for each in events if each.name)
