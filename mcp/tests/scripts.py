"""Servers over HTTP that speak bytes no SDK would."""

from __future__ import annotations

import json
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Self

from mcp.tests.programs.scripted import FINE, HELLO, TOOLS

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = {"Content-Type": "application/json"}
SSE = {"Content-Type": "text/event-stream"}
USUAL = {"initialize": HELLO, "tools/list": TOOLS, "tools/call": FINE}


def answered(member: str) -> str:
    """The line of a program that answers with this `result` or `error`."""
    return f'{{"jsonrpc": "2.0", "id": $ID, {member}}}'


def reply(message: dict[str, Any], **member: Any) -> bytes:
    """The body of an answer with a `result` or an `error`."""
    return json.dumps({"jsonrpc": "2.0", "id": message.get("id"), **member}).encode()


class Hangup(Exception):
    """The connection is closed without a word."""


class ScriptedHttp:
    """A server whose answers a function makes: `(request, message) -> status, headers, body`.

    Left alone it is a server of the handshake. `asked` are the methods in their order.
    """

    def __init__(self) -> None:
        self.answer: Callable[[Any, dict[str, Any]], tuple[int, dict[str, str], bytes]] = usual
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.released = Event()
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                message = json.loads(self.rfile.read(length) or b"{}")
                script.asked.append(message.get("method", ""))
                self.tell(message)

            def do_GET(self) -> None:
                script.asked.append("GET")
                self.tell({})

            def do_DELETE(self) -> None:
                self.tell({})

            def tell(self, message: dict[str, Any]) -> None:
                script.headers.append({name.lower(): value for name, value in self.headers.items()})
                try:
                    status, headers, body = script.answer(self, message)
                except Hangup:
                    self.close_connection = True
                    return
                with suppress(OSError):
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    def __enter__(self) -> Self:
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server.server_address[1]}/mcp"


def usual(request: Any, message: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """What a server of the handshake answers."""
    if request.command != "POST":
        return 405, {}, b""
    if "id" not in message:
        return 202, {}, b""
    if (result := USUAL.get(message["method"])) is None:
        return 200, JSON, reply(message, error={"code": -32601, "message": "what?"})
    return 200, JSON, reply(message, result=result)
