"""What stays open of an event loop whose objects were closed: nothing."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from functools import partial

import psutil
import pytest
from django.db import connection

from accounts.services import access_by, grant_of
from accounts.tests.factories import UserFactory
from chat import services
from chat.enums import RunStatus
from chat.events import log_key
from chat.models import Run
from chat.runs.log.run_log import LogCipher
from chat.runs.manager import launch
from chat.runs.stream import view_run
from mcp.descriptions import Endpoint
from mcp.gateway import call
from mcp.tests.conftest import PLAIN
from youworker.core.db import run_in_thread
from youworker.core.per_loop import close_all
from youworker.core.realtime.revocation import until_revoked
from youworker.core.redis import async_redis, sync_redis
from youworker.tests.support.model_server import ModelServer, Turn
from youworker.tests.support.waiting import wait_until_async
from youworker.upstream.client import pools, read_answer

pytestmark = pytest.mark.django_db(transaction=True)

# Threads that may ask the database while a run is begun and watched: all but those of requests.
AT_ONCE = 5


@pytest.fixture
def slow_server(configured):
    """A model server whose answer has no end."""
    with ModelServer(default=Turn(tokens=100_000, rate=20)) as server:
        configured("llm", base_url=server.base_url)
        yield server


def open_sockets():
    """The sockets of this process by their numbers, which are not used again soon."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:  # the one that listed the folder
            continue
        if target.startswith("socket:"):
            found.add(target)
    return found


def tool_programs():
    """The tool programs that this process started; tests before may have left some."""
    children = psutil.Process().children()
    return {child for child in children if PLAIN in " ".join(command_of(child))}


def command_of(process):
    """The command line of a process; nothing of one that has ended."""
    with suppress(psutil.NoSuchProcess):
        return process.cmdline()
    return []


async def none_left(find):
    """Wait until the other ends have noticed as well."""
    await wait_until_async(lambda: not find())


def forget_former_garbage():
    """Collect what the tests before left open, which is not to be taken for ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


def fill_pool():
    """Use as many connections at once as a run may: those of the pool are no loop's, and stay."""
    together = threading.Barrier(AT_ONCE, timeout=60)

    def use(_number):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            together.wait()
        connection.close()  # back into the pool

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(use, range(AT_ONCE)))


async def ask_and_watch(user):
    """Begin an endless answer, watch it until it is on its way, and use a tool beside it."""
    # By its name: without one, a server that is slow to list its models is passed over.
    ask = partial(services.post_chat, text="Hi", session=None, model="double", actor=user)
    posted = await run_in_thread(ask)
    await launch(posted.run_id)
    async with aclosing(view_run(posted.run_id)) as batches:
        async for batch in batches:
            kinds = [event.type for event in batch]
            assert "done" not in kinds, batch
            if "token" in kinds:
                break
    endpoint = Endpoint("tiny", "stdio", argv=(sys.executable, PLAIN))
    # A connection that waits for its next use, beside the one of the answer.
    (model_server,) = pools.get()
    await read_answer(model_server, "models", longest=10_000)
    outcome = await call(endpoint, "echo", {"text": "here"}, correlation_id="c")
    assert outcome.text == "here"
    return posted.run_id


@pytest.mark.slow
@pytest.mark.usefixtures("slow_server")
async def test_nothing_of_a_loop_that_used_everything_stays_open():
    user = await run_in_thread(UserFactory)
    sync_redis().ping()
    fill_pool()
    forget_former_garbage()
    tasks, sockets, programs = asyncio.all_tasks(), open_sockets(), tool_programs()
    access = access_by(grant_of(user))
    with warnings.catch_warnings(record=True) as warned, until_revoked(access):
        warnings.simplefilter("always")
        run_id = await ask_and_watch(user)
        await async_redis().ping()
        (program,) = tool_programs() - programs
        assert len(asyncio.all_tasks() - tasks) > 5
        assert len(open_sockets() - sockets) >= 5  # two for logs, one for the rest, two of models

        await close_all()
        await close_all()

        assert asyncio.all_tasks() - tasks == set()
        assert not program.is_running()
        await none_left(lambda: open_sockets() - sockets)
        gc.collect()
    assert [str(each.message) for each in warned if each.category is ResourceWarning] == []
    # The run was ended before the log it tells its end in.
    rows = await run_in_thread(sync_redis().xrange, log_key(run_id))
    assert (await Run.objects.aget()).status == RunStatus.INTERRUPTED
    assert LogCipher(run_id).open(rows[-1]).type == "done"
