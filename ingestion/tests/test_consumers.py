import asyncio

import pytest
from auditlog.models import LogEntry
from django.db import OperationalError

from accounts.enums import Language
from accounts.services import grant_of
from accounts.tests.factories import ApiKeyFactory, UserFactory
from ingestion import consumers
from ingestion.consumers import IngestionConsumer
from ingestion.enums import Stage
from ingestion.events import announce
from ingestion.models import IngestionItem
from ingestion.parsing.sentences import READ_BY_OCR
from ingestion.tests.factories import ItemFactory, RunFactory
from youworker.core.db import run_in_thread
from youworker.core.realtime import revocation
from youworker.core.redis import sync_redis
from youworker.tests.support.sockets import Socket

pytestmark = pytest.mark.django_db(transaction=True)


def socket_of(user, key=None):
    communicator = Socket(IngestionConsumer.as_asgi(), "/ws/ingestion")
    grant = grant_of(user, key=key) if user else None
    communicator.scope.update(user=user, api_key=key, grant=grant)
    return communicator


@pytest.fixture
async def owner():
    return await run_in_thread(UserFactory)


@pytest.fixture
async def socket(owner):
    opened = socket_of(owner)
    await opened.connect()
    yield opened
    await opened.disconnect()


async def test_connecting_shows_the_own_runs():
    item = await run_in_thread(ItemFactory, stage=Stage.READY)
    await run_in_thread(ItemFactory)  # somebody else's
    opened = socket_of(item.run.owner)

    assert await opened.connect() == (True, None)
    frame = await opened.receive_json_from()

    assert (frame["type"], frame["id"], frame["totals"]["ready"]) == ("run", str(item.run_id), 1)
    assert await opened.receive_nothing()
    await opened.disconnect()


async def first_answer(opened):
    await opened.send_input({"type": "websocket.connect"})
    return await opened.receive_output()


async def test_a_key_with_the_scope_is_let_in():
    key = await run_in_thread(ApiKeyFactory, scopes=["documents.read"])
    opened = socket_of(key.user, key)

    assert (await opened.connect())[0] is True
    await opened.disconnect()


async def test_a_key_without_the_scope_is_refused_and_that_is_noted():
    key = await run_in_thread(ApiKeyFactory, scopes=["chat"])

    assert (await first_answer(socket_of(key.user, key)))["status"] == 403

    line = await LogEntry.objects.aget()
    assert (line.additional_data["action"], line.actor_id) == ("auth.unauthorized", key.user_id)


async def test_nobody_is_refused():
    assert (await first_answer(socket_of(None)))["status"] == 401


async def test_changes_arrive_once(owner, socket):
    run = await run_in_thread(RunFactory, owner=owner)
    item = await run_in_thread(ItemFactory, run=run, stage=Stage.EMBEDDING)

    await run_in_thread(announce, run)
    frames = [await socket.receive_json_from() for _ in range(2)]

    assert [(frame["type"], frame["run_id"]) for frame in frames] == [
        ("item", str(run.pk)),
        ("run", str(run.pk)),
    ]
    assert (frames[0]["id"], frames[0]["stage"]) == (str(item.pk), "embedding")
    assert await socket.receive_nothing(timeout=1.5)


async def test_what_a_dropped_notice_left_out_arrives_with_the_second_look(owner, socket):
    run = await run_in_thread(RunFactory, owner=owner)
    item = await run_in_thread(ItemFactory, run=run)
    await run_in_thread(announce, run)
    for _ in range(2):
        await socket.receive_json_from()

    await run_in_thread(IngestionItem.objects.filter(pk=item.pk).change, stage=Stage.READY)

    frames = [await socket.receive_json_from() for _ in range(2)]
    assert (frames[0]["stage"], frames[1]["totals"]["ready"]) == ("ready", 1)


async def test_runs_of_others_stay_silent(owner, socket):
    run = (await run_in_thread(ItemFactory)).run
    layer_owner, run.owner_id = run.owner_id, owner.pk  # even if a notice came astray

    await run_in_thread(announce, run)

    assert layer_owner != owner.pk
    assert await socket.receive_nothing(timeout=2)


@pytest.mark.parametrize("frame", ["{", "[1]", '{"type":"nonsense"}'])
async def test_bad_frames_are_answered_and_the_socket_stays(socket, frame):
    await socket.send_to(text_data=frame)

    assert (await socket.receive_json_from())["code"] == "bad_frame"
    await socket.send_json_to({"type": "ping"})
    assert await socket.receive_json_from() == {"type": "pong"}


async def test_binary_frames_are_read_too(socket):
    await socket.send_to(bytes_data=b'{"type":"ping"}')

    assert await socket.receive_json_from() == {"type": "pong"}


async def test_huge_frames_close_the_socket(socket):
    await socket.send_to(text_data="x" * (1 << 20) + "y")

    assert await socket.receive_output() == {"type": "websocket.close", "code": 1009}


async def test_many_notices_become_few(owner):
    run = await run_in_thread(RunFactory, owner=owner)

    for _ in range(50):
        await run_in_thread(announce, run)
    await asyncio.sleep(0)

    assert await run_in_thread(sync_redis().exists, f"yw:ingestion:notice:{run.pk}") == 1


async def test_the_socket_closes_when_access_ends(owner, socket, monkeypatch):
    monkeypatch.setattr(revocation, "PAUSE_SECONDS", 0.05)

    await run_in_thread(type(owner).objects.filter(pk=owner.pk).update, is_active=False)

    assert await socket.receive_output() == {"type": "websocket.close", "code": 4401}


async def test_a_socket_that_loses_redis_tells_the_client_to_come_back(socket):
    await asyncio.sleep(0.1)  # so that the layer waits for a notice
    await run_in_thread(sync_redis().execute_command, "CLIENT", "KILL", "TYPE", "normal")

    assert await socket.receive_output() == {"type": "websocket.close", "code": 4503}


async def test_a_look_that_fails_closes_the_socket(owner, socket, monkeypatch):
    def failing(*_):
        raise OperationalError

    run = await run_in_thread(RunFactory, owner=owner)
    monkeypatch.setattr(consumers, "changes", failing)

    await run_in_thread(announce, run)

    assert await socket.receive_output() == {"type": "websocket.close", "code": 4503}


async def test_a_notice_during_the_last_look_is_not_forgotten(owner, monkeypatch):
    """A client who reads slowly holds a look up for longer than notices take."""
    monkeypatch.setattr(consumers, "PAUSE", 0)
    monkeypatch.setattr(consumers, "SECOND_LOOK", 0)
    consumer, looks = IngestionConsumer(), 0
    consumer.looks, consumer.noticed, consumer.spawned = {}, set(), set()

    async def look_once(run_id):
        nonlocal looks
        looks += 1
        if looks == 2:
            await consumer.run_changed({"run_id": run_id})

    monkeypatch.setattr(consumer, "look_once", look_once)

    await consumer.run_changed({"run_id": "r"})
    await consumer.looks["r"]

    assert looks == 4


async def test_the_socket_speaks_the_language_of_the_owner():
    owner = await run_in_thread(UserFactory, language=Language.ITALIAN)
    opened = socket_of(owner)
    await opened.connect()
    item = await run_in_thread(ItemFactory, run__owner=owner, note=READ_BY_OCR)

    await run_in_thread(announce, item.run)

    assert (await opened.receive_json_from())["note"].startswith("Letto con l\u2019OCR")
    await opened.disconnect()
