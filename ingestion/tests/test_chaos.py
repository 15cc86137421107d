"""Children of workers are killed at random while files of every format are read."""

import random
import signal
import tempfile
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from accounts.tests.factories import UserFactory
from documents.embedding.shared import SOCKET_VARIABLE
from documents.models import Document, Passage
from documents.services import ensure_active_model
from documents.tests.test_shared_embedder import embedding_process
from ingestion import services
from ingestion.enums import Stage
from ingestion.models import IngestionItem, IngestionRun
from ingestion.pipeline.worker import work_for
from ingestion.tests import samples
from ingestion.tests.test_workers import by_stage, swept, worker
from youworker.tests.support.waiting import wait_until

ROUNDS = 4
# Seconds between two kills: a child has just begun again, or is in the middle of something.
PAUSE = 1.5
KILLS = 8


def contents_of_every_format():
    """Names and bytes of several files of each format, where the format lets them differ."""
    made = {}
    for number in range(ROUNDS):
        made |= {f"{number}-{name}": make() for name, make in samples.EVERY.items()}
        text = f"Unit {number} is described here. It opens at {number} o'clock.\n\n" * 80
        made |= {f"{number}-{n}.txt": f"{n} {text}" for n in range(6)}
    return made


def told():
    """What was read: the passages of each document, in order."""
    rows = Passage.objects.order_by("document__sha256", "ordinal")
    return list(rows.values_list("document__sha256", "ordinal", "heading", "text", "page"))


class Supervised:
    """A worker that is started again when it ends, as the product's supervisor does.

    Celery gives up when children die before they have begun.
    """

    def __init__(self, stack, settings):
        self.stack, self.settings = stack, settings
        self.begin()

    def begin(self):
        self.process = self.stack.enter_context(worker(**self.settings))

    def look_after(self):
        if self.process.poll() is not None:
            self.begin()


class Killer:
    """Kills a random child of a worker again and again, parsers among them."""

    def __init__(self, supervised, chance):
        self.supervised, self.chance = supervised, chance
        self.killed, self.over = 0, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over.wait(PAUSE):
            # A child may end by itself between two of these.
            with suppress(psutil.Error):
                master = psutil.Process(self.supervised.process.pid)
                children = master.children(recursive=True)
                alive = [each for each in children if each.status() != psutil.STATUS_ZOMBIE]
                if alive:
                    self.chance.choice(alive).send_signal(signal.SIGKILL)
                    self.killed += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_killed_children_change_nothing_of_what_is_read(incoming):
    contents, user = contents_of_every_format(), UserFactory()

    def hand_in():
        files = [incoming(name, content) for name, content in contents.items()]
        return services.start_upload(files, actor=user)

    ensure_active_model()
    hand_in()
    undisturbed = read_undisturbed()
    Document.all_objects.all().hard_delete()
    IngestionItem.objects.all().delete()

    run = hand_in()
    # The model lives in a process of its own, as in the product.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "embed.sock"
        with embedding_process(path):
            settings = {SOCKET_VARIABLE: str(path)}
            with ExitStack() as stack:
                supervised = Supervised(stack, settings)
                killer = stack.enter_context(Killer(supervised, random.Random(7)))

                def is_over():
                    supervised.look_after()
                    return killer.killed >= KILLS or not active()

                wait_until(swept(is_over), seconds=200)
            with worker(**settings):
                # A run ends after its last file, in a transaction of its own.
                wait_until(swept(lambda: not is_open(run)), seconds=120)

    assert killer.killed >= 3
    ended = {stage: count for stage, count in by_stage() if count}
    # What came out of messages is read as well.
    assert ended == {Stage.READY: run.items.count()}
    assert run.items.outermost().count() == len(contents)
    assert told() == undisturbed
    assert not Passage.objects.filter(embeddings=None).exists()
    run.refresh_from_db()
    assert run.status == "succeeded"


def active():
    return IngestionItem.objects.active().exists()


def is_open(run):
    return IngestionRun.objects.filter(pk=run.pk, finished_at=None).exists()


def unread():
    return IngestionItem.objects.filter(stage__in=(Stage.QUEUED, Stage.PARSING))


def read_undisturbed():
    """What the files say when nobody is killed."""
    while unread().exists():
        work_for(1)
    return told()
