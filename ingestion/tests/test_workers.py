"""The pipeline in real worker processes, which die."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.db import connection

from accounts.tests.factories import UserFactory
from documents.models import Document, EmbeddingTask, Passage
from documents.services import ensure_active_model
from ingestion import services
from ingestion.enums import Stage
from ingestion.models import IngestionItem
from youworker.core.config import BASE_DIR
from youworker.tests.support.waiting import wait_until

FILES = 60
KILLS = 3


def environment():
    """This test's servers and files, and a short lease."""
    parts = connection.settings_dict
    host = quote(str(parts["HOST"]), safe="")
    login = f"{parts['USER']}:{quote(parts['PASSWORD'])}@" if parts["USER"] else ""
    port = f":{parts['PORT']}" if parts["PORT"] else ""
    return {
        **os.environ,
        "DATABASE_URL": f"postgres://{login}{host}{port}/{parts['NAME']}",
        "DATA_DIR": str(django_settings.MEDIA_ROOT.parent),
        "DJANGO_SETTINGS_MODULE": "youworker.settings",
        "INGESTION_LEASE_SECONDS": "5",
    }


@contextmanager
def worker(**settings):
    """A Celery worker with two children and further settings, in a process group of its own."""
    command = [sys.executable, "-m", "celery", "-A", "youworker", "worker", "-c", "2", "-l", "INFO"]
    process = subprocess.Popen(
        command,
        cwd=BASE_DIR,
        env=environment() | settings,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        # Of one that ended by itself nobody may be left.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def swept(condition):
    """A condition before which beat does its part."""

    def look():
        services.sweep()
        return condition()

    return look


def tokens():
    """Under which leases workers hold files and documents."""
    held = (IngestionItem.objects.leased(), EmbeddingTask.objects.leased())
    return {token for rows in held for token in rows.values_list("lease_token", flat=True)}


def holds_more():
    """A condition: a worker took something up since now, or there is nothing left."""
    before = tokens()
    return lambda: tokens() - before or not IngestionItem.objects.active().exists()


def has_ended_more():
    """A condition: a file has come to its end since now, or there is nothing left."""
    before = IngestionItem.objects.active().count()
    return lambda: IngestionItem.objects.active().count() < max(before, 1)


def by_stage():
    rows = IngestionItem.objects.values_list("stage", flat=True)
    return [(stage, list(rows).count(stage)) for stage in Stage.values]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_killed_workers_lose_nothing_and_double_nothing(incoming):
    ensure_active_model()  # as after the first search: not a race of this test
    text = "Unit {0} is described here. It opens at {0} o'clock. " * 40
    files = [incoming(f"{n}.txt", text.format(n)) for n in range(FILES)]
    run = services.start_upload(files, actor=UserFactory())

    for number in range(KILLS):
        has_moved_on = has_ended_more if number % 2 else holds_more
        with worker():
            wait_until(swept(has_moved_on()))
    with worker():
        wait_until(swept(lambda: not IngestionItem.objects.active().exists()), seconds=120)

    assert dict(by_stage())[Stage.READY] == FILES
    assert Document.objects.count() == FILES
    for document in Document.objects.all():
        ordinals = list(document.passages.order_by("ordinal").values_list("ordinal", flat=True))
        assert ordinals == list(range(document.passage_count))
    assert Passage.objects.filter(embeddings=None).count() == 0
    services.sweep()
    run.refresh_from_db()
    assert run.status == "succeeded"
