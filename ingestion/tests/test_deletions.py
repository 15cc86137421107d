"""A file that is handed in, and its document that is deleted: whatever came last counts."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.tests.factories import UserFactory
from documents import services as documents
from documents.models import Document
from documents.services import staff
from documents.tests.conftest import use_model
from documents.tests.fakes import LetterEmbedder
from ingestion import services
from ingestion.enums import IngestionStatus, Stage
from ingestion.models import IngestionItem
from ingestion.pipeline import parse
from ingestion.pipeline.leases import claim
from ingestion.pipeline.worker import work_for
from youworker.tests.support.ordering import run_in_order
from youworker.tests.support.rows import refreshed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def upload(user, incoming, monkeypatch):
    """Hands the same file in."""
    use_model(monkeypatch, LetterEmbedder(), active=True)
    return lambda **options: services.start_upload(
        [incoming("a.txt", "zebra")], actor=user, **options
    )


@pytest.fixture
def document(upload):
    upload()
    work_for(30)
    return Document.objects.get()


def outcome(run):
    run.refresh_from_db()
    item = run.items.get()
    return run.status, item.stage, item.error_code


SKIPPED = (IngestionStatus.SUCCEEDED, Stage.SKIPPED, "document_deleted")
READY = (IngestionStatus.SUCCEEDED, Stage.READY, "")


def test_what_is_deleted_after_it_was_handed_in_again_stays_deleted(user, upload, document):
    run = upload()
    documents.delete_document(document, actor=user)

    work_for(30)

    assert outcome(run) == SKIPPED
    assert run.items.get().error_detail.endswith(".")
    assert Document.all_objects.get().is_deleted


def test_what_is_handed_in_after_its_deletion_is_a_new_document(user, upload, document):
    documents.delete_document(document, actor=user)
    run = upload()

    work_for(30)

    assert outcome(run) == READY
    assert Document.objects.get() != document
    assert refreshed(document).is_deleted


@pytest.mark.parametrize("clock", ["behind", "ahead"])
def test_the_clocks_of_the_processes_do_not_matter(user, upload, document, monkeypatch, clock):
    real, shift = timezone.now, timedelta(hours=1 if clock == "ahead" else -1)
    run = upload()
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: real() + shift)
        documents.delete_document(document, actor=user)
    work_for(30)
    assert outcome(run) == SKIPPED

    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: real() - shift)
        run = upload()
    work_for(30)
    assert outcome(run) == READY


def test_staff_delete_as_owners_do(user, upload, document):
    run = upload()
    staff.hide_documents([document], actor=user)

    work_for(30)

    assert outcome(run) == SKIPPED


def test_a_deleted_collection_keeps_what_lay_in_it(user, upload):
    shelf = documents.ensure_collection("Shelf", actor=user)
    upload(collection_id=shelf.pk)
    work_for(30)
    kept = Document.objects.get()
    run = upload()
    documents.delete_collection(shelf, actor=user)

    work_for(30)

    assert outcome(run) == READY
    assert refreshed(kept).collection == shelf
    assert Document.objects.visible_to(user).get() != kept


def test_a_file_that_is_asked_for_again_after_the_deletion_is_read(user, upload, document):
    run = upload()
    documents.delete_document(document, actor=user)
    run.items.update(stage=Stage.FAILED)

    services.retry_run(run, actor=user)
    work_for(30)

    assert outcome(run) == READY
    assert Document.objects.get() != document


def read():
    try:
        parse.parse_items(claim(), until=float("inf"))
    finally:
        parse.close_parser()


@pytest.mark.slow
def test_a_deletion_in_the_middle_is_waited_for(user, upload, document):
    run = upload()

    assert run_in_order(lambda: documents.delete_document(document, actor=user), read) == [
        None,
        None,
    ]

    assert run.items.get().stage == Stage.SKIPPED
    assert Document.all_objects.get().is_deleted


@pytest.mark.slow
def test_a_deletion_waits_for_the_file_that_is_being_stored(user, upload, document):
    run = upload()

    assert run_in_order(read, lambda: documents.delete_document(document, actor=user)) == [
        None,
        None,
    ]

    assert run.items.get().stage == Stage.EMBEDDING
    assert Document.all_objects.get().is_deleted


def test_the_time_of_acceptance_is_the_databases(upload):
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        before = cursor.fetchone()[0]
    upload()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        after = cursor.fetchone()[0]

    assert before <= IngestionItem.objects.get().accepted_at <= after
