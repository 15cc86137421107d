"""The double itself: routes, and a context manager that runs it in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakSet

import orjson

from youworker.tests.support.model_server.embedding import embeddings_answer
from youworker.tests.support.model_server.playing import play
from youworker.tests.support.model_server.protocol import HttpConnection, Incoming
from youworker.tests.support.model_server.state import Recorded, State, last_content
from youworker.tests.support.model_server.turns import Turn, turn_from_mapping

if TYPE_CHECKING:
    from types import TracebackType

CONTROL = "/control/"


class ModelServer:
    """A model server for tests: `with ModelServer() as server: … server.base_url`.

    `script` queues turns; without any the model's name (`double:tokens=500,rate=30`), the last
    user message (`[[tokens=5]]`) or the default turn decides. `requests` holds what was sent.
    """

    def __init__(
        self,
        *,
        default: Turn | None = None,
        models: tuple[str, ...] = ("double",),
        dimensions: int = 384,
        port: int = 0,
    ) -> None:
        turn = default or Turn(text="This is the double speaking.")
        self.state = State(default=turn, models=list(models), dimensions=dimensions)
        self.port = port
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run, name="model-double", daemon=True)
        self.started = threading.Event()
        self.stopping = asyncio.Event()
        self.connections: WeakSet[HttpConnection] = WeakSet()

    @property
    def base_url(self) -> str:
        """What `LLM_BASE_URL` is set to."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def requests(self) -> list[Recorded]:
        """Every request so far, control requests excepted."""
        return self.state.requests

    @property
    def chats(self) -> list[Recorded]:
        """The chat completions among the requests."""
        return [request for request in self.requests if request.path.endswith("/chat/completions")]

    def script(self, *turns: Turn) -> None:
        """Queue answers for the next chat completions, in order."""
        self.state.script.extend(turns)

    def __enter__(self) -> Self:
        self.thread.start()
        self.started.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join(10)

    def run(self) -> None:
        """Serve until told to stop; the body of the thread."""
        try:
            self.loop.run_until_complete(self.serve())
        finally:
            self.loop.close()

    async def serve(self) -> None:
        """Listen on the loopback interface until `stopping` is set."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self.connection, "127.0.0.1", self.port, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        self.started.set()
        await self.stopping.wait()
        server.close()
        tasks = [connection.task for connection in self.connections if connection.task]
        for connection in self.connections:
            connection.transport.abort()
        await asyncio.gather(*tasks, asyncio.sleep(0), return_exceptions=True)

    def connection(self) -> HttpConnection:
        """The protocol of one new connection."""
        connection = HttpConnection(self.handle)
        self.connections.add(connection)
        return connection

    async def handle(self, connection: HttpConnection, incoming: Incoming) -> None:
        """Answer one request and remember it."""
        if incoming.path.startswith(CONTROL):
            self.control(connection, incoming)
            return
        body = orjson.loads(incoming.body) if incoming.body else {}
        request = Recorded(incoming.method, incoming.path, incoming.headers, body)
        self.state.record(request)
        try:
            await self.route(connection, request)
        except asyncio.CancelledError:
            request.abandon()
            raise

    async def route(self, connection: HttpConnection, request: Recorded) -> None:
        """Find the answer to a request of the API."""
        match request.method, request.path:
            case "POST", "/v1/chat/completions":
                await play(connection, request, self.state)
            case "POST", "/v1/embeddings":
                answer = embeddings_answer(request.body, self.state.dimensions)
                connection.send_json(answer)
            case "GET", "/v1/models":
                self.send_models(connection)
            case _:
                message = f"no route {request.method} {request.path}"
                connection.send_json({"error": {"message": message}}, 404)

    def send_models(self, connection: HttpConnection) -> None:
        """Answer the list of models, or the scripted fault."""
        if self.state.models_body:
            connection.send_body(self.state.models_body, self.state.models_status)
        elif self.state.models_status != HTTPStatus.OK:
            error = {"message": "scripted fault"}
            connection.send_json({"error": error}, self.state.models_status)
        else:
            connection.send_json(self.models_answer())

    def models_answer(self) -> dict[str, Any]:
        """The list of models, in OpenAI's form."""
        rows = [
            {"id": name, "object": "model", "created": 0, "owned_by": "double"}
            for name in self.state.models
        ]
        return {"object": "list", "data": rows}

    def asked(self, mark: str) -> list[dict[str, Any]]:
        """The chat completions whose last question holds `mark`, without their bodies."""
        found = [chat for chat in self.chats if mark in last_content(chat.body, "user")]
        return [{**chat.as_json(), "body": {}} for chat in found]

    def control(self, connection: HttpConnection, incoming: Incoming) -> None:
        """Let another process script the double and read what it was sent."""
        match incoming.method, incoming.path.removeprefix(CONTROL):
            case "POST", "script":
                given = orjson.loads(incoming.body)
                self.script(*(turn_from_mapping(values) for values in given["turns"]))
                connection.send_json({"queued": len(self.state.script)})
            case "GET", "requests":
                connection.send_json([request.as_json() for request in self.requests])
            case "POST", "asked":
                connection.send_json(self.asked(orjson.loads(incoming.body)["mark"]))
            case "GET", "streams":
                state = self.state
                connection.send_json({"now": state.streaming, "most": state.most_streaming})
            case "POST", "reset":
                self.state.reset()
                connection.send_json({})
            case _:
                connection.send_json({"error": {"message": "no such control"}}, 404)
