"""A thousand files of one user, and one of another: who waits for whom, vectors included."""

from types import SimpleNamespace

import pytest

from accounts.tests.factories import UserFactory
from documents.services import embedding_work
from ingestion import services
from ingestion.enums import Stage
from ingestion.pipeline import parse
from ingestion.pipeline import worker as working
from ingestion.pipeline.worker import Spell, work_for

# Seconds of one file, and of a batch of vectors.
READING, EMBEDDING = 2.0, 3.0
SLICE = 5.0


@pytest.fixture
def clock(monkeypatch):
    """A clock that only work moves."""
    made = SimpleNamespace(seconds=0.0, monotonic=lambda: made.seconds)
    for module in (parse, working, embedding_work):
        monkeypatch.setattr(module, "time", made)
    monkeypatch.setattr(working, "spell", Spell())
    return made


@pytest.fixture
def slow(monkeypatch, clock, letters):
    """Parser and model take their time."""
    reader, model = parse.parser(), embedding_work.embed_passages

    def read(*args, **options):
        clock.seconds += READING
        return reader.parse(*args, **options)

    def embed(*args):
        clock.seconds += EMBEDDING
        return model(*args)

    monkeypatch.setattr(parse, "parser", lambda: SimpleNamespace(parse=read))
    monkeypatch.setattr(embedding_work, "embed_passages", embed)


def time_until_ready(run, clock):
    """Seconds until a run of one file has its vectors."""
    began = clock.seconds
    while run.items.get().stage != Stage.READY:
        work_for(SLICE)
        assert clock.seconds - began < 5000
    return clock.seconds - began


def one_file(incoming):
    return services.start_upload([incoming("one.txt", "zebra")], actor=UserFactory())


@pytest.mark.slow
@pytest.mark.django_db
def test_a_thousand_files_do_not_keep_another_user_waiting(clock, slow, incoming):
    idle = time_until_ready(one_file(incoming), clock)
    files = [incoming(f"{n}.txt", f"giraffe {n}") for n in range(1000)]
    crowd = services.start_upload(files, actor=UserFactory())
    while crowd.items.filter(stage=Stage.QUEUED).count() > 900:
        work_for(SLICE)

    busy = time_until_ready(one_file(incoming), clock)

    assert busy <= 2 * idle + 60
    assert crowd.items.filter(stage=Stage.QUEUED).count() > 850


@pytest.mark.django_db
def test_vectors_get_their_turn_while_files_are_read_without_end(clock, slow, incoming):
    files = [incoming(f"{n}.txt", f"giraffe {n}") for n in range(24)]
    run = services.start_upload(files, actor=UserFactory())

    while not run.items.filter(stage=Stage.READY).exists():
        work_for(SLICE)

    assert run.items.filter(stage=Stage.QUEUED).exists()
    assert clock.seconds < 30
