"""Real HTTP servers that receive events, and behave as a test says."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from youworker.webhooks.models import Endpoint
from youworker.webhooks.signing import new_secret


class Receiver:
    """What was received, and what is answered: `answers` are used up, the last one stays."""

    def __init__(self, answers, *, tls=None):
        self.answers = list(answers)
        self.received = []
        self.over = threading.Event()
        self.lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = receiver.next_answer(dict(self.headers.items()), body)
                with suppress(OSError):
                    answer(self, receiver)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = False
        self.server.handle_error = lambda *args: None
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://localhost:{self.server.server_address[1]}/hook"

    def next_answer(self, headers, body):
        with self.lock:
            self.received.append(({k.lower(): v for k, v in headers.items()}, body))
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def close(self):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@contextmanager
def receiving(*answers, tls=None):
    receiver = Receiver(answers, tls=tls)
    receiver.thread.start()
    try:
        yield receiver
    finally:
        receiver.close()


def answer(status=204, body=b"", **headers):
    """What answers so."""

    def respond(handler, receiver):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = True

    return respond


def hang(handler, receiver):
    """Say nothing until the test is over."""
    receiver.over.wait(30)
    handler.close_connection = True


def drip(handler, receiver):
    """Send a head a byte at a time, and never its end."""
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    while not receiver.over.wait(0.05):
        handler.wfile.write(b"x")


def pour(handler, receiver):
    """Refuse with a body that has no end."""
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 500 No\r\nConnection: close\r\n\r\nbroken ")
    while not receiver.over.is_set():
        handler.wfile.write(b"x" * 65536)


def slow_body(handler, receiver):
    """Take the event, and never end the answer."""
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    receiver.over.wait(30)


def endpoint_at(url, **more):
    """A row that is told everything, without the checks of the service."""
    return Endpoint.objects.create(url=url, **{"actions": ["*"], "secret": new_secret(), **more})
