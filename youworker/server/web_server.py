"""daphne's server with our connections, and an end that lets work be saved."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import daphne.server
from daphne.server import twisted_loop
from twisted.internet import defer, reactor

from youworker.core.config import config
from youworker.core.metrics import process
from youworker.core.per_loop import close_all
from youworker.server.connections import Connection, ConnectionLimits
from youworker.server.requests import BodyQueue, DiscardedBody, Request, RequestFactory
from youworker.server.sockets import SocketFactory, SocketProtocol, SocketQueue
from youworker.upstream.guard import trusted_authorities

# Whether an API key or a session's key belongs to somebody.
Recognises = Callable[[str, str], Awaitable[bool]]
logger = logging.getLogger(__name__)

LARGEST_FRAME_BYTES = 12 * 1024 * 1024
# A stream of events has no end of its own, so only its silence could be limited, not its age.
NO_LIMIT = -1
ANSWER_SECONDS = 2.0
SAVE_SECONDS = 3.0
# For what does not wait for anybody: a cancelled task, and pools that nobody uses any more.
LAST_SECONDS = 0.5
# So long a thread whose wait was broken off has to ask the loop for something else.
ASK_AGAIN_SECONDS = 0.05

# `Server.run` takes these two from its module.
daphne.server.HTTPFactory = RequestFactory
daphne.server.WebSocketFactory = SocketFactory


class WebServer(daphne.server.Server):
    """Serves one ASGI application."""

    def __init__(
        self,
        application: Any,
        endpoint: str,
        recognises: Recognises,
        work: Callable[[], Awaitable[None]] | None = None,
        finish: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(
            application,
            endpoints=[endpoint],
            server_name="",
            http_timeout=None,
            websocket_timeout=NO_LIMIT,
            websocket_max_message_size=LARGEST_FRAME_BYTES,
            websocket_max_frame_size=LARGEST_FRAME_BYTES,
            websocket_handshake_timeout=15,
        )
        self.failed = False
        self.recognises = recognises
        self.connection_limits = ConnectionLimits()
        # What the process does beside answering; begun when its loop runs.
        self.work = work
        # Lets that work end by itself, for so many seconds at most.
        self.finish = finish
        self.draining = False

    def run(self) -> None:
        """Serve until the end; the loop is closed then."""
        # Reading the authorities takes 50 ms, in which the loop would do nothing else.
        trusted_authorities()
        reactor.callWhenRunning(self.begin_work)
        super().run()
        # A thread that waits for a loop which has only stopped waits for ever, and the process
        # for the thread; a closed one tells it.
        twisted_loop.run_until_complete(end_tasks())
        twisted_loop.close()

    def begin_work(self) -> None:
        """Begin the process' own work."""
        if self.work is not None:
            self.working = asyncio.ensure_future(self.work())

    def listen_success(self, port: Any) -> Any:
        """Give the port on, which daphne drops: without it nobody could stop listening."""
        super().listen_success(port)
        return port

    def listen_error(self, failure: Any) -> None:
        """Remember that there is nothing to serve on."""
        self.failed = True
        super().listen_error(failure)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Start the application for one connection and give its input queue."""
        scope["asgi"] = {"version": "3.0", "spec_version": "2.3"}
        # daphne takes it from a header that anybody can send.
        scope["root_path"] = self.root_path
        queue: Any = asyncio.Queue()
        receive: Any = queue.get
        if isinstance(protocol, SocketProtocol):
            queue = SocketQueue(protocol.transport)
            receive = queue.get
            scope["extensions"] = {"websocket.http.response": {}}
        elif isinstance(protocol, Request):
            scope["headers"] = with_length(scope["headers"], protocol.received)
            queue = receive = BodyQueue(protocol.content)
            protocol.content = DiscardedBody(queue)
        if protocol not in self.connections:
            return None
        work = self.application(scope, receive, partial(self.handle_reply, protocol))
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(work)
        return queue

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Send what the application says, as fast as the client reads."""
        if isinstance(protocol, SocketProtocol):
            await protocol.wait_for_reader(message)
        if self.draining and message["type"] == "http.response.start":
            message = give_away(protocol, message)
        await super().handle_reply(protocol, message)
        channel = getattr(protocol, "channel", None)
        if isinstance(channel, Connection):
            await channel.outflow.free.wait()

    def kill_all_applications(self) -> defer.Deferred[None]:
        """End the process' work in order, before the loop stops."""
        return defer.Deferred.fromFuture(asyncio.ensure_future(self.wind_down()))

    async def wind_down(self) -> None:
        """Accept nothing, let answers finish, then end streams, sockets and runs.

        A run that is cut off saves what it has, and tells its end through what is closed after it;
        it gets a few seconds for that.
        """
        for listener in self.listeners:
            port = getattr(listener, "result", None)
            if port is not None:
                port.stopListening()
        await self.drain(config.api.drain_seconds)
        await wait_for_tasks(self.unanswered(), ANSWER_SECONDS)
        for work in self.applications().values():
            work.cancel()
        await wait_for_tasks([asyncio.create_task(close_all())], SAVE_SECONDS)
        number = await end_tasks()
        # They may have asked for a client when theirs was closed.
        await wait_for_tasks([asyncio.create_task(close_all())], LAST_SECONDS)
        logger.info("%d pending tasks were ended", number)

    async def drain(self, seconds: float) -> None:
        """Let the process' work end, and then requests and streams, within this time."""
        if not seconds or self.finish is None:
            return
        loop, self.draining = asyncio.get_running_loop(), True
        until = loop.time() + seconds
        await self.finish(seconds)
        # Sockets have no end of their own: who holds one comes back, and goes on where it was.
        requests = [w for p, w in self.applications().items() if isinstance(p, Request)]
        await wait_for_tasks(requests, max(0.0, until - loop.time()))

    def applications(self) -> dict[Any, asyncio.Future[None]]:
        """What is carried out now for each connection."""
        return {
            protocol: details["application_instance"]
            for protocol, details in self.connections.items()
            if "application_instance" in details
        }

    def requests(self) -> list[Request]:
        """The requests that are carried out, or whose answer is being sent."""
        return [each for each in list(self.connections) if isinstance(each, Request)]

    def report_connections(self) -> None:
        """Let the figures of this process tell how many connections are open."""
        process.report_connections(
            {
                "websocket": lambda: sum(
                    isinstance(each, SocketProtocol) for each in list(self.connections)
                ),
                "stream": lambda: sum(has_begun(each) for each in self.requests()),
                "request": lambda: sum(not has_begun(each) for each in self.requests()),
            }
        )

    def unanswered(self) -> list[asyncio.Future[None]]:
        """Requests whose answer has not begun."""
        return [
            work
            for protocol, work in self.applications().items()
            if isinstance(protocol, Request) and not has_begun(protocol)
        ]


