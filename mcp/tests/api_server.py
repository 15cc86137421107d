"""An API of threads on the loopback interface that says what it was asked."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Api:
    """Answers by path: `(status, headers, body)`; everything else tells what arrived."""

    def __init__(self):
        self.pages = {}
        self.asked = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def document(self, value, path="/openapi.json", kind="application/json"):
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.pages[path] = (200, {"Content-Type": kind}, content)

    def told(self):
        return [each for each in self.asked if "openapi" not in each["path"]]


@contextmanager
def serving(api):
    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            arrived = {
                "method": self.command,
                "path": self.path,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": self.rfile.read(length).decode(),
            }
            api.asked.append(arrived)
            echo = (200, {"Content-Type": "application/json"}, json.dumps(arrived).encode())
            status, headers, body = api.pages.get(self.path.partition("?")[0], echo)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 -- theirs

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
