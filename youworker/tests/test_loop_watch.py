"""What holds an event loop up is noticed, and what is not its fault is not."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time

import pytest

from youworker.tests.support import loop_watch
from youworker.tests.support.loop_watch import require_free_loops, watched_loops


def compute(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


async def hold_the_loop(seconds=0.1):
    await asyncio.sleep(0)
    compute(seconds)


@pytest.fixture(autouse=True)
def _strict(monkeypatch):
    """Nothing in this file is product code, so all of it is held to the product's limit."""
    monkeypatch.setattr(loop_watch, "MOST_SECONDS_OF_TESTS", loop_watch.MOST_SECONDS)
    monkeypatch.setattr(loop_watch, "TRACED", 1)


def test_a_step_of_a_task_that_computes_is_named():
    with watched_loops() as found:
        asyncio.run(hold_the_loop())

    (line,) = found
    assert "hold_the_loop" in line
    assert "test_loop_watch.py" in line


def test_a_callback_that_computes_is_named():
    async def call():
        asyncio.get_running_loop().call_soon(compute, 0.1)
        await asyncio.sleep(0.01)

    with watched_loops() as found:
        asyncio.run(call())

    (line,) = found
    assert "compute" in line


def test_loops_of_other_threads_are_watched():
    with watched_loops() as found:
        thread = threading.Thread(target=lambda: asyncio.run(hold_the_loop()))
        thread.start()
        thread.join()

    assert len(found) == 1


def test_steps_between_which_the_loop_is_free_are_none():
    async def give_way():
        for _ in range(20):
            compute(0.01)
            await asyncio.sleep(0)

    with watched_loops() as found:
        asyncio.run(give_way())

    assert found == []


def test_what_other_threads_and_programs_compute_is_not_counted():
    stop = threading.Event()

    def be_busy():
        while not stop.is_set():
            pass

    async def wait_for_the_processor():
        until = time.thread_time() + 0.005
        while time.thread_time() < until:
            pass

    threads = [threading.Thread(target=be_busy) for _ in range(8)]
    with watched_loops() as found:
        for thread in threads:
            thread.start()
        try:
            asyncio.run(wait_for_the_processor())
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    assert found == []


def test_collections_and_imports_are_excused(tmp_path, monkeypatch):
    (tmp_path / "imported_slowly.py").write_text(
        "import time\nuntil = time.thread_time() + 0.1\nwhile time.thread_time() < until: pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    async def import_and_collect():
        import imported_slowly  # type: ignore[import-not-found]  # noqa: F401

        gc.collect()

    gc.disable()  # or making it would collect many times
    rubbish = [[] for _ in range(1_000_000)]
    gc.enable()
    with watched_loops() as found:
        asyncio.run(import_and_collect())
    del rubbish, sys.modules["imported_slowly"]

    assert found == []


def test_a_test_that_holds_the_loop_fails():
    with (
        pytest.raises(pytest.fail.Exception, match=r"hold_the_loop .* ms of CPU time"),
        require_free_loops(),
    ):
        asyncio.run(hold_the_loop())


def test_every_test_is_watched():
    assert asyncio.Handle._run is not loop_watch.run_handle  # noqa: SLF001 -- what is replaced
