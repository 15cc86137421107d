"""Questions by every way there is, stops, second answers and tools."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from typing import TYPE_CHECKING

import orjson

from youworker.tests.bench.raw import send_request
from youworker.tests.bench.soak.ledger import LoadFault
from youworker.tests.bench.soak.log import OK, follow_answer, next_event, view_events
from youworker.tests.bench.websocket import open_socket

if TYPE_CHECKING:
    from youworker.tests.bench.soak.log import SeenLog
    from youworker.tests.bench.soak.user import User
    from youworker.tests.bench.websocket import Socket

# An answer of one to two seconds, and one that goes on until it is stopped.
QUESTION = "[[tokens=60,rate=40]]"
ENDLESS = "[[tokens=2000,rate=40]]"
TOOL_QUESTION = "[[tokens=20,rate=40,tool=datetime__now]]"
EVENTS_BEFORE_STOP = 10
# A purge that began in the meantime must notice what comes back.
LONGEST_DELETED = 3.0


async def ask_by_events(user: User) -> None:
    """Ask two questions in one conversation by `POST /v1/chat` with `stream`."""
    session = await user.begin_session()
    for _ in range(2):
        with user.ledger.time("chat by events"):
            seen = await stream_answer(user, session)
        await user.check_answer(session, seen)
    await user.delete_session(session)


async def stream_answer(user: User, session: str) -> SeenLog:
    """Ask, and read the stream to its end."""
    body = orjson.dumps({"text": QUESTION, "session_id": session, "stream": True})
    headers = {"Authorization": f"Bearer {user.key}"}
    async with send_request(user.address, "/v1/chat", headers, body=body) as answer:
        if answer.status != OK:
            raise LoadFault(f"chat by events: answered with {answer.status}")
        seen = user.open_log(answer.headers["x-run-id"])
        async with aclosing(follow_answer(answer, seen)) as steps:
            async for _ in steps:
                pass
    return seen


async def ask_by_socket(user: User) -> None:
    """Ask two questions over one WebSocket, with a ping between them."""
    session = await user.begin_session()
    async with open_socket(user.address, f"/ws/chat/{session}", user.key) as socket:
        for _ in range(2):
            with user.ledger.time("chat by socket"):
                await socket.send({"type": "text", "text": QUESTION})
                seen = await read_answer(user, socket)
            await user.check_answer(session, seen)
            await socket.send({"type": "ping"})
            if (pong := await socket.receive()) is None or pong["type"] not in ("pong", "ping"):
                raise LoadFault("socket: a ping was not answered", repr(pong))
    await user.delete_session(session)


async def read_answer(user: User, socket: Socket) -> SeenLog:
    """Read the events of the run that was just begun, to its end."""
    seen = None
    while seen is None or seen.done is None:
        event = await next_event(socket)
        if event is None:
            raise LoadFault(f"socket: closed with {socket.close_code} before `done`")
        seen = seen or user.open_log(event["run_id"])
        seen.take(event["seq"], event["type"], event)
    return seen


async def ask_in_one_call(user: User) -> None:
    """Ask by `POST /v1/chat`, delete the conversation, and restore it."""
    asked = await user.call("chat in one call", "POST", "/v1/chat", json={"text": QUESTION})
    session, message = asked.json()["session_id"], asked.json()["message"]
    if not message["content"]:
        raise LoadFault("one call: the answer is empty", session)
    await user.delete_session(session)
    await asyncio.sleep(random.uniform(0, LONGEST_DELETED))
    # 404 when the purge was there first.
    path = f"/v1/sessions/{session}"
    restored = await user.call("session restore", "POST", f"{path}/restore", expect=(200, 404))
    if restored.status_code == OK:
        listed = await user.get("messages list", f"{path}/messages")
        if [row["id"] for row in listed["results"]][1:] != [message["id"]]:
            raise LoadFault("session: a restored conversation lost its answer", session)
        await user.delete_session(session)


async def stop_midway(user: User) -> None:
    """Ask, read a while, stop, and read to the end."""
    session = await user.begin_session()
    seen = await user.post(session, ENDLESS)
    async with aclosing(view_events(user.address, user.key, seen)) as steps:
        async for _ in steps:
            if seen.position == EVENTS_BEFORE_STOP:
                path = f"/v1/runs/{seen.run_id}/stop"
                await user.call("run stop", "POST", path, expect=(202,))
    await user.check_answer(session, seen, ("stopped",))
    await user.delete_session(session)


async def regenerate(user: User) -> None:
    """Ask, and have the question answered again."""
    session = await user.begin_session()
    first = await user.post(session, QUESTION)
    await read_all(user, first)
    answer = await user.check_answer(session, first)
    path = f"/v1/messages/{answer}/regenerate"
    again = await user.call("regenerate", "POST", path, expect=(202,), json={})
    second = user.open_log(again.json()["run"]["id"])
    await read_all(user, second)
    if await user.check_answer(session, second) == answer:
        raise LoadFault("regenerate: the second answer is the first", session)
    await user.delete_session(session)


async def ask_with_tool(user: User) -> None:
    """Ask something the model calls a tool for."""
    session = await user.begin_session()
    seen = await user.post(session, TOOL_QUESTION)
    await read_all(user, seen)
    await user.check_answer(session, seen)
    if "tool" not in seen.kinds:
        raise LoadFault("tool: the call was not announced", seen.run_id)
    await user.delete_session(session)


async def read_all(user: User, seen: SeenLog) -> None:
    """Watch a run to its end."""
    with user.ledger.time("run viewed"):
        async with aclosing(view_events(user.address, user.key, seen)) as steps:
            async for _ in steps:
                pass
