"""The truth table of trouble: what is tried again, how often, and what is told."""

import errno

import pytest
from django.db import DataError, OperationalError
from django.db.models import F
from django.db.models.functions import Now

from accounts.tests.factories import UserFactory
from documents.enums import TaskState
from documents.exceptions import StorageFull, VectorsUnusable
from documents.models import Document, EmbeddingTask
from documents.tests.conftest import use_model
from documents.tests.fakes import BrokenEmbedder, PickyEmbedder
from documents.tests.test_embedding_work import let_pauses_end
from ingestion import services
from ingestion.enums import Stage
from ingestion.models import IngestionItem
from ingestion.parsing.process import ParserLost
from ingestion.parsing.types import ParseFailed
from ingestion.pipeline import outcomes, parse
from ingestion.pipeline.outcomes import LONGEST_TROUBLE, TRIES_OF_A_DAY
from ingestion.pipeline.worker import work_for
from youworker.core.exceptions import InvalidInput, TooLarge, UpstreamUnavailable
from youworker.core.leases import lease_end

pytestmark = pytest.mark.django_db


class Troubled:
    """A parser that meets the same trouble each time, until it is over."""

    def __init__(self, error, healthy):
        self.error, self.healthy, self.tries = error, healthy, 0

    def parse(self, path, mime, **options):
        if self.error is None:
            return self.healthy.parse(path, mime, **options)
        self.tries += 1
        raise self.error


@pytest.fixture
def read(monkeypatch, incoming):
    """Hands a file in, whose parser meets this trouble, and works; the run and the parser."""

    def act(error):
        parser = Troubled(error, parse.parser())
        monkeypatch.setattr(parse, "parser", lambda: parser)
        run = services.start_upload([incoming("a.txt", "zebra")], actor=UserFactory())
        return run, parser

    return act


def work_on(turns):
    """Work as often, each time after every pause is over."""
    for _ in range(turns):
        work_for(10)
        IngestionItem.objects.update(lease_until=None)


DISK_FULL = OSError(errno.ENOSPC, "No space left on device")

BROKEN = {
    "a damaged file": (ParseFailed("damaged_file", "Damaged."), "damaged_file"),
    "a password": (ParseFailed("encrypted_file", "Protected."), "encrypted_file"),
    "a time-out": (ParseFailed("parse_timeout", "Too long."), "parse_timeout"),
    "a file that moved": (InvalidInput("It moved."), "invalid"),
    "too many bytes": (TooLarge("Too large."), "too_large"),
    "vectors that cannot be": (VectorsUnusable("No."), "embedding_unusable"),
}
DOUBTFUL = {
    "a crash": (ParserLost("parser_crashed"), "parser_crashed"),
    "text that is not stored": (DataError("invalid"), "not_storable"),
    "a mistake of ours": (KeyError("x"), "internal_error"),
    "a file nobody may read": (OSError(errno.EACCES, "no"), "internal_error"),
}
PASSING = {
    "a full disk": (StorageFull("There is no room."), "storage_full"),
    "a full disk elsewhere": (DISK_FULL, "storage_full"),
    "a quota of the disk": (OSError(errno.EDQUOT, "quota"), "storage_full"),
    "no memory": (OSError(errno.ENOMEM, "no memory"), "server_busy"),
    "no process": (BlockingIOError(errno.EAGAIN, "no process"), "server_busy"),
    "a server that is away": (UpstreamUnavailable("It is away."), "upstream_unavailable"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_fails_at_once(read, name):
    error, code = BROKEN[name]
    run, parser = read(error)

    work_on(5)

    item = run.items.get()
    assert (item.stage, item.error_code, parser.tries) == (Stage.FAILED, code, 1)
    assert item.error_detail


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_doubtful_file_is_given_up_after_three_attempts(read, name):
    error, code = DOUBTFUL[name]
    run, parser = read(error)

    work_on(2)
    waiting = run.items.get()
    work_on(5)

    item = run.items.get()
    assert (waiting.stage, waiting.error_code) == (Stage.QUEUED, code)
    assert (item.stage, item.error_code, parser.tries) == (Stage.FAILED, code, 3)


@pytest.mark.parametrize("name", PASSING)
def test_passing_trouble_is_waited_out_and_told(read, name, letters):
    error, code = PASSING[name]
    run, parser = read(error)

    work_on(8)
    waiting = run.items.get()
    parser.error = None
    work_for(30)

    assert (waiting.stage, waiting.error_code, parser.tries) == (Stage.QUEUED, code, 8)
    assert (waiting.failures, bool(waiting.error_detail)) == (0, True)
    item = run.items.get()
    assert (item.stage, item.error_code) == (Stage.READY, "")


def test_pauses_grow_up_to_a_bound(read, monkeypatch):
    monkeypatch.setattr(outcomes, "lease_end", lease_end)
    run, _ = read(DISK_FULL)
    pauses = []
    for _ in range(7):
        work_for(10)
        row = run.items.annotate(pause=F("lease_until") - Now()).get()
        pauses.append(round(row.pause.total_seconds()))
        IngestionItem.objects.update(lease_until=None)

    assert pauses == [15, 30, 60, 120, 240, 300, 300]


def test_a_parser_without_room_is_waited_for(read):
    run, parser = read(ParseFailed("storage_full", "There is no room left for what is unpacked."))
    work_on(4)

    item = run.items.get()
    assert (item.stage, item.failures, item.error_code) == (Stage.QUEUED, 0, "storage_full")
    parser.error = None
    work_on(1)
    assert run.items.get().stage in {Stage.EMBEDDING, Stage.READY}


def test_who_waited_for_a_day_before_is_not_given_up_at_once(read):
    run, _ = read(DISK_FULL)
    run.items.update(accepted_at=Now() - LONGEST_TROUBLE)

    work_on(3)

    assert run.items.get().stage == Stage.QUEUED


def test_trouble_of_a_day_is_a_failure_that_says_why(read):
    run, parser = read(DISK_FULL)
    work_on(1)
    run.items.update(accepted_at=Now() - LONGEST_TROUBLE, attempts=TRIES_OF_A_DAY)

    work_on(3)

    item = run.items.get()
    assert (item.stage, item.error_code, parser.tries) == (Stage.FAILED, "storage_full", 2)
    assert services.retry_run(run) == 1


def test_a_database_that_is_away_is_nobodys_fault(read):
    run, parser = read(OperationalError("server closed the connection"))

    for _ in range(5):
        with pytest.raises(OperationalError):
            work_for(10)

    item = run.items.get()
    assert (item.stage, item.failures, parser.tries) == (Stage.QUEUED, 0, 5)


@pytest.mark.parametrize(
    ("model", "failed", "code"),
    [
        (BrokenEmbedder(), False, "upstream_unavailable"),
        (PickyEmbedder(), True, "embedding_unusable"),
    ],
    ids=["an embedding server that is away", "a text that it refuses"],
)
def test_vectors_are_waited_for_or_given_up(monkeypatch, incoming, model, failed, code):
    use_model(monkeypatch, model, active=True)
    run = services.start_upload([incoming("a.txt", "zebra")], actor=UserFactory())

    for _ in range(6):
        work_for(10)
        let_pauses_end()

    item, task = run.items.get(), EmbeddingTask.objects.get()
    assert (item.stage == Stage.FAILED, item.error_code) == (failed, code)
    assert (task.state == TaskState.FAILED, task.failures >= 3) == (failed, failed)
    assert Document.objects.get().status == ("failed" if failed else "searchable")
