"""Conversations over WebSocket."""

from __future__ import annotations

import asyncio

import orjson
import pytest
from channels.routing import URLRouter
from django.db import OperationalError
from redis.exceptions import RedisError

from accounts.services import create_api_key
from accounts.sockets import SocketAuthentication
from accounts.tests.factories import UserFactory
from chat import services
from chat.agent.types import TextDelta
from chat.models import Message, Run
from chat.realtime import consumers
from chat.realtime.consumers import LARGEST_FRAME
from chat.routing import websocket_urlpatterns
from chat.tests.factories import RunFactory, SessionFactory, ToolRunFactory
from chat.tests.fakes import ScriptedModel
from youworker.core.db import run_in_thread
from youworker.core.per_loop import close_all
from youworker.tests.support.collectors import attributes_of, running_collector, traced_to
from youworker.tests.support.sockets import Socket
from youworker.tests.support.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)

websockets = SocketAuthentication(URLRouter(websocket_urlpatterns))


async def connected(session, *, scopes=("chat",), user=None):
    actor = user or session.user
    _, secret = await run_in_thread(create_api_key, actor, name="k", scopes=scopes, actor=actor)
    headers = [(b"authorization", f"Bearer {secret}".encode())]
    socket = Socket(websockets, f"/ws/chat/{session.pk}", headers=headers)
    await socket.send_input({"type": "websocket.connect"})
    answer = await socket.receive_output()
    return socket, answer


async def say(socket, **frame):
    await socket.send_to(text_data=orjson.dumps(frame).decode())


async def heard(socket, until="done"):
    frames = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not frames or frames[-1]["type"] != until:
            frames.append(orjson.loads(await socket.receive_from()))
    return frames


async def test_a_question_is_answered_with_numbered_events(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("Hello "), TextDelta("there.")]]))
    session = await run_in_thread(SessionFactory)
    socket, answer = await connected(session)

    await say(socket, type="text", text="Hi")
    system, *events = await heard(socket)

    assert answer["type"] == "websocket.accept"
    assert system == {"type": "system", "session_id": str(session.pk), "active_run_id": None}
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert "".join(event["text"] for event in events if event["type"] == "token") == "Hello there."
    assert len({event["run_id"] for event in events}) == 1
    await socket.disconnect()


async def test_an_answer_is_a_span_under_the_message_that_asked(spoken_by, monkeypatch):
    spoken_by(ScriptedModel([[TextDelta("canary7f3a")]]))
    session = await run_in_thread(SessionFactory)
    socket, _ = await connected(session)
    with running_collector() as collector, traced_to(collector.url, monkeypatch) as traced:
        await say(socket, type="text", text="canary7f3a?")
        await heard(socket)
        await socket.disconnect()
        await close_all()
        await asyncio.to_thread(traced.provider.force_flush)

    message, run = collector.named("websocket message"), collector.named("run")
    assert (run.trace_id, run.parent_span_id) == (message.trace_id, message.span_id)
    told = attributes_of(run)
    assert told["youworker.session_id"] == str(session.pk)
    assert attributes_of(message)["http.route"] == "ws/chat/<session_id>"
    assert b"canary7f3a" not in b"".join(collector.bodies)


async def test_a_stop_during_an_answer_is_heard_at_once(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("so far"), 600.0]]))
    session = await run_in_thread(SessionFactory)
    socket, _ = await connected(session)
    await say(socket, type="text", text="Talk")
    await heard(socket, until="token")

    await say(socket, type="stop")
    events = await heard(socket)

    assert events[-1]["status"] == "stopped"
    assert events[-1]["message"]["content"] == "so far"
    await socket.disconnect()


