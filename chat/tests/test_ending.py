"""Runs end within their clock, whatever keeps its cancellation to itself."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress

import orjson
import pytest

from chat.agent.types import TextDelta
from chat.enums import RunStatus
from chat.runs import executor
from chat.runs.log.writer import log_writer
from chat.runs.manager import request_stop, run_manager
from chat.runs.stream import view_run
from chat.tests.run_support import ask, stored
from youworker.tests.support.waiting import wait_until_async

pytestmark = pytest.mark.django_db(transaction=True)


class HoldingModel:
    """Says a word, and then ignores so many cancellations; afterwards it goes on."""

    name = "holding"
    context_tokens = 8192

    def __init__(self, ignored):
        self.ignored = ignored
        self.spoke, self.let_go, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def stream(self, messages, *, tools):
        try:
            yield TextDelta("so far")
            self.spoke.set()
            while not self.let_go.is_set():
                try:
                    await self.let_go.wait()
                except asyncio.CancelledError:
                    self.ignored -= 1
                    if self.ignored < 0:
                        raise
            yield TextDelta(" too late")
        finally:
            self.ended.set()


@pytest.fixture(autouse=True)
def _quickly(monkeypatch):
    monkeypatch.setattr(executor, "CLOSING_SECONDS", 0.1)


@pytest.fixture(params=[1, 1000], ids=["once", "always"])
async def model(request, spoken_by):
    made = spoken_by(HoldingModel(request.param))
    yield made
    made.let_go.set()
    async with asyncio.timeout(60):
        await made.ended.wait()


async def watched(run_id):
    events = []
    async with asyncio.timeout(60), aclosing(view_run(run_id)) as batches:
        async for batch in batches:
            events += [(event.type, orjson.loads(event.data)) for event in batch]
    return events


async def test_a_run_ends_after_its_time_though_its_cancellation_is_lost(model, configured):
    configured("agent", max_seconds=1.0)

    run_id = await ask()
    events = await watched(run_id)
    run = await stored(run_id)

    assert (run.status, run.error_code) == (RunStatus.FAILED, "time_limit_reached")
    assert run.answer.content == "so far"
    assert events[-1][0] == "done"
    assert events[-1][1]["error"]["code"] == "time_limit_reached"


async def test_a_stop_ends_a_run_though_its_cancellation_is_lost(model):
    run_id = await ask()
    async with asyncio.timeout(60):
        await model.spoke.wait()

    await request_stop(run_id)
    events = await watched(run_id)
    run = await stored(run_id)

    assert (run.status, run.answer.content) == (RunStatus.STOPPED, "so far")
    assert events[-1][1]["status"] == "stopped"


async def test_what_comes_after_the_end_is_said_to_nobody(spoken_by, caplog):
    model = spoken_by(HoldingModel(1000))
    run_id = await ask()
    async with asyncio.timeout(60):
        await model.spoke.wait()
    log = log_writer().logs[run_id]
    await request_stop(run_id)
    before = await watched(run_id)

    model.let_go.set()
    async with asyncio.timeout(60):
        await model.ended.wait()
    log.emit("log", {"level": "info", "message": "too late"})

    async def all_is_forgotten():
        return not run_manager().stops and not log_writer().logs

    await wait_until_async(all_is_forgotten)
    assert await watched(run_id) == before
    assert (await stored(run_id)).answer.content == "so far"
    assert caplog.text.count("something in it does not end") == 1


async def test_what_ends_by_itself_is_cancelled_once(caplog):
    cancelled = []

    async def close_slowly():
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.append(1)
            await asyncio.sleep(0)
            raise ValueError("nobody asks") from None

    task = asyncio.create_task(close_slowly())
    await asyncio.sleep(0)
    await executor.end_parts(task)

    assert task.done()
    assert cancelled == [1]
    assert not caplog.text
    with suppress(ValueError):
        task.result()
