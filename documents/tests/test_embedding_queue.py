"""Whose turn it is to get vectors."""

import threading

import pytest
from django.db import connection, connections

from accounts.tests.factories import UserFactory
from documents import services
from documents.enums import DocumentStatus, TaskPriority, TaskState
from documents.models import Document, EmbeddingModel, EmbeddingTask
from documents.services import embedding_leases, embedding_queue
from documents.services.embedding_leases import BACKFILL_EVERY, claim_tasks
from documents.services.embedding_queue import add_backfill
from documents.tests.factories import DocumentFactory, embed, write
from documents.tests.fakes import LetterEmbedder
from youworker.core.leases import lease_end
from youworker.tests.support.rows import refreshed

pytestmark = pytest.mark.django_db


@pytest.fixture
def one_by_one(monkeypatch):
    """A lease is one document, so that the order shows."""
    monkeypatch.setattr(embedding_leases, "MOST_TASKS", 1)
    monkeypatch.setattr(embedding_leases, "turns", iter(range(1, 10_000)))


@pytest.fixture
def second(use, letters):
    embedder = LetterEmbedder(10)
    embedder.name = "second"
    return use(embedder, active=False)


def upload(owner, passages=1):
    document = DocumentFactory(owner=owner)
    write(document, *[f"text {n}" for n in range(passages)])
    return document


def served(count):
    return [claim_tasks().tasks[0].document.owner.username for _ in range(count)]


def test_every_model_gets_a_task_and_uploads_go_first(letters, second):
    upload(UserFactory())

    rows = EmbeddingTask.objects.order_by("priority").values_list("model", "priority", "state")
    assert list(rows) == [
        (letters.pk, TaskPriority.UPLOAD, TaskState.QUEUED),
        (second.pk, TaskPriority.BACKFILL, TaskState.QUEUED),
    ]


@pytest.mark.usefixtures("one_by_one", "letters")
def test_owners_take_turns():
    busy, other, third = (UserFactory(username=name) for name in ("busy", "other", "third"))
    for _ in range(4):
        upload(busy)
    upload(other)
    assert served(3) == ["busy", "other", "busy"]

    upload(third)

    assert served(3) == ["busy", "third", "busy"]


@pytest.mark.usefixtures("one_by_one", "letters")
def test_turns_are_counted_in_passages():
    many, few = UserFactory(username="many"), UserFactory(username="few")
    for _ in range(3):
        upload(many, passages=20)
    for _ in range(4):
        upload(few, passages=10)

    assert served(7) == ["many", "few", "few", "many", "few", "few", "many"]


@pytest.mark.usefixtures("one_by_one", "letters")
def test_a_retry_of_many_documents_leaves_room_for_others():
    many, other = UserFactory(username="many"), UserFactory(username="other")
    documents = [upload(many, passages=10) for _ in range(3)]
    EmbeddingTask.objects.all().delete()

    services.retry_tasks([document.pk for document in documents])
    upload(other, passages=15)

    assert served(4) == ["many", "many", "other", "many"]


@pytest.mark.usefixtures("one_by_one")
def test_the_active_model_goes_first_and_the_other_is_not_forgotten(letters, second):
    owner = UserFactory()
    for _ in range(2 * BACKFILL_EVERY):
        upload(owner)

    models = [claim_tasks().model for _ in range(2 * BACKFILL_EVERY)]

    group = [letters] * (BACKFILL_EVERY - 1) + [second]
    assert models == group * 2


@pytest.mark.usefixtures("one_by_one")
def test_back_filling_the_active_model_waits_for_uploads(letters):
    owner = UserFactory()
    old = upload(owner)
    EmbeddingTask.objects.all().delete()
    EmbeddingModel.objects.update(active=False)
    add_backfill(letters, [old.pk])
    EmbeddingModel.objects.update(active=True)
    new = upload(owner)

    assert [claim_tasks().tasks[0].document for _ in range(2)] == [new, old]


@pytest.mark.usefixtures("one_by_one")
def test_a_model_that_rests_does_not_hold_up_the_others(letters, second):
    upload(UserFactory())
    EmbeddingModel.objects.filter(pk=letters.pk).update(lease_until=lease_end(60))

    assert claim_tasks().model == second
    assert claim_tasks() is None


def test_what_went_wrong_comes_alone_in_its_turn(letters):
    owner = UserFactory()
    documents = [upload(owner) for _ in range(5)]
    EmbeddingTask.objects.filter(document=documents[2]).update(losses=1)

    leases = [[task.document for task in claim_tasks().tasks] for _ in range(2)]

    assert leases == [[documents[n] for n in (0, 1, 3, 4)], [documents[2]]]