async def test_another_socket_resumes_where_the_first_was_lost(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("one "), 0.3, TextDelta("two")]]))
    session = await run_in_thread(SessionFactory)
    first, _ = await connected(session)
    await say(first, type="text", text="Count")
    seen = (await heard(first, until="token"))[-1]
    await first.disconnect()

    second, _ = await connected(session)
    await say(second, type="resume", run_id=seen["run_id"], after=seen["seq"])
    system, *events = await heard(second)

    assert system["active_run_id"] == seen["run_id"]
    assert events[0]["seq"] == seen["seq"] + 1
    assert "".join(event["text"] for event in events if event["type"] == "token") == "two"
    await second.disconnect()


@pytest.mark.parametrize(
    "raw",
    [
        "no json",
        "[]",
        "{}",
        '{"type": "dance"}',
        '{"type": "text"}',
        '{"type": "text", "text": 7}',
        '{"type": "text", "text": "x", "idempotency_key": "\\u0000"}',
        '{"type": "resume"}',
        '{"type": "resume", "run_id": "x", "after": -1}',
        '{"type": "stop"}',
        '{"type": "approve", "tool_run_id": "x", "decision": "allow"}',
        '{"type": ["text"]}',
    ],
)
async def test_a_bad_frame_is_answered_and_the_socket_stays_open(raw):
    session = await run_in_thread(SessionFactory)
    socket, _ = await connected(session)
    await heard(socket, until="system")

    await socket.send_to(text_data=raw)
    if raw == '{"type": "text", "text": 7}':
        assert (await heard(socket, until="run"))[-1]["type"] == "run"
    else:
        (error,) = await heard(socket, until="error")
        assert {"type", "code", "detail"} <= set(error)
    await say(socket, type="ping")

    assert (await heard(socket, until="pong"))[-1] == {"type": "pong"}
    await socket.disconnect()


async def test_a_frame_that_is_too_large_closes_the_socket():
    session = await run_in_thread(SessionFactory)
    socket, _ = await connected(session)
    await heard(socket, until="system")

    await say(socket, type="text", text="x" * LARGEST_FRAME)
    closing = await socket.receive_output()

    assert (closing["type"], closing["code"]) == ("websocket.close", 1009)
    assert not await Message.objects.aexists()


@pytest.mark.parametrize(
    ("scopes", "foreign", "status"),
    [(("documents.read",), False, 403), (("chat",), True, 404)],
)
async def test_a_socket_is_refused_before_it_is_accepted(scopes, foreign, status):
    session = await run_in_thread(SessionFactory)
    user = await run_in_thread(UserFactory) if foreign else None

    _, answer = await connected(session, scopes=scopes, user=user)

    assert answer["type"] == "websocket.http.response.start"
    assert answer["status"] == status


async def test_a_deleted_session_refuses_the_next_frame(spoken_by):
    session = await run_in_thread(SessionFactory)
    socket, _ = await connected(session)
    await heard(socket, until="system")
    await run_in_thread(services.delete_session, session, actor=session.user)

    await say(socket, type="text", text="still there?")
    (error,) = await heard(socket, until="error")

    assert error["code"] == "not_found"
    assert not await Run.objects.aexists()
    await socket.disconnect()


async def test_a_run_of_another_session_cannot_be_watched():
    session = await run_in_thread(SessionFactory)
    foreign = await run_in_thread(RunFactory)
    socket, _ = await connected(session)
    await heard(socket, until="system")

    await say(socket, type="resume", run_id=str(foreign.pk), after=0)
    (error,) = await heard(socket, until="error")

    assert error["code"] == "not_found"
    await socket.disconnect()


async def watching(session, monkeypatch, view):
    """A socket that watches a run of the session through `view`."""
    monkeypatch.setattr(consumers, "view_run", view)
    run = await run_in_thread(RunFactory, session=session)
    socket, _ = await connected(session)
    await heard(socket, until="system")
    await say(socket, type="resume", run_id=str(run.pk), after=0)
    return socket


