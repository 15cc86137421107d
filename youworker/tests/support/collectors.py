"""An OpenTelemetry collector for tests: takes spans by OTLP over HTTP, and keeps them."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from youworker.core import tracing
from youworker.core.tracing.exporting import SendingTracer, ToldExporter, exporter_for
from youworker.tests.support.configuring import override_config
from youworker.tests.support.waiting import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


class Collector:
    """What arrived, and how it answers."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        # Answers are given while it is set.
        self.answers = threading.Event()
        self.answers.set()
        self.url = ""

    def requests(self) -> list[ExportTraceServiceRequest]:
        """The requests, decoded."""
        return [ExportTraceServiceRequest.FromString(body) for body in self.bodies]

    def spans(self) -> list[Any]:
        """All spans, in the order in which they ended."""
        scopes = [
            scope
            for request in self.requests()
            for resource in request.resource_spans
            for scope in resource.scope_spans
        ]
        return [span for scope in scopes for span in scope.spans]

    def named(self, name: str) -> Any:
        """The one span of a name."""
        [span] = [span for span in self.spans() if span.name == name]
        return span


def attributes_of(span: Any) -> dict[str, Any]:
    """The attributes of a span as plain values."""
    return {
        one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in span.attributes
    }


@contextmanager
def running_collector() -> Iterator[Collector]:
    """A collector at a port of its own."""
    made = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.answers.wait(60)
            made.bodies.append(body)
            made.headers.append({name.lower(): value for name, value in self.headers.items()})
            said = ExportTraceServiceResponse().SerializeToString()
            self.send_response(made.status)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield made
    finally:
        made.answers.set()
        server.shutdown()
        serving.join()
        server.server_close()


@contextmanager
def traced_to(
    url: str, monkeypatch: pytest.MonkeyPatch, *, seconds: float = 5, **settings: Any
) -> Iterator[SendingTracer]:
    """Have this process make spans for a collector, for a block; nothing is sent after it."""
    with override_config("tracing", endpoint=url, **settings):
        made = SendingTracer(ToldExporter(exporter_for(seconds)), "test")
        monkeypatch.setattr(tracing, "tracer", made)
        try:
            yield made
        finally:
            monkeypatch.setattr(tracing, "tracer", None)
            made.provider.shutdown()
            # A tracer that was stopped ends by itself, later; the next test would hear of it.
            for thread in threading.enumerate():
                if thread.name.endswith(f"({made.provider.shutdown.__name__})"):
                    thread.join(PATIENCE_SECONDS)