def test_a_document_is_queued_once_and_renewed(letters):
    document = DocumentFactory()
    write(document, "one")
    EmbeddingTask.objects.update(
        state=TaskState.FAILED, failures=5, losses=3, error_code="x", lease_until=lease_end(600)
    )

    write(document, "two")

    task = EmbeddingTask.objects.get()
    assert (task.state, task.failures, task.losses, task.error_code) == ("queued", 0, 0, "")
    assert claim_tasks() is not None


def test_a_back_fill_leaves_tasks_alone_that_are_there(letters):
    document = upload(UserFactory())
    EmbeddingTask.objects.update(failures=2)

    add_backfill(letters, [document.pk])

    assert EmbeddingTask.objects.get().failures == 2


@pytest.mark.django_db(transaction=True)
def test_no_document_is_given_to_two_workers(letters):
    for _ in range(60):
        upload(UserFactory())
    claimed = []

    def work():
        try:
            while lease := claim_tasks():
                claimed.extend(task.pk for task in lease.tasks)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Who finds all that is free locked for a moment ends early, so one may go on alone.
    while lease := claim_tasks():
        claimed.extend(task.pk for task in lease.tasks)
    assert len(claimed) == len(set(claimed)) == 60


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_storing_and_embedding_at_once_never_wait_for_each_other_in_a_circle(use):
    """A deadlock would end one of the two with an error."""
    model = use(LetterEmbedder(), active=True)
    owner = UserFactory()
    documents = [DocumentFactory(owner=owner) for _ in range(6)]
    errors = []

    def repeat(act):
        try:
            for number in range(30):
                act(number)
        except Exception as error:  # noqa: BLE001 -- the test looks at it
            errors.append(error)
        finally:
            connections.close_all()

    def store(number):
        for document in documents[number % 2 :: 2]:
            write(document, f"text {number}", "stays")

    acts = [store, store, lambda _: embed(), lambda _: embed()]
    threads = [threading.Thread(target=repeat, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    embed()

    assert errors == []
    assert set(Document.objects.values_list("status", flat=True)) == {DocumentStatus.READY}
    assert services.missing_vectors(model) == 0


def test_queueing_costs_the_same_for_a_long_queue(letters, django_assert_num_queries):
    document = DocumentFactory()
    write(document, "text")

    for _ in range(3):
        with django_assert_num_queries(3):
            embedding_queue.queue_documents([document.pk])
        upload(document.owner)


@pytest.mark.slow
def test_claiming_and_queueing_use_the_indexes_of_a_large_queue(letters):
    owner = UserFactory()
    documents = Document.objects.bulk_create(
        DocumentFactory.build_batch(
            5000, owner=owner, collection=services.ensure_default_collection(owner)
        )
    )
    EmbeddingModel.objects.update(active=False)
    add_backfill(letters, [document.pk for document in documents])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE documents_embeddingtask, documents_document")
        rows = (
            EmbeddingTask.objects.filter(model=letters, priority=TaskPriority.BACKFILL)
            .waiting()
            .order_by("turn", "document_id")
        )
        plan = rows[:8].explain()
        given = {"models": [letters.pk], "documents": [documents[0].pk]}
        cursor.execute(f"EXPLAIN {embedding_queue.RENEW}", given)
        queueing = "\n".join(line for (line,) in cursor.fetchall())

    assert "embedding_task_next" in plan
    assert "Sort" not in plan
    assert "Seq Scan on documents_embeddingtask" not in queueing


def test_documents_that_have_everything_are_not_left_waiting(letters):
    lost, waiting = upload(UserFactory()), upload(UserFactory())
    # As by a process that died between the change of the active model and this one.
    EmbeddingTask.objects.filter(document=lost).delete()

    assert services.refresh_outdated_statuses() == 1

    assert refreshed(lost).status == DocumentStatus.READY
    assert refreshed(waiting).status == DocumentStatus.SEARCHABLE


def test_nothing_is_called_complete_while_a_model_is_prepared(letters):
    document = upload(UserFactory())
    EmbeddingTask.objects.all().delete()
    EmbeddingModel.objects.update(state="preparing")

    assert services.refresh_outdated_statuses() == 0
    assert refreshed(document).status == DocumentStatus.SEARCHABLE


def test_the_first_document_makes_the_active_model():
    write(DocumentFactory(), "text")

    assert EmbeddingTask.objects.get().model == services.ensure_active_model()


def test_a_task_says_nothing_about_a_document():
    write(DocumentFactory(title="secret"), "secret")

    assert "secret" not in str(EmbeddingTask.objects.get())
