"""What a request holds, and for how long: connections, slots, and open ends."""

import asyncio
import threading
from collections import Counter
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from youworker.core.slots import give_way, holding_nothing
from youworker.server import handler, silence
from youworker.server.handler import Handler
from youworker.tests.support.waiting import PATIENCE_SECONDS, wait_until_async

pytestmark = pytest.mark.django_db(transaction=True)

seen: Counter[str] = Counter()
doors: dict[str, Any] = {}


def process_id():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


async def pieces(broken):
    try:
        yield b"first"
        if broken:
            raise RuntimeError
        await doors["stream"].wait()
        yield b"last"
    finally:
        seen["ended"] += 1


def stream(request):
    response = StreamingHttpResponse(pieces(broken="broken" in request.GET))
    response["X-Process"] = str(process_id())
    response._resource_closers.append(lambda: seen.update(["closed"]))  # noqa: SLF001
    return response


def work(request):
    """Stay until the door opens, which it does in the thread of the test."""
    seen["working"] += 1
    process_id()
    seen["at once"] = max(seen["at once"], seen["working"])
    doors["work"].wait(20)
    seen["working"] -= 1
    return HttpResponse("done")


async def door():
    await doors["stream"].wait()


def wait(request):
    former = process_id()
    with holding_nothing():
        seen["waiting"] += 1
        async_to_sync(door)()
    return HttpResponse(f"{former} {process_id()}")


def compute(request):
    """Go on until somebody else has been served in between."""
    seen["computing"] += 1
    for _ in range(2000):
        process_id()
        if seen["served"]:
            return HttpResponse("gave way")
        give_way()
    return HttpResponse("never gave way")


def brief(request):
    process_id()
    seen["served"] += 1
    return HttpResponse("done")


def named(request):
    """The thread, in which the request before left no connection open."""
    seen["open"] += connection.connection is not None
    process_id()
    return HttpResponse(threading.current_thread().name)


urlpatterns = [
    path("named", named),
    path("stream", stream),
    path("work", work),
    path("wait", wait),
    path("compute", compute),
    path("health/live", work),
    path("health/ready", brief),
    path("brief", brief),
]


@pytest.fixture
def served(settings, configured):
    """The handler with five slots, of which a caller gets one."""
    settings.ROOT_URLCONF = __name__
    settings.ALLOWED_HOSTS = ["*"]
    configured("database", pool_size=10)
    seen.clear()
    doors.update(stream=asyncio.Event(), work=threading.Event())
    return Handler()


def ask(application, address, key="one"):
    where, _, query = address.partition("?")
    scope = {
        "type": "http",
        "method": "GET",
        "path": where,
        "query_string": query.encode(),
        "headers": [(b"x-api-key", key.encode())],
        "client": (f"192.0.2.{len(key)}", 1),
    }
    return ApplicationCommunicator(application, scope)


async def begin(communicator):
    await communicator.send_input({"type": "http.request"})


async def answer_of(communicator):
    await begin(communicator)
    start = await communicator.receive_output(PATIENCE_SECONDS)
    body = b""
    while True:
        piece = await communicator.receive_output(PATIENCE_SECONDS)
        body += piece["body"]
        if not piece.get("more_body"):
            await communicator.wait()
            return start["status"], dict(start["headers"]), body


def processes():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        return {pid for (pid,) in cursor.fetchall()}


async def gone(process):
    """Return when the connection with this server process has ended."""
    while process in await sync_to_async(processes)():  # noqa: ASYNC110 -- PostgreSQL does not tell
        await asyncio.sleep(0.02)


async def test_a_stream_holds_neither_a_connection_nor_a_slot(served):
    watching = ask(served, "/stream")
    await begin(watching)
    start = await watching.receive_output(PATIENCE_SECONDS)
    await watching.receive_output(PATIENCE_SECONDS)

    await asyncio.wait_for(gone(int(dict(start["headers"])[b"X-Process"])), PATIENCE_SECONDS)

    assert served.slots.free == 3
    assert seen["closed"] == 0
    doors["stream"].set()
    await watching.receive_output(PATIENCE_SECONDS)
    await watching.receive_output(PATIENCE_SECONDS)
    await watching.wait()
    assert (seen["ended"], seen["closed"]) == (1, 1)


