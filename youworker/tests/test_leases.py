"""Leases of every kind end by the database's clock, at the second look."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import DataExport, Erasure
from accounts.tests.factories import UserFactory
from chat.models import Run
from chat.tests.factories import RunFactory
from documents.models import EmbeddingModel, EmbeddingTask
from documents.tests.factories import DocumentFactory
from ingestion.enums import Stage
from ingestion.models import IngestionItem
from ingestion.pipeline.leases import claim, reclaim_expired_leases
from ingestion.tests.factories import ItemFactory
from youworker.core.leases import LOOK_SECONDS, keep_lease_alive, lease_end, new_lease
from youworker.tests.support.leases import let_leases_end
from youworker.tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db


def export(**fields):
    return DataExport.objects.create(user=UserFactory(), **fields)


def erasure(**fields):
    return Erasure.objects.create(subject=UserFactory().pk, **fields)


def task(**fields):
    model, _ = EmbeddingModel.objects.get_or_create(provider="openai", name="m", dimensions=8)
    return EmbeddingTask.objects.create(
        document=DocumentFactory(), model=model, lane=0, turn=0, **fields
    )


# A row of each kind that is held, and its repository.
KINDS = [
    (lambda **fields: RunFactory(status="running", **fields), Run.objects),
    (lambda **fields: ItemFactory(stage=Stage.PARSING, **fields), IngestionItem.objects),
    (task, EmbeddingTask.objects),
    (lambda **fields: export(status="running", **fields), DataExport.objects),
    (lambda **fields: erasure(status="running", **fields), Erasure.objects),
]


@pytest.fixture(params=KINDS, ids=["run", "item", "task", "export", "erasure"])
def kind(request):
    return request.param


def test_a_lease_is_lost_when_it_was_expired_at_two_looks(kind):
    make, rows = kind
    make(**new_lease(uuid4(), -1))

    looks = [(rows.suspect_expired(), rows.lost().count()) for _ in range(2)]
    rows.update(lease_suspected_at=Now() - timedelta(seconds=LOOK_SECONDS + 1))

    assert looks == [(1, 0), (0, 0)]
    assert rows.lost().count() == 1


def test_a_lease_that_was_renewed_between_two_looks_is_not_lost(kind):
    make, rows = kind
    row = make(**new_lease(uuid4(), 60))
    let_leases_end(rows.all())

    assert rows.held(row.lease_token).renew(seconds=60) == 1
    rows.update(lease_until=lease_end(-1))

    assert rows.lost().count() == 0


@pytest.mark.parametrize("skew", [-3600, 3600])
def test_no_clock_but_the_databases_counts(kind, skew, monkeypatch):
    make, rows = kind
    wrong = timezone.now() + timedelta(seconds=skew)
    monkeypatch.setattr(timezone, "now", lambda: wrong)

    row = make(**new_lease(uuid4(), 60))
    suspected = rows.suspect_expired()
    rows.held(row.lease_token).renew(seconds=60)

    assert suspected == 0
    assert rows.expired().count() == 0
    rows.update(lease_until=lease_end(-1))
    assert rows.suspect_expired() == 1


def test_workers_with_wrong_clocks_wait_for_the_second_look(monkeypatch):
    wrong = timezone.now() + timedelta(hours=1)
    monkeypatch.setattr(timezone, "now", lambda: wrong)
    ItemFactory(stage=Stage.QUEUED)
    export()

    assert claim() is not None
    taken = DataExport.objects.claim(seconds=60)

    assert reclaim_expired_leases() == 0
    assert DataExport.objects.claim(seconds=60) is None
    let_leases_end(DataExport.objects.all(), seen=False)
    assert DataExport.objects.claim(seconds=60) is None
    let_leases_end(DataExport.objects.all())
    assert DataExport.objects.claim(seconds=60).pk == taken.pk


def test_a_pause_ends_by_the_databases_clock(monkeypatch):
    made = export()
    taken = DataExport.objects.claim(seconds=60)
    DataExport.objects.all().requeue(taken.lease_token, pause=30, error_code="failed")
    wrong = timezone.now() + timedelta(hours=1)
    monkeypatch.setattr(timezone, "now", lambda: wrong)

    assert DataExport.objects.claim(seconds=60) is None
    DataExport.objects.update(lease_until=lease_end(0))
    assert DataExport.objects.claim(seconds=60).pk == made.pk


@pytest.mark.django_db(transaction=True)
def test_a_lease_is_renewed_while_its_work_goes_on(kind):
    make, rows = kind
    row = make(**new_lease(uuid4(), -1))
    other = make(**new_lease(uuid4(), -1))

    with keep_lease_alive(rows.held(row.lease_token), seconds=0.2):
        wait_until(lambda: list(rows.expired()) == [other])
        rows.filter(pk=row.pk).update(lease_until=lease_end(-1))
        wait_until(lambda: list(rows.expired()) == [other])

    assert not any(thread.name == "lease keeper" for thread in threading.enumerate())


@pytest.mark.django_db(transaction=True)
def test_a_lease_that_was_taken_away_is_not_renewed(kind):
    make, rows = kind
    row = make(**new_lease(uuid4(), -1))
    renewed = make(**new_lease(row.lease_token, -1))

    with keep_lease_alive(rows.held(row.lease_token), seconds=0.2):
        rows.filter(pk=row.pk).update(**new_lease(uuid4(), -1))
        rows.filter(pk=renewed.pk).update(lease_until=lease_end(-1))
        wait_until(lambda: not rows.expired().filter(pk=renewed.pk).exists())

    assert list(rows.expired()) == [row]


@pytest.mark.django_db(transaction=True)
def test_a_failure_to_renew_is_made_up_for(kind, caplog):
    make, rows = kind
    row = make(**new_lease(uuid4(), -1))
    failures = [OperationalError("gone"), OperationalError("gone")]

    class Failing(type(rows.all())):
        def renew(self, *, seconds):
            if failures:
                raise failures.pop()
            return super().renew(seconds=seconds)

    held = Failing(rows.model).held(row.lease_token)
    with keep_lease_alive(held, seconds=0.2):
        wait_until(lambda: not rows.expired().exists())

    assert caplog.text.count("could not be renewed") == 2
