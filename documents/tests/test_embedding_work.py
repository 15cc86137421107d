"""What a worker does with documents that have to get vectors."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.models import F
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from pgvector import HalfVector

from documents import services
from documents.enums import DocumentStatus, TaskState
from documents.models import Document, EmbeddingModel, EmbeddingTask, Passage, PassageEmbedding
from documents.services import embedding_work
from documents.services.embedding_leases import MOST_PASSAGES, claim_tasks
from documents.services.embedding_work import EmbeddingWork, embed_claimed, embed_next
from documents.tests.factories import FOREVER, DocumentFactory, embed, write
from documents.tests.fakes import BrokenEmbedder, LetterEmbedder, NanEmbedder, PickyEmbedder
from youworker.core.config import config
from youworker.core.leases import MAX_LOSSES, lease_end
from youworker.tests.support.leases import let_leases_end

pytestmark = pytest.mark.django_db


def statuses():
    return list(Document.all_objects.order_by("pk").values_list("status", flat=True))


def let_pauses_end():
    EmbeddingTask.objects.filter(lease_token__isnull=True).update(lease_until=lease_end(-1))
    EmbeddingModel.objects.update(lease_until=None)


class StoppingEmbedder(LetterEmbedder):
    """Does something in the middle of a batch, once: what happens while a model computes."""

    act = None

    def embed(self, texts):
        act, self.act = self.act, None
        if act is not None:
            act()
        return super().embed(texts)


def test_every_passage_gets_a_vector(letters):
    document = DocumentFactory(title="")
    passages = write(document, "abc", "ddd")
    assert statuses() == [DocumentStatus.SEARCHABLE]

    assert embed_next(until=FOREVER) == [document.pk]
    assert embed_next(until=FOREVER) is None

    rows = PassageEmbedding.objects.order_by("passage__ordinal")
    assert [row.passage for row in rows] == passages
    assert {(row.document, row.model) for row in rows} == {(document, letters)}
    assert HalfVector(rows[1].vector).to_list()[3] == 1.0
    assert statuses() == [DocumentStatus.READY]
    assert not EmbeddingTask.objects.exists()


def test_small_documents_share_the_batches_of_the_model(use):
    embedder = LetterEmbedder()
    use(embedder, active=True)
    for number in range(40):
        write(DocumentFactory(), f"one {number}", f"two {number}")

    assert embed() == 2

    assert embedder.batches == [32, 32, 16]
    assert set(statuses()) == {DocumentStatus.READY}


def test_more_documents_in_a_lease_cost_no_more_statements(letters):
    """The model is to take the time, not the database."""
    counted = []
    for documents in (1, 16):
        for number in range(documents):
            write(DocumentFactory(), f"text {number}")
        with CaptureQueriesContext(connection) as queries:
            embed_next(until=FOREVER)
        counted.append(len(queries))

    assert counted[0] == counted[1] < 25
    assert set(statuses()) == {DocumentStatus.READY}


def test_a_lease_has_few_enough_passages(letters):
    for _ in range(3):
        write(DocumentFactory(), *[f"text {n}" for n in range(MOST_PASSAGES // 2)])
    write(DocumentFactory(), *[f"text {n}" for n in range(MOST_PASSAGES + 1)])

    assert [len(claim_tasks().tasks) for _ in range(3)] == [2, 1, 1]
    assert claim_tasks() is None


def test_vectors_are_stored_after_each_batch(use):
    embedder = LetterEmbedder()
    use(embedder, active=True)
    write(DocumentFactory(), *[f"text {n}" for n in range(70)])
    before = []
    embedder.embed = lambda texts: (
        before.append(PassageEmbedding.objects.count()) or LetterEmbedder.embed(embedder, texts)
    )

    embed()

    assert before == [0, 32, 64]


def test_a_killed_worker_loses_a_batch_at_most(use):
    embedder = StoppingEmbedder()
    use(embedder, active=True)
    write(DocumentFactory(), *[f"text {n}" for n in range(70)])
    lease = claim_tasks()

    def kill():
        embedder.act = die

    def die():
        raise KeyboardInterrupt

    embedder.act = kill
    with pytest.raises(KeyboardInterrupt):
        EmbeddingWork(lease, FOREVER).run()
    let_leases_end(EmbeddingTask.objects.all())
    assert services.reclaim_expired_tasks() == 1

    assert PassageEmbedding.objects.count() == 32
    embed()
    assert embedder.batches == [32, 32, 6]
    assert statuses() == [DocumentStatus.READY]


def test_an_interrupted_worker_gives_its_documents_back(use):
    embedder = StoppingEmbedder()
    use(embedder, active=True)
    write(DocumentFactory(), "text")

    def stop():
        raise SystemExit

    embedder.act = stop
    with pytest.raises(SystemExit):
        embed_next(until=FOREVER)

    assert embed_next(until=FOREVER) is not None
    assert statuses() == [DocumentStatus.READY]


def test_only_what_changed_is_embedded(use):
    embedder = LetterEmbedder()
    use(embedder, active=True)
    document = DocumentFactory()
    write(document, "stays", "goes")
    embed()

    write(document, "stays", "comes")
    assert statuses() == [DocumentStatus.SEARCHABLE]
    embed()

    assert embedder.batches == [2, 1]
    assert PassageEmbedding.objects.count() == Passage.objects.count() == 2


def test_a_document_that_changes_meanwhile_is_embedded_again(use):
    embedder = StoppingEmbedder()
    use(embedder, active=True)
    document = DocumentFactory()
    write(document, "old", "kept")

    embedder.act = lambda: write(document, "new", "kept")
    embed_next(until=FOREVER)

    assert statuses() == [DocumentStatus.SEARCHABLE]
    assert PassageEmbedding.objects.get().passage.text == "kept"
    embed()
    assert statuses() == [DocumentStatus.READY]
    assert PassageEmbedding.objects.count() == 2


def test_a_document_that_is_deleted_for_good_meanwhile_leaves_nothing(use):
    embedder = StoppingEmbedder()
    use(embedder, active=True)
    document, other = DocumentFactory(), DocumentFactory()
    write(document, "gone")
    write(other, "stays")

    embedder.act = lambda: Document.all_objects.filter(pk=document.pk).hard_delete()
    embed()

    assert PassageEmbedding.objects.get().document == other
    assert not EmbeddingTask.objects.exists()


def test_a_deleted_document_waits_until_it_is_restored(letters):
    document = DocumentFactory()
    write(document, "text")
    document.soft_delete()

    assert embed() == 0
    assert not services.has_waiting_tasks()
    document.restore()
    assert services.has_waiting_tasks()
    assert embed() == 1


def test_a_long_document_is_put_down_behind_others(use):
    embedder = LetterEmbedder()
    use(embedder, active=True)
    long, short = DocumentFactory(), DocumentFactory()
    write(long, *[f"text {n}" for n in range(MOST_PASSAGES + 1)])

    embed_next(until=0)
    assert (statuses()[0], PassageEmbedding.objects.count()) == (DocumentStatus.SEARCHABLE, 32)
    write(short, "text")
    embed_next(until=0)
    assert statuses() == [DocumentStatus.SEARCHABLE] * 2
    embed_next(until=0)
    assert statuses() == [DocumentStatus.SEARCHABLE, DocumentStatus.READY]
    embed()

    assert set(statuses()) == {DocumentStatus.READY}
    assert embedder.batches == [32, 32, 1, 32, 32, 1]


def test_a_worker_stops_when_its_documents_were_taken_over(use):
    embedder = StoppingEmbedder()
    use(embedder, active=True)
    write(DocumentFactory(), *[f"text {n}" for n in range(70)])

    def take_over():
        let_leases_end(EmbeddingTask.objects.all())
        services.reclaim_expired_tasks()
        assert claim_tasks() is not None

    embedder.act = take_over
    embed_next(until=FOREVER)

    assert embedder.batches == [32]
    assert EmbeddingTask.objects.get().lease_token is not None
    assert statuses() == [DocumentStatus.SEARCHABLE]


def test_a_server_that_is_away_is_left_alone_and_no_document_has_failed(use, monkeypatch):
    monkeypatch.setattr(embedding_work, "PAUSE", 600)
    monkeypatch.setattr(embedding_work, "LONGEST_PAUSE", 10_000)
    model = use(BrokenEmbedder(), active=True)
    for _ in range(3):
        write(DocumentFactory(), "text")

    for failures in (1, 2, 3):
        assert embed_next(until=FOREVER) is not None
        assert embed_next(until=FOREVER) is None
        assert not services.has_waiting_tasks()
        model.refresh_from_db()
        assert (model.failures, model.error) == (failures, "The embedding server does not answer.")
        pause = EmbeddingModel.objects.annotate(left=F("lease_until") - Now()).get().left
        assert pause > timedelta(seconds=600 * 2 ** (failures - 1) - 300)
        let_pauses_end()

    tasks = EmbeddingTask.objects.values_list("state", "failures", "losses", "error_code")
    assert set(tasks) == {(TaskState.QUEUED, 0, 0, "upstream_unavailable")}
    assert set(statuses()) == {DocumentStatus.SEARCHABLE}


def test_the_pause_of_a_server_has_a_limit(use):
    model = use(BrokenEmbedder(), active=True)
    EmbeddingModel.objects.update(failures=1000)
    write(DocumentFactory(), "text")

    embed_next(until=FOREVER)

    model.refresh_from_db()
    longest = timedelta(seconds=embedding_work.LONGEST_PAUSE)
    assert EmbeddingModel.objects.filter(lease_until__lte=Now() + longest).exists()
    assert model.failures == 1001


def test_a_server_that_is_back_is_asked_as_before(use, monkeypatch):
    embedder = BrokenEmbedder()
    model = use(embedder, active=True)
    write(DocumentFactory(), "text")
    embed_next(until=FOREVER)
    let_pauses_end()
    monkeypatch.setattr(BrokenEmbedder, "embed", LetterEmbedder.embed)

    assert embed() == 1

    model.refresh_from_db()
    assert (model.failures, model.error, model.lease_until) == (0, "", None)
    assert statuses() == [DocumentStatus.READY]


def test_what_was_complete_before_an_outage_is_ready(use):
    embedder = StoppingEmbedder()
    use(embedder, active=True)
    for _ in range(2):
        write(DocumentFactory(), *[f"text {n}" for n in range(40)])

    def go_away():
        embedder.embed = BrokenEmbedder().embed

    embedder.act = lambda: setattr(embedder, "act", go_away)
    embed_next(until=FOREVER)

    assert PassageEmbedding.objects.count() == 64
    assert sorted(statuses()) == [DocumentStatus.READY, DocumentStatus.SEARCHABLE]


def test_a_passage_the_model_refuses_costs_only_its_document(use):
    embedder = PickyEmbedder()
    use(embedder, active=True)
    good, bad = DocumentFactory(), DocumentFactory()
    write(good, *[f"text {n}" for n in range(40)])
    write(bad, "the zebra", *["more"] * 40)

    embed_next(until=FOREVER)

    assert PassageEmbedding.objects.count() == 80
    assert statuses() == [DocumentStatus.READY, DocumentStatus.SEARCHABLE]
    task = EmbeddingTask.objects.get()
    assert (task.document, task.failures, task.error_code) == (bad, 1, "embedding_unusable")


def test_a_model_that_refuses_everything_is_asked_for_one_batch(use):
    embedder = PickyEmbedder()
    use(embedder, active=True)
    write(DocumentFactory(), *[f"zebra {n}" for n in range(90)])

    embed_next(until=FOREVER)

    assert embedder.batches == [32, *[1] * 32]
    assert EmbeddingTask.objects.get().failures == 1


@pytest.mark.parametrize(("words", "failures"), [(["zebra"] * 40, 1), (["text"] * 40, 0)])
def test_whoever_got_nowhere_has_failed_when_time_is_short(use, words, failures):
    use(PickyEmbedder(), active=True)
    write(DocumentFactory(), "zebra", *words)

    embed_next(until=0)

    assert EmbeddingTask.objects.get().failures == failures


@pytest.mark.parametrize(
    ("embedder", "code"), [(PickyEmbedder, "embedding_unusable"), (NanEmbedder, "not_storable")]
)
@pytest.mark.django_db(transaction=True)
def test_a_document_that_failed_is_tried_again_with_longer_pauses(use, monkeypatch, embedder, code):
    use(embedder(), active=True)
    write(DocumentFactory(), "the zebra")

    found = []
    for _ in range(config.ingestion.max_attempts + 2):
        assert embed_next(until=FOREVER) is not None
        assert embed_next(until=FOREVER) is None
        found.append(statuses()[0])
        task = EmbeddingTask.objects.get()
        assert task.error_code == code
        let_pauses_end()

    first = config.ingestion.max_attempts - 1
    assert found == [DocumentStatus.SEARCHABLE] * first + [DocumentStatus.FAILED] * 3
    assert task.state == TaskState.FAILED
    monkeypatch.setattr(embedder, "embed", LetterEmbedder.embed)
    embed()
    assert statuses() == [DocumentStatus.READY]


def test_the_longest_pause_of_a_document_is_a_day(use):
    use(PickyEmbedder(), active=True)
    write(DocumentFactory(), "the zebra")
    EmbeddingTask.objects.update(failures=10_000)

    embed_next(until=FOREVER)

    day = Now() + timedelta(days=1)
    late = EmbeddingTask.objects.filter(lease_until__gt=day - timedelta(hours=1))
    assert late.filter(lease_until__lte=day).exists()


def test_a_database_that_is_away_counts_nothing(letters, monkeypatch):
    write(DocumentFactory(), "text")

    def lose_connection(*parts):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(embedding_work, "store_vectors", lose_connection)
    with pytest.raises(OperationalError):
        embed_next(until=FOREVER)

    task = EmbeddingTask.objects.get()
    assert (task.failures, task.losses, task.lease_token) == (0, 0, None)


def test_our_own_mistakes_are_failures_of_the_batch_only(use):
    embedder = StoppingEmbedder()
    use(embedder, active=True)
    first, second = DocumentFactory(), DocumentFactory()
    write(first, *[f"text {n}" for n in range(32)])
    write(second, "text")

    embedder.act = lambda: setattr(embedder, "act", lambda: 1 / 0)
    embed_next(until=FOREVER)

    assert statuses() == [DocumentStatus.READY, DocumentStatus.SEARCHABLE]
    assert EmbeddingTask.objects.get().error_code == "embedding_failed"


def test_ten_lost_workers_in_a_row_do_not_fail_a_document(letters):
    write(DocumentFactory(), "text")
    for _ in range(10):
        assert claim_tasks() is not None
        let_leases_end(EmbeddingTask.objects.all())
        assert services.reclaim_expired_tasks() == 1

    assert embed() == 1
    assert statuses() == [DocumentStatus.READY]


def test_a_document_that_takes_every_worker_down_is_left_alone(letters):
    spoiled, other = DocumentFactory(), DocumentFactory()
    write(spoiled, "text")
    write(other, "text")
    claim_tasks()
    EmbeddingTask.objects.filter(document=spoiled).update(losses=MAX_LOSSES - 1)
    let_leases_end(EmbeddingTask.objects.all())

    assert services.reclaim_expired_tasks() == 2

    task = EmbeddingTask.objects.get(document=spoiled)
    assert (task.state, task.error_code) == (TaskState.FAILED, "quarantined")
    assert statuses() == [DocumentStatus.FAILED, DocumentStatus.SEARCHABLE]
    assert embed() == 1


def test_a_worker_that_is_late_ends_nothing(letters):
    document = DocumentFactory()
    write(document, "text")
    late = claim_tasks()
    let_leases_end(EmbeddingTask.objects.all())
    services.reclaim_expired_tasks()
    other = claim_tasks()

    embed_claimed(late, until=FOREVER)

    assert EmbeddingTask.objects.get().lease_token == other.token
    assert statuses() == [DocumentStatus.SEARCHABLE]
    embed_claimed(other, until=FOREVER)
    assert statuses() == [DocumentStatus.READY]