def has_begun(request: Request) -> bool:
    """Whether the answer to a request is being sent."""
    return bool(request._response_started)  # noqa: SLF001 -- daphne has no other sign


def give_away(protocol: Any, message: dict[str, Any]) -> dict[str, Any]:
    """The beginning of an answer that is its connection's last.

    Whoever keeps connections, as proxies do, is to ask another process next.
    """
    if protocol.channel is not None:
        protocol.channel.persistent = False
    return {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}


def with_length(headers: list[tuple[bytes, bytes]], size: int) -> list[tuple[bytes, bytes]]:
    """The headers of a complete request: its size is known, however it came.

    Django takes a body without a length for none.
    """
    if not any(name == b"transfer-encoding" for name, _value in headers):
        return headers
    kept = [pair for pair in headers if pair[0] != b"transfer-encoding"]
    return [*kept, (b"content-length", str(size).encode())]


async def end_tasks() -> int:
    """Cancel all other tasks, and those that threads begin meanwhile; gives their number."""
    loop, here, ended = asyncio.get_running_loop(), asyncio.current_task(), set[Any]()
    until = loop.time() + LAST_SECONDS
    while (others := asyncio.all_tasks() - {here}) and loop.time() < until:
        for task in others:
            task.cancel()
        ended |= others
        await asyncio.wait(others, timeout=ASK_AGAIN_SECONDS)
        await asyncio.sleep(ASK_AGAIN_SECONDS)
    return len(ended)


async def wait_for_tasks(tasks: list[Any], seconds: float) -> None:
    """Wait for the tasks, but not longer; their outcome is theirs."""
    if tasks:
        await asyncio.wait(tasks, timeout=seconds)
