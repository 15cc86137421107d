"""A server that speaks OpenAI's `/v1/audio`, and fails as it is told."""

from __future__ import annotations

import json
import threading
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class SpeechServer:
    """Gives the `answers` of a test (status, body) one after the other, then the last one again."""

    def __init__(self):
        self.requests = []
        self.answers = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def handler(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append(
                    (self.path, dict(self.headers), fields_of(self.headers, body))
                )
                number = min(len(outer.requests), len(outer.answers)) - 1
                status, content = outer.answers[number]
                content = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        return Handler


def fields_of(headers, body):
    """What was sent, as a form or as JSON."""
    kind = headers["Content-Type"]
    if not kind.startswith("multipart/"):
        return json.loads(body)
    message = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    return {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
        for part in message.get_payload()
    }
