"""A file that takes long costs its owner, and not everybody else."""

import os
import signal
import threading
from types import SimpleNamespace

import pytest
from django.db import connections

from accounts.tests.factories import UserFactory
from documents.models import Document
from documents.tests.factories import store_bytes
from ingestion import services
from ingestion.enums import IngestionStatus, Stage
from ingestion.models import IngestionRun
from ingestion.parsing import process
from ingestion.parsing.process import FLOOR_SECONDS, Parser, seconds_for
from ingestion.parsing.types import ParseFailed
from ingestion.pipeline import parse
from ingestion.pipeline import worker as working
from ingestion.pipeline.leases import BATCH, claim, reclaim_expired_leases
from ingestion.pipeline.outcomes import ItemTaken
from ingestion.pipeline.worker import work_for, work_once
from ingestion.tests.factories import ItemFactory, RunFactory
from youworker.tests.support.leases import let_leases_end

SLICE = 5.0
LIMIT = 20.0


@pytest.fixture
def clock(monkeypatch):
    """A clock that only parsing moves."""
    made = SimpleNamespace(seconds=0.0, monotonic=lambda: made.seconds)
    for module in (parse, working):
        monkeypatch.setattr(module, "time", made)
    return made


class SlowParser:
    """Takes all the time there is over files called `slow`, and none over others."""

    def __init__(self, clock):
        self.clock = clock
        self.read = []

    def parse(self, path, mime, *, name, heartbeat, **ways):
        heartbeat()
        self.read.append(name.partition("-")[2])
        if name.startswith("slow"):
            self.clock.seconds += LIMIT
        raise ParseFailed("parse_timeout" if name.startswith("slow") else "no_text", "No.")


@pytest.fixture
def slow_parser(monkeypatch, clock):
    made = SlowParser(clock)
    monkeypatch.setattr(parse, "parser", lambda: made)
    return made


def queue(owner, *names, runs=1):
    """Runs with a file of each name; the last of them."""
    file = store_bytes(b"read by parsers that do not look")
    for _ in range(runs):
        run = RunFactory(owner=owner)
        for position, name in enumerate(names):
            name_of_owner = f"{name}-{owner.username}"
            ItemFactory(run=run, position=position, name=name_of_owner, stored_file=file)
    return run


def work_in_slices(clock):
    while work_for(SLICE):
        pass


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("runs", [1, 16])
def test_whoever_has_slow_files_lets_everybody_else_pass(clock, slow_parser, runs):
    bad, good = UserFactory(username="bad"), UserFactory(username="good")
    queue(bad, *["slow"] * (16 // runs), runs=runs)
    for _ in range(10):
        queue(good, "fast")

    work_in_slices(clock)

    # One file is read before anybody knows that it is slow.
    assert slow_parser.read == ["bad", *["good"] * 10, *["bad"] * 15]


@pytest.mark.django_db
def test_what_a_slow_file_used_is_counted(clock, slow_parser):
    bad, good = UserFactory(username="bad"), UserFactory(username="good")
    queue(bad, "slow", "slow", "slow")
    queue(good, *["fast"] * (3 * BATCH))

    work_in_slices(clock)

    # Turns of nobody else are as long: all of them come before the second slow file.
    assert slow_parser.read == ["bad", *["good"] * (3 * BATCH), "bad", "bad"]


@pytest.mark.django_db
def test_the_rest_of_a_batch_goes_back_after_the_slice(clock, slow_parser):
    run = queue(UserFactory(), "slow", "fast", "fast")

    assert work_once(until=SLICE)

    stages = list(run.items.order_by("position").values_list("stage", "lease_token"))
    assert stages == [(Stage.FAILED, None), (Stage.QUEUED, None), (Stage.QUEUED, None)]
    assert len(slow_parser.read) == 1


@pytest.mark.django_db
def test_a_batch_within_its_slice_is_read_in_one_go(clock, slow_parser):
    run = queue(UserFactory(), *["fast"] * BATCH)

    assert work_once(until=SLICE)

    run.refresh_from_db()
    assert len(slow_parser.read) == BATCH
    assert run.claimed_at <= run.finished_at


@pytest.mark.django_db
def test_a_timeout_is_a_verdict(clock, slow_parser):
    run = queue(UserFactory(), "slow")

    work_in_slices(clock)

    item = run.items.get()
    run.refresh_from_db()
    assert (item.stage, item.attempts, item.error_code) == (Stage.FAILED, 1, "parse_timeout")
    assert (run.status, len(slow_parser.read)) == (IngestionStatus.FAILED, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["cancelled", "lost"])
def test_items_that_were_taken_away_are_not_read(clock, slow_parser, how):
    run = queue(UserFactory(), "fast", "fast", "fast")
    lease = claim()
    if how == "lost":
        let_leases_end(run.items)
        reclaim_expired_leases()
    else:
        services.cancel_run(run)

    parse.parse_items(lease, until=SLICE)

    assert slow_parser.read == []


class WatchedParser(Parser):
    """Tells when it begins with a file, and what ended it."""

    ended_by: type | None = None

    def __init__(self, **options):
        super().__init__(**options)
        self.reading = threading.Event()

    def parse(self, *args, **kwargs):
        self.reading.set()
        try:
            return super().parse(*args, **kwargs)
        except BaseException as error:
            self.ended_by = type(error)
            raise


@pytest.fixture
def stuck_parser(monkeypatch):
    """A parser whose process does nothing for longer than the test needs."""
    made = WatchedParser(timeout=120, memory_mb=1024, beat=0.02)
    monkeypatch.setattr(process, "FLOOR_SECONDS", 120)
    monkeypatch.setattr(parse, "parser", lambda: made)
    os.kill(made.running().pid, signal.SIGSTOP)
    yield made
    made.close()


def in_background(act):
    def carry_out():
        try:
            act()
        finally:
            connections.close_all()

    thread = threading.Thread(target=carry_out)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["cancelled", "deleted", "taken"])
def test_a_file_nobody_wants_any_more_is_not_read_on(stuck_parser, incoming, how):
    run = services.start_upload([incoming("a.txt", "zebra")], actor=UserFactory())
    child = stuck_parser.process
    worker = in_background(lambda: work_once(until=SLICE))
    stuck_parser.reading.wait()

    if how == "cancelled":
        services.cancel_run(run)
    elif how == "deleted":
        services.delete_run(run)
    else:
        let_leases_end(run.items)
        reclaim_expired_leases()
    worker.join()

    assert stuck_parser.ended_by is ItemTaken
    assert child.poll() is not None
    assert run.items.get().stage == (Stage.QUEUED if how == "taken" else Stage.SKIPPED)
    assert not Document.all_objects.exists()
    assert not IngestionRun.all_objects.filter(items__lease_token__isnull=False).exists()


def test_the_time_for_a_file_follows_its_size(tmp_path):
    sizes = {0: FLOOR_SECONDS, 281: FLOOR_SECONDS, 2**20: 2 * FLOOR_SECONDS, 2**26: 120}
    for size, seconds in sizes.items():
        path = tmp_path / str(size)
        with path.open("wb") as file:
            file.truncate(size)

        assert seconds_for(path, most=120) == pytest.approx(seconds, rel=1e-3)
    assert seconds_for(tmp_path / "281", most=5) == 5
    assert seconds_for(tmp_path / "missing", most=120) == FLOOR_SECONDS