async def test_a_stream_that_breaks_down_gives_everything_back(served):
    watching = ask(served, "/stream?broken")
    await begin(watching)
    start = await watching.receive_output(PATIENCE_SECONDS)
    await watching.receive_output(PATIENCE_SECONDS)

    with pytest.raises(RuntimeError):
        await watching.wait()

    await asyncio.wait_for(gone(int(dict(start["headers"])[b"X-Process"])), PATIENCE_SECONDS)
    assert served.slots.free == 3
    assert (seen["ended"], seen["closed"]) == (1, 1)


async def test_so_many_requests_at_once_and_so_many_of_one_caller(served):
    greedy = [ask(served, "/work") for _ in range(6)]
    others = [ask(served, "/work", key=str(n)) for n in range(4)]
    tasks = [asyncio.create_task(answer_of(each)) for each in [*greedy, *others]]
    await wait_until_async(lambda: seen["working"] == 3)
    probe = await answer_of(ask(served, "/health/ready"))
    live = asyncio.create_task(answer_of(ask(served, "/health/live")))
    await wait_until_async(lambda: seen["working"] == 4)

    doors["work"].set()
    answers = await asyncio.gather(*tasks, live)

    assert (probe[0], probe[2]) == (200, b"done")
    assert [status for status, _headers, _body in answers] == [200] * 11
    assert (served.slots.free, served.slots.waiting) == (3, {})


async def test_who_waits_too_long_is_told_when_to_come_back(served, monkeypatch):
    monkeypatch.setattr(handler, "PATIENCE_SECONDS", 0.05)
    first = asyncio.create_task(answer_of(ask(served, "/work")))
    await wait_until_async(lambda: seen["working"] == 1)

    status, headers, body = await answer_of(ask(served, "/work"))
    doors["work"].set()

    assert status == 503
    assert headers[b"Retry-After"] == b"5"
    assert headers[b"X-Correlation-ID"]
    assert b"The server is busy" in body
    assert (await first)[0] == 200


@pytest.fixture
def mute(monkeypatch):
    """A database that is noticed at once when it does not answer, which it does from `set` on."""
    speaks = threading.Event()

    def look():
        seen["looks"] += 1
        speaks.wait(20)
        return {}

    monkeypatch.setattr(silence, "check_database", look)
    monkeypatch.setattr(silence, "NOTICED_SECONDS", 0.1)
    monkeypatch.setattr(silence, "ANSWER_SECONDS", 0.1)
    yield speaks
    speaks.set()


async def test_who_waits_for_a_database_that_hangs_is_told(served, mute):
    begun, queued = (asyncio.create_task(answer_of(ask(served, "/work"))) for _ in range(2))
    waiting = asyncio.create_task(answer_of(ask(served, "/wait", key="other")))
    await wait_until_async(lambda: seen["working"] == seen["waiting"] == 1)

    answers = await asyncio.gather(begun, queued)
    at_once = await answer_of(ask(served, "/brief"))
    probes = [await answer_of(ask(served, "/health/ready")), seen["served"]]

    for status, headers, body in [*answers, at_once]:
        assert (status, headers[b"Retry-After"]) == (503, b"5")
        assert b"The database does not answer" in body
    # Neither the look of load balancers nor what waits for somebody else is broken off.
    assert (probes[0][0], probes[1], waiting.done()) == (200, 1, False)
    # The view goes on, and keeps what it holds.
    assert (seen["working"], seen["looks"], served.slots.free) == (1, 1, 2)
    mute.set()
    doors["work"].set()
    doors["stream"].set()
    assert (await waiting)[0] == 200
    await wait_until_async(lambda: served.slots.free == 3 and not served.endings)
    await wait_until_async(lambda: not served.silence.is_silent)
    assert (await answer_of(ask(served, "/brief")))[0] == 200


