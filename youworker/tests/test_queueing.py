"""Files that wait keep nothing short waiting."""

import pytest
from kombu.simple import SimpleQueue

from chat.tasks import sweep_runs
from ingestion.events import wake_workers
from ingestion.tasks import work
from youworker.celery import app


@pytest.fixture
def queue():
    """The queue of the workers, as the broker has it; it is empty before and afterwards."""
    with app.connection_for_write() as connection:
        made = SimpleQueue(connection, app.conf.task_default_queue)
        made.clear()
        yield made
        made.clear()
        made.close()


@pytest.mark.slow
def test_a_sweep_comes_before_files_that_were_queued_earlier(queue):
    wake_workers(3)
    sweep_runs.apply_async()
    wake_workers(1)
    tasks = [queue.get_nowait() for _ in range(5)]
    for task in tasks:
        task.ack()
    names = [task.headers["task"] for task in tasks]
    assert names == [sweep_runs.name, *[work.name] * 4]
