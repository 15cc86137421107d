"""Access that ends while sockets and streams are open."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import orjson
import pytest
from channels.routing import URLRouter
from django.contrib.sessions.backends.db import SessionStore

from accounts import services as accounts
from accounts.exceptions import AccessEnded
from accounts.models import User
from accounts.sockets import SocketAuthentication
from accounts.tests.factories import UserFactory
from accounts.types import AccessGrant
from chat import services
from chat.agent.types import TextDelta
from chat.enums import RunStatus
from chat.models import Message, Run
from chat.realtime.sse import stream_frames
from chat.routing import websocket_urlpatterns
from chat.runs.manager import launch, run_manager
from chat.tests.factories import SessionFactory
from chat.tests.fakes import ScriptedModel
from chat.views.chat import answer_to_the_end
from youworker.core.db import run_in_thread
from youworker.core.realtime import revocation
from youworker.core.request_context import RequestOrigin, current_origin
from youworker.tests.support.sockets import Socket
from youworker.tests.support.waiting import PATIENCE_SECONDS, wait_until_async

pytestmark = pytest.mark.django_db(transaction=True)

websockets = SocketAuthentication(URLRouter(websocket_urlpatterns))
ENDLESS = [[TextDelta("so far"), 600.0]]


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(revocation, "PAUSE_SECONDS", 0.05)
    # Runs remember the key of whoever is here, which may be that of the test before.
    current_origin.set(RequestOrigin())


def deactivate(user):
    User.objects.filter(pk=user.pk).update(is_active=False)


def keyed(user):
    return accounts.create_api_key(user, name="k", scopes=["chat"], actor=user)


def signed_in(user):
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.save()
    return session


async def opened(session, *headers):
    socket = Socket(websockets, f"/ws/chat/{session.pk}", headers=[*headers])
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output())["type"] == "websocket.accept"
    assert orjson.loads(await socket.receive_from())["type"] == "system"
    return socket


async def by_key(session):
    key, secret = await run_in_thread(keyed, session.user)
    socket = await opened(session, (b"authorization", f"Bearer {secret}".encode()))
    return socket, key


async def closing_code(socket):
    while (message := await socket.receive_output())["type"] != "websocket.close":
        pass
    return message["code"]


async def test_a_socket_closes_when_its_user_is_deactivated(spoken_by):
    spoken_by(ScriptedModel(ENDLESS))
    session = await run_in_thread(SessionFactory)
    socket, _ = await by_key(session)
    await socket.send_to(text_data='{"type":"text","text":"Hi"}')
    while orjson.loads(await socket.receive_from())["type"] != "token":
        pass

    await run_in_thread(deactivate, session.user)

    assert await closing_code(socket) == 4401
    await asyncio.gather(*run_manager().tasks)
    run = await Run.objects.aget()
    assert run.status == RunStatus.STOPPED
    assert (await Message.objects.aget(pk=run.answer_id)).content == "so far"


async def test_a_socket_closes_when_its_key_is_revoked_and_others_stay():
    session = await run_in_thread(SessionFactory)
    socket, key = await by_key(session)
    other, _ = await by_key(session)

    await run_in_thread(accounts.revoke_api_key, key, actor=session.user)

    assert await closing_code(socket) == 4401
    await other.send_to(text_data='{"type":"ping"}')
    assert orjson.loads(await other.receive_from())["type"] == "pong"
    await other.disconnect()


async def test_a_socket_closes_when_its_session_ends():
    session = await run_in_thread(SessionFactory)
    cookie = await run_in_thread(signed_in, session.user)
    socket = await opened(session, (b"cookie", f"sessionid={cookie.session_key}".encode()))

    await run_in_thread(cookie.delete)

    assert await closing_code(socket) == 4401


async def test_a_socket_closes_when_its_conversation_is_deleted():
    session = await run_in_thread(SessionFactory)
    socket, _ = await by_key(session)

    await run_in_thread(services.delete_session, session, actor=session.user)

    assert await closing_code(socket) == 4404


async def test_sockets_leave_no_task_behind():
    session = await run_in_thread(SessionFactory)
    before = asyncio.all_tasks()
    ended, _ = await by_key(session)
    refused = Socket(websockets, f"/ws/chat/{session.pk}")
    await refused.send_input({"type": "websocket.connect"})
    await refused.receive_output()
    cut, _ = await by_key(session)

    await ended.disconnect()
    cut.stop(exceptions=False)  # as the server does when it ends
    await wait_until_async(lambda: not asyncio.all_tasks() - before)


def ask(user):
    posted = services.post_chat(text="Hi", session=None, actor=user)
    return posted, AccessGrant(user.pk)


@pytest.mark.parametrize("ending", ["user", "conversation"])
async def test_an_event_stream_ends_in_the_middle(spoken_by, ending):
    spoken_by(ScriptedModel(ENDLESS))
    user = await run_in_thread(UserFactory)
    posted, grant = await run_in_thread(ask, user)
    await launch(posted.run_id)
    received = b""

    async with (
        asyncio.timeout(PATIENCE_SECONDS),
        aclosing(stream_frames(posted.run_id, posted.session_id, grant, 0)) as frames,
    ):
        async for frame in frames:
            received += frame
            # The run's end repeats the text.
            if b"event: token" not in frame:
                continue
            if ending == "user":
                await run_in_thread(deactivate, user)
            else:
                session = await run_in_thread(services.own_session, posted.session_id, actor=user)
                await run_in_thread(services.delete_session, session, actor=user)

    assert b"so far" in received
    # The run is stopped as well; its end may be the last thing that is seen.
    assert b'"status":"succeeded"' not in received
    await asyncio.gather(*run_manager().tasks)
    assert (await Run.objects.aget()).status == RunStatus.STOPPED


async def test_the_waiting_call_ends_without_the_answer(spoken_by):
    spoken_by(ScriptedModel(ENDLESS))
    user = await run_in_thread(UserFactory)
    posted, _ = await run_in_thread(ask, user)
    key, _ = await run_in_thread(keyed, user)
    waiting = asyncio.create_task(answer_to_the_end(posted, AccessGrant(user.pk, key_id=key.pk)))
    await wait_until_async(Run.objects.filter(status=RunStatus.RUNNING).aexists)

    await run_in_thread(accounts.revoke_api_key, key, actor=user)

    with pytest.raises(AccessEnded):
        await waiting
    assert (await Run.objects.aget()).status == RunStatus.RUNNING


async def test_a_run_stops_without_a_viewer_when_its_user_is_deactivated(spoken_by):
    spoken_by(ScriptedModel(ENDLESS))
    user = await run_in_thread(UserFactory)
    posted, _ = await run_in_thread(ask, user)
    await launch(posted.run_id)

    await run_in_thread(deactivate, user)
    await asyncio.gather(*run_manager().tasks)

    assert (await Run.objects.aget()).status == RunStatus.STOPPED