async def test_a_long_request_goes_on_while_the_database_answers(served, mute):
    mute.set()
    working = asyncio.create_task(answer_of(ask(served, "/work")))

    await wait_until_async(lambda: seen["looks"] > 1)
    doors["work"].set()

    assert (await working)[0] == 200


async def test_a_refusal_is_worded_in_the_language_of_the_browser(served, mute):
    asking = ask(served, "/work")
    asking.scope["headers"] += [(b"accept-language", b"it"), (b"accept", b"text/html")]

    status, headers, body = await answer_of(asking)
    doors["work"].set()

    assert (status, headers[b"Content-Type"]) == (503, b"text/html; charset=utf-8")
    assert "Il database non risponde" in body.decode()
    assert b"default-src 'self'" in headers[b"Content-Security-Policy"]


async def test_a_view_that_waits_holds_nothing_meanwhile(served):
    waiting = [asyncio.create_task(answer_of(ask(served, "/wait"))) for _ in range(8)]
    await wait_until_async(lambda: seen["waiting"] == 8)
    free = served.slots.free
    status, _headers, _body = await answer_of(ask(served, "/brief"))

    doors["stream"].set()
    answers = await asyncio.gather(*waiting)

    assert (free, status) == (3, 200)
    assert all(former != later for former, later in (body.split() for _, _, body in answers))
    assert (served.slots.free, served.slots.running) == (3, {})


async def test_a_long_computation_lets_others_go_between(served):
    computing = asyncio.create_task(answer_of(ask(served, "/compute")))
    await wait_until_async(lambda: seen["computing"])

    # The same caller, who has one slot.
    brief_answer = await answer_of(ask(served, "/brief"))

    assert brief_answer[2] == b"done"
    assert (await computing)[2] == b"gave way"


@pytest.mark.parametrize("address", ["/work", "/wait"])
async def test_a_client_that_leaves_leaves_nothing_behind(served, address):
    leaving = ask(served, address)
    await begin(leaving)
    await wait_until_async(lambda: seen["working"] or seen["waiting"])

    await leaving.send_input({"type": "http.disconnect"})
    doors["stream"].set()
    held = served.slots.free
    doors["work"].set()
    await leaving.wait(20)
    await wait_until_async(lambda: served.slots.free == 3)

    # A view that still runs keeps its slot, because it keeps its connection.
    assert held == (2 if address == "/work" else 3)


async def test_a_request_that_is_killed_gives_its_connection_back(served):
    killed = ask(served, "/work")
    await begin(killed)
    await wait_until_async(lambda: seen["working"] == 1)
    await killed.send_input({"type": "http.disconnect"})
    await asyncio.sleep(0.05)

    for _ in range(2):
        killed.future.cancel()
        await asyncio.sleep(0.05)
    held = served.slots.free
    doors["work"].set()
    await wait_until_async(lambda: served.slots.free == 3)

    assert held == 2
    await wait_until_async(lambda: not served.endings)


async def test_one_request_after_another_has_the_same_thread(served):
    names = []
    for _ in range(4):
        answer = await answer_of(ask(served, "/named"))
        await wait_until_async(lambda: len(served.threads.idle) == 1)
        names.append(answer[2])

    assert len(set(names)) == 1
    assert seen["open"] == 0


async def test_a_thread_whose_client_left_serves_others_only_when_it_is_done(served):
    leaving = ask(served, "/work")
    await begin(leaving)
    await wait_until_async(lambda: seen["working"] == 1)
    await leaving.send_input({"type": "http.disconnect"})

    others = set()
    for _ in range(3):
        others.add((await answer_of(ask(served, "/named", key="other")))[2])
        await wait_until_async(lambda: len(served.threads.idle) == 1)
    doors["work"].set()
    await leaving.wait(20)

    await wait_until_async(lambda: len(served.threads.idle) == 2)
    assert len(others) == 1


async def test_no_more_threads_are_kept_than_are_used_at_once(served):
    tasks = [asyncio.create_task(answer_of(ask(served, "/health/live"))) for _ in range(9)]
    await wait_until_async(lambda: seen["working"] == 9)

    doors["work"].set()
    await asyncio.gather(*tasks)

    await wait_until_async(lambda: len(served.threads.idle) == 3)
