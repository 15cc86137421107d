"""What people do is done, and said to be done, whether Redis answers, hangs or is away."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient

from accounts.enums import ErasureStatus
from accounts.services import create_api_key
from accounts.tests.factories import UserFactory
from chat import services as chat
from chat.agent.types import TextDelta
from chat.deletion import clear_history
from chat.enums import RunStatus
from chat.llm import registry
from chat.models import Run, Session
from chat.runs.manager import launch, request_stop
from chat.tests.factories import RunFactory, SessionFactory
from chat.tests.fakes import ScriptedModel
from ingestion import services as ingestion
from ingestion.enums import Stage
from ingestion.models import IngestionRun
from ingestion.tests.factories import ItemFactory
from youworker.celery import app
from youworker.core import effects
from youworker.core.per_loop import close_all
from youworker.core.redis import sync_redis
from youworker.data_protection.erasures import request_erasure
from youworker.data_protection.exports import request_export

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[2]


class Listener:
    """A server that takes connections and never says a word; it counts them."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.taken = []
        threading.Thread(target=self.take, daemon=True).start()

    def take(self):
        while True:
            try:
                self.taken.append(self.socket.accept()[0])
            except OSError:
                return

    def close(self):
        # A plain close leaves the thread waiting.
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for connection in self.taken:
            connection.close()


def use_broker(url, options):
    """Publish there from now on."""
    app.conf.update(broker_url=url, broker_transport_options=options)
    # Celery keeps both for the life of the process.
    app._pool = app.amqp._producer_pool = None  # noqa: SLF001


# Each try of a Redis that hangs takes a second.
@pytest.fixture(params=[pytest.param("silent", marks=pytest.mark.slow), "away"])
def listener(request, settings, monkeypatch):
    """Redis hangs, or nobody listens where it was: for limits, flags, logs, sockets, the broker."""
    found = Listener()
    if request.param == "away":
        found.close()
    url = f"redis://127.0.0.1:{found.port}/0"
    before = app.conf.broker_url, app.conf.broker_transport_options
    layer = settings.CHANNEL_LAYERS["default"]
    hosts = [{"address": url, "socket_timeout": 30}]
    settings.CHANNEL_LAYERS = {"default": {**layer, "CONFIG": {"hosts": hosts}}}
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": url}}
    settings.RATELIMIT_ENABLE = True
    settings.REDIS_URL, real = url, settings.REDIS_URL
    sync_redis.cache_clear()
    use_broker(url, settings.IMPATIENT_BROKER_OPTIONS)
    monkeypatch.setattr(effects.redis_rest, "resting_until", 0.0)
    yield found
    settings.REDIS_URL = real
    sync_redis.cache_clear()
    use_broker(*before)
    if request.param == "silent":
        found.close()


@pytest.fixture
def client(client_of):
    user = UserFactory()
    client = client_of(user)
    client.user = user
    return client


# Once for the limit of requests, and once for everything that follows the commit.
MOST_TRIES = 3


def test_a_conversation_is_deleted(listener, client):
    run = RunFactory(session__user=client.user, status=RunStatus.RUNNING)

    answer = client.delete(f"/v1/sessions/{run.session_id}")

    assert answer.status_code == 204
    assert not Run.objects.wanted().filter(pk=run.pk).exists()
    assert not Session.objects.filter(pk=run.session_id).exists()
    assert len(listener.taken) <= MOST_TRIES


def test_an_answer_is_stopped(listener, client):
    run = RunFactory(session__user=client.user, status=RunStatus.RUNNING)

    answer = client.post(f"/v1/runs/{run.pk}/stop")

    assert answer.status_code == 202
    assert not Run.objects.wanted().filter(pk=run.pk).exists()
    assert len(listener.taken) <= MOST_TRIES


def test_a_question_is_accepted(listener, client):
    session = SessionFactory(user=client.user)

    answer = client.post(f"/v1/sessions/{session.pk}/messages", {"text": "How?"})

    assert answer.status_code == 202
    assert Run.objects.get().pk.hex == answer.json()["run"]["id"].replace("-", "")