@pytest.mark.parametrize(
    ("error", "code", "level"),
    [
        (RedisError("secret"), 4503, "WARNING"),
        (TimeoutError("secret"), 4503, "WARNING"),
        (OperationalError("secret"), 4503, "WARNING"),
        (ValueError("mistake"), 1011, "ERROR"),
    ],
)
async def test_a_watcher_that_breaks_down_closes_the_socket(
    monkeypatch, caplog, error, code, level
):
    async def view(_run_id, *, after):
        yield []
        raise error

    session = await run_in_thread(SessionFactory)
    socket = await watching(session, monkeypatch, view)

    assert await socket.receive_output() == {"type": "websocket.close", "code": code}
    assert [each.levelname for each in caplog.records if "a socket" in each.message] == [level]
    assert "secret" not in caplog.text


async def test_trouble_while_a_frame_is_handled_closes_the_socket(monkeypatch):
    async def failing(*_):
        raise OperationalError

    session = await run_in_thread(SessionFactory)
    socket, _ = await connected(session)
    await heard(socket, until="system")
    monkeypatch.setattr(consumers.ChatConsumer, "check_access", failing)

    await say(socket, type="ping")

    assert await socket.receive_output() == {"type": "websocket.close", "code": 4503}


async def test_many_watchers_that_break_down_close_the_socket_once(monkeypatch, caplog):
    begun = asyncio.Event()

    async def view(_run_id, *, after):
        await begun.wait()
        raise RedisError
        yield []

    session = await run_in_thread(SessionFactory)
    socket = await watching(session, monkeypatch, view)
    for run in [await run_in_thread(RunFactory, session=session) for _ in range(3)]:
        await say(socket, type="resume", run_id=str(run.pk), after=0)
    await say(socket, type="ping")
    await heard(socket, until="pong")
    begun.set()

    assert await socket.receive_output() == {"type": "websocket.close", "code": 4503}
    assert await socket.receive_nothing()
    assert caplog.text.count("a socket is closed") == 1


async def test_a_socket_watches_so_many_runs_and_no_more(monkeypatch):
    async def view(_run_id, *, after):
        yield []
        await asyncio.sleep(60)

    monkeypatch.setattr(consumers, "MOST_WATCHED", 2)
    session = await run_in_thread(SessionFactory)
    socket = await watching(session, monkeypatch, view)
    runs = [await run_in_thread(RunFactory, session=session) for _ in range(2)]

    await say(socket, type="resume", run_id=str(runs[0].pk), after=0)
    await say(socket, type="resume", run_id=str(runs[0].pk), after=0)
    await say(socket, type="resume", run_id=str(runs[1].pk), after=0)
    (error,) = await heard(socket, until="error")

    assert "2 runs at a time" in error["detail"]
    await socket.disconnect()


async def waiting_call(session):
    run = await run_in_thread(RunFactory, session=session, status="waiting_approval")
    return await run_in_thread(ToolRunFactory, session=session, run=run, status="waiting")


async def test_a_waiting_call_is_decided_about_over_the_socket_once():
    session = await run_in_thread(SessionFactory)
    row = await waiting_call(session)
    socket, _ = await connected(session)
    await heard(socket, until="system")

    await say(socket, type="approve", tool_run_id=str(row.pk), decision="perhaps")
    (unclear,) = await heard(socket, until="error")
    await say(socket, type="approve", tool_run_id=str(row.pk), decision="deny")
    await say(socket, type="approve", tool_run_id=str(row.pk), decision="allow")
    (late,) = await heard(socket, until="error")

    await row.arefresh_from_db()
    assert (unclear["code"], late["code"]) == ("invalid", "approval_closed")
    assert (row.decision, row.status) == ("deny", "denied")
    await socket.disconnect()


async def test_calls_of_other_conversations_are_not_decided_about_here():
    session = await run_in_thread(SessionFactory)
    other = await run_in_thread(SessionFactory, user=session.user)
    row = await waiting_call(other)
    socket, _ = await connected(session)
    await heard(socket, until="system")

    await say(socket, type="approve", tool_run_id=str(row.pk), decision="allow")
    (error,) = await heard(socket, until="error")

    assert error["code"] == "not_found"
    await socket.disconnect()
