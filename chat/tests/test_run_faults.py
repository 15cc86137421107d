"""Every fault of a model server: its own end in its own time, the text kept, the room free."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing

import orjson
import pytest
from asgiref.sync import sync_to_async

from chat import services
from chat.enums import RunStatus
from chat.runs.manager import accept
from chat.runs.stream import view_run
from chat.tests.factories import SessionFactory
from chat.tests.run_support import stored
from youworker.core.per_loop import close_all
from youworker.tests.support.model_server import ModelServer
from youworker.tests.support.model_server.scenes import SCENES, paced_scenes

pytestmark = pytest.mark.django_db(transaction=True)

CLOCKS = {"first_token": 0.4, "idle": 0.4, "total": 1.0}
# Far above what any clock here allows, for a machine that does other things.
PATIENCE = 60


@pytest.fixture
async def server(configured):
    """A server with room for one answer, which plays the scene that a question names."""
    with ModelServer() as running:
        running.state.scenes.update((name, scene.turn) for name, scene in paced_scenes(0.1))
        clocks = {f"{name}_timeout": seconds for name, seconds in CLOCKS.items()}
        configured("llm", base_url=running.base_url, chat_model="double", max_runs=1, **clocks)
        configured("retry", base_seconds=0.01, max_seconds=0.02)
        configured("agent", titles=False)
        yield running
        await close_all()


async def post(text, manager, **options):
    """Ask as somebody new; what was accepted."""
    session = await sync_to_async(SessionFactory)()

    def ask(lease):
        return services.post_message(session, text=text, actor=session.user, lease=lease, **options)

    return await sync_to_async(accept)(ask, manager=manager)


async def seen(posted):
    """The events of a run, to its end."""
    async with asyncio.timeout(PATIENCE), aclosing(view_run(posted.run_id)) as batches:
        return [(each.type, orjson.loads(each.data)) async for batch in batches for each in batch]


@pytest.mark.parametrize("name", SCENES)
async def test_a_fault_ends_in_its_own_way_and_whoever_waits_comes_next(server, patient, name):
    scene = SCENES[name]
    began = time.monotonic()

    faulty = await post(f"[[scene={name}]]", patient)
    behind = await post("[[text=Next.]]", patient)
    events = await seen(faulty)
    seconds = time.monotonic() - began
    # This process looks for queued runs only when it hears that there is room.
    after = await seen(behind)
    run = await stored(faulty.run_id)

    error = events[-1][1]["error"]
    text = "".join(data["text"] for kind, data in events if kind == "token")
    assert (faulty.status, behind.status) == (RunStatus.RUNNING, RunStatus.QUEUED)
    assert (run.status, run.error_code) == (scene.status, scene.code)
    assert (error or {"detail": ""})["detail"] == run.error_detail
    assert scene.said in run.error_detail
    assert run.answer.content == text == events[-1][1]["message"]["content"]
    assert text.startswith(scene.text)
    assert text == scene.text or scene.clock == "total"
    assert bool(run.answer.reasoning) == bool(scene.turn.thoughts)
    assert seconds >= CLOCKS.get(scene.clock, 0)
    assert after[-1][1]["message"]["content"] == "Next."


@pytest.fixture
async def gone(server, configured):
    """A server that ended, whose port nobody listens on."""
    with ModelServer() as ended:
        configured("llm", base_url=ended.base_url)


async def test_a_server_that_refuses_connections_holds_nobody_up(gone, patient):
    asked = [await post("How?", patient, model="double") for _ in range(2)]
    events = [await seen(posted) for posted in asked]
    runs = [await stored(posted.run_id) for posted in asked]

    assert [posted.status for posted in asked] == [RunStatus.RUNNING, RunStatus.QUEUED]
    assert [run.error_code for run in runs] == ["model_unavailable"] * 2
    for run, told in zip(runs, events, strict=True):
        assert "cannot be reached" in run.error_detail
        assert told[-1][1]["error"]["detail"] == run.error_detail
