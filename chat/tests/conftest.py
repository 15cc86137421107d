"""Fixtures of the chat tests."""

from __future__ import annotations

import asyncio
import tempfile
from inspect import iscoroutinefunction
from pathlib import Path

import pytest
from django.db import connection, connections

from accounts.tests.factories import UserFactory
from chat.llm import registry
from chat.runs import manager, queue
from chat.runs.manager import run_manager
from ingestion.pipeline.parse import close_parser
from youworker.core.config import config
from youworker.core.db import end_threads
from youworker.core.per_loop import close_all
from youworker.core.redis import async_redis, sync_redis
from youworker.tests.support.redis_server import RedisServer
from youworker.tests.support.small_model import TEMPLATE, files_of, serving, small_model_path
from youworker.tests.support.waiting import wait_until_async


@pytest.fixture
def user(client):
    """Somebody who is signed in with the test client."""
    made = UserFactory()
    client.force_login(made)
    return made


@pytest.fixture(scope="session")
def small_model_server(tmp_path_factory):
    """A real small model, served by llama.cpp; started once."""
    settings = {"chat": str(small_model_path()), "template": str(TEMPLATE)}
    with serving(files_of(tmp_path_factory.mktemp("small"), **settings)) as served:
        yield served


@pytest.fixture
def small_model(small_model_server):
    """Its id; the product of this process knows it and no other server."""
    with small_model_server.in_force():
        yield small_model_server.files[0].name


@pytest.fixture(scope="session", autouse=True)
def _no_parser_left():
    yield
    close_parser()


@pytest.fixture(autouse=True)
def _no_run_left(request):
    """Without a loop there are no runs: thousands of tests have none, and need none made."""
    if iscoroutinefunction(request.function):
        request.getfixturevalue("_pool")
        request.getfixturevalue("_ended_loop")


@pytest.fixture
def _pool(request):
    """The pool of the web process: without it, each step of a coroutine makes a new connection."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None or not marker.kwargs.get("transaction"):
        yield
        return
    options = connections.settings["default"]["OPTIONS"]
    connections.close_all()
    options["pool"] = {"min_size": 0, "max_size": config.database.pool_size, "timeout": 10}
    yield
    connections.close_all()
    connection.close_pool()
    del options["pool"]


@pytest.fixture
async def _ended_loop():
    yield
    await close_all()
    # What the runs began in threads goes on without them.
    await asyncio.to_thread(end_threads)


@pytest.fixture
def spoken_by(monkeypatch):
    """Make every run speak with the given model."""

    def use(model):
        async def resolve_model(_name):
            return model

        monkeypatch.setattr(registry, "resolve_model", resolve_model)
        return model

    return use


@pytest.fixture
def own_redis(settings):
    """A Redis that a test may kill, instead of the one of the test session."""
    # A Unix socket's path is short, a test's own folder is not.
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        former, settings.REDIS_URL = settings.REDIS_URL, server.url
        sync_redis.cache_clear()
        yield server
        server.kill()
    # What ends after the test, like its runs, finds the session's Redis again.
    settings.REDIS_URL = former
    sync_redis.cache_clear()


@pytest.fixture
async def patient(monkeypatch):
    """A process that looks for queued runs only when it is told to."""
    monkeypatch.setattr(manager, "TAKE_SECONDS", 3600)
    here = run_manager()
    here.serve()
    await asyncio.sleep(0)
    await wait_until_async(subscribers)
    here.news.clear()
    yield here
    await close_all()


async def subscribers():
    found = await async_redis().pubsub_numsub(queue.CHANNEL)
    return found[0][1]