def test_a_history_of_many_batches_is_cleared(listener, client, monkeypatch):
    monkeypatch.setattr("chat.deletion.BATCH", 1)
    for _ in range(5):
        RunFactory(session__user=client.user)

    assert clear_history(client.user, actor=client.user)["sessions_deleted"] == 5
    assert len(listener.taken) <= MOST_TRIES


@pytest.mark.slow
def test_files_are_uploaded_cancelled_and_tried_again(listener, client):
    file = SimpleUploadedFile("a.txt", b"The primary sends its log.")
    answer = client.post("/v1/ingestion/uploads", {"files": [file]}, format="multipart")
    run = IngestionRun.objects.get()
    cancelled = client.post(f"/v1/ingestion/runs/{run.pk}/cancel")
    failed = ItemFactory(run__owner=client.user, stage=Stage.FAILED)
    retried = client.post(f"/v1/ingestion/runs/{failed.run_id}/retry")
    deleted = client.delete(f"/v1/ingestion/runs/{failed.run_id}")

    statuses = [one.status_code for one in (answer, cancelled, retried, deleted)]
    assert [status // 100 for status in statuses] == [2, 2, 2, 2]
    assert ingestion.visible_run(run.pk, actor=client.user).status == "cancelled"


def test_an_export_and_an_erasure_are_accepted(listener):
    user = UserFactory()
    run = RunFactory(session__user=user, status=RunStatus.RUNNING)

    export = request_export(user, actor=user)
    erasure = request_erasure(user, actor=user)

    run.refresh_from_db()
    assert export.pk is not None
    assert erasure.status == ErasureStatus.QUEUED
    assert run.stop_requested_at is not None
    assert len(listener.taken) <= MOST_TRIES


@pytest.fixture
def spoken(monkeypatch):
    def use(*turn):
        async def resolve_model(_name):
            return ScriptedModel([list(turn)])

        monkeypatch.setattr(registry, "resolve_model", resolve_model)

    return use


@pytest.fixture
async def _ended(listener):
    yield
    await close_all()


@pytest.mark.slow
@pytest.mark.usefixtures("_ended")
async def test_a_whole_answer_is_given_in_one_call(spoken):
    spoken(TextDelta("Forty-two."))
    user = await sync_to_async(UserFactory)()
    _, secret = await sync_to_async(create_api_key)(user, name="k", scopes=["chat"], actor=user)

    answer = await AsyncClient().post(
        "/v1/chat",
        {"text": "Why?"},
        content_type="application/json",
        headers={"authorization": f"Bearer {secret}"},
    )

    assert answer.status_code == 200
    assert answer.json()["message"]["content"] == "Forty-two."
    assert answer.json()["status"] == "succeeded"


@pytest.mark.slow
@pytest.mark.usefixtures("_ended")
async def test_a_stop_reaches_the_process_that_makes_the_answer(spoken):
    spoken(TextDelta("so far"), 60.0)
    session = await sync_to_async(SessionFactory)()
    posted = await sync_to_async(chat.post_message)(session, text="How?", actor=session.user)
    task = await launch(posted.run_id)

    assert await sync_to_async(Run.objects.filter(pk=posted.run_id).request_stop)() == 1
    await task

    run = await Run.objects.select_related("answer").aget(pk=posted.run_id)
    assert run.status == RunStatus.STOPPED
    await request_stop(posted.run_id)


@pytest.mark.slow
def test_the_web_process_tries_the_broker_once(settings):
    program = (
        "import youworker.asgi, orjson; from youworker.celery import app;"
        "print(orjson.dumps(app.conf.broker_transport_options).decode())"
    )
    shown = subprocess.check_output([sys.executable, "-c", program], cwd=ROOT)

    options = orjson.loads(shown.splitlines()[-1])
    assert {**options, **settings.IMPATIENT_BROKER_OPTIONS} == options
