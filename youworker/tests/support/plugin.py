"""A pytest plugin: real PostgreSQL and Redis, in a directory of this test session's own."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

held = ExitStack()

# What each process copies its test database from, instead of running all migrations.
TEMPLATE = "template_of_tests"

# Tests make many objects and keep few; the usual 700 would mean thousands of collections.
COLLECTED_AFTER = 10_000

# No worker runs beside the tests, so whoever asks for one would wait for its answer in vain.
WORKER_SECONDS = 0.05

DEFAULTS = {
    "RATE_LIMITS_ENABLED": "0",
    "LOG_FORMAT": "console",
    "LLM_BASE_URL": "",
    "EMBEDDING_BASE_URL": "",
    # A model that was told what to say would say it to the wrong question.
    "AGENT_TITLES": "0",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
}


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    """Start the servers before pytest-django reads the settings.

    Workers of pytest-xdist inherit the URLs and start nothing.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is not None and "?db=" not in os.environ["REDIS_URL"]:
        # A database each: a test empties its own when it ends.
        os.environ["REDIS_URL"] += f"?db={int(worker.removeprefix('gw')) % 15 + 1}"
    if worker is None and "YOUWORKER_TEST_DIR" not in os.environ:
        folder = tempfile.mkdtemp(prefix="youworker-test-")
        os.environ.update(DEFAULTS, DATA_DIR=folder, YOUWORKER_TEST_DIR=folder)
        for name in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(name, None)
        from youworker.appliance.embedded import attached

        held.callback(shutil.rmtree, folder, ignore_errors=True)
        held.enter_context(attached(durable=False))
        make_template()
    return (yield)


def make_template() -> None:
    """Copy the new database, to which nobody may be connected while it is copied for the tests."""
    import psycopg

    server, _, name = os.environ["DATABASE_URL"].rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE {name}")


def pytest_configure() -> None:
    """Take out what costs most tests more than the thing they test."""
    from django.conf import settings
    from django.db import connections
    from django.test import TransactionTestCase

    from youworker.appliance.health import checks
    from youworker.tests.support.pristine import restore_database
    from youworker.tests.support.static_files import share_static_files
    from youworker.upstream.guard import trusted_authorities

    connections.settings["default"]["TEST"]["TEMPLATE"] = TEMPLATE
    settings.PASSWORD_HASHERS = ["youworker.tests.support.passwords.QuickPasswordHasher"]
    settings.MEDIA_ROOT = own_folder() / "files"
    settings.EXPORTS_ROOT = own_folder() / "exports"
    # Not public, and the only place where pytest-django's tests and Django's own come past.
    TransactionTestCase._fixture_teardown = lambda _self: restore_database()  # type: ignore[attr-defined]  # noqa: SLF001
    checks.WORKER_SECONDS = WORKER_SECONDS
    share_static_files()
    # As the web process does before its loop runs.
    trusted_authorities()
    time_no_examples()


def time_no_examples() -> None:
    """Let no clock decide on an example of Hypothesis: others use the same processors."""
    from hypothesis import HealthCheck
    from hypothesis import settings as examples

    examples.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    examples.load_profile("shared")


def own_folder() -> Path:
    """Where this process's tests keep files; it is there while a test keeps some."""
    return Path(os.environ["YOUWORKER_TEST_DIR"]) / f"files-{os.getpid()}"


def pytest_unconfigure() -> None:
    """Stop what this process started."""
    held.close()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect no garbage while tests are collected, and leave out for good what there is then.

    Every later collection would walk thousands of tests and all modules.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(COLLECTED_AFTER, 10, 10)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test in which an event loop was kept from everything else."""
    from youworker.tests.support.loop_watch import require_free_loops

    if item.get_closest_marker("browser"):
        # Playwright runs the test itself inside a callback of its loop.
        return (yield)
    with require_free_loops():
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """Let threads end before the database is put back: they go on when their task is cancelled."""
    if lanes := sys.modules.get("youworker.core.db"):
        lanes.end_threads()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Iterator[Any]:
    """Keep what the database holds as soon as pytest-django has made it."""
    result = yield
    if fixturedef.argname == "django_db_setup":
        from youworker.tests.support.pristine import remember_database

        with request.getfixturevalue("django_db_blocker").unblock():
            remember_database()
    return result


@pytest.fixture(autouse=True)
def _private_files() -> Iterator[None]:
    """Leave no file behind; most tests have none, so none gets a folder of its own for them."""
    yield
    if own_folder().exists():
        shutil.rmtree(own_folder())


@pytest.fixture(autouse=True)
def _empty_redis(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave no key behind for the next test of the same worker."""
    yield
    if request.node.get_closest_marker("django_db") or "db" in request.fixturenames:
        from asgiref.sync import SyncToAsync
        from django.db import connections

        from youworker.core.db import end_threads
        from youworker.core.redis import sync_redis

        sync_redis().flushdb()
        end_threads()
        # Coroutines' `a…` methods run there, where nothing else would close the connection.
        SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.fixture(autouse=True)
def _nobody_calls() -> None:
    """Forget the correlation id, address and API key that the test before came with."""
    from youworker.core import request_context

    request_context.current_origin.set(request_context.RequestOrigin())
    request_context.current.set("")


@pytest.fixture(autouse=True)
def _everybody_speaks_english() -> None:
    """Forget the language of whoever asked last in the test before."""
    from django.utils import translation

    translation.deactivate()


@pytest.fixture(autouse=True)
def _redis_answers() -> None:
    """Forget that Redis failed in the test before."""
    from youworker.core.effects import redis_rest

    redis_rest.resting_until = 0.0


@pytest.fixture(autouse=True)
def _model_servers_answer() -> None:
    """Forget which model servers failed in the test before."""
    from chat.llm.circuit import circuit

    circuit.clear()


@pytest.fixture
def queued_tasks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Keep tasks from the broker; which were queued, with their options."""
    from youworker.celery import app

    app.loader.import_default_modules()
    queued: list[tuple[str, dict[str, Any]]] = []

    def note(name: str, _args: Any, **options: Any) -> None:
        # A worker would refuse a name it does not know, long after whoever queued it has gone.
        queued.append((app.tasks[name].name, options))

    monkeypatch.setattr(app, "send_task", note)
    return queued


@pytest.fixture
def configured() -> Iterator[Callable[..., None]]:
    """Change settings of a section until the test ends."""
    from youworker.tests.support import configuring

    with ExitStack() as changes:

        def change(section: str, **values: Any) -> None:
            changes.enter_context(configuring.override_config(section, **values))

        yield change


@pytest.fixture
def rate_limits(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enforce rate limits; no minute of theirs ends in the middle of the test."""
    from types import SimpleNamespace

    from django_ratelimit import core

    now = core.time.time()
    monkeypatch.setattr(core, "time", SimpleNamespace(time=lambda: now))
    settings.RATELIMIT_ENABLE = True


@pytest.fixture
def client_of() -> Callable[[Any], Any]:
    """A client that is signed in as somebody."""
    from rest_framework.test import APIClient

    def make(user: Any) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return make
