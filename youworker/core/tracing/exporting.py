"""Making spans with OpenTelemetry and sending them by OTLP over HTTP.

Imported only where the settings name a collector: the library is an extra.
"""

from __future__ import annotations

import logging
import re
import threading
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from youworker.core.config import config
from youworker.core.effects import Outage
from youworker.core.request_context import correlation_id
from youworker.core.tracing import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from contextvars import Token
    from types import TracebackType

    from opentelemetry.sdk.trace import ReadableSpan

logger = logging.getLogger(__name__)

# Spans that wait for the collector in one process; of more, the oldest are dropped.
MOST_WAITING = 2048
# One request to a collector, what is left of it at the end of a process, and a look whether it is
# there: nobody waits for the first.
SEND_SECONDS, LAST_SECONDS, PROBE_SECONDS = 5.0, 1.0, 2.0
# What vocabularies, patterns of routes and kinds of errors are written with.
WORD = re.compile(r"[\w.:/<>(){}|?*+^$\\\[\]-]{1,200}", re.ASCII)
# The standard's names for what it has names for; ours for the rest.
STANDARD = {
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
    "error": "error.type",
}
OURS = (
    *("correlation_id", "user_id", "session_id", "run_id", "document_id", "item_id", "tool_id"),
    *("task", "task_id", "server", "endpoint", "stage", "mode", "outcome", "frame"),
    *("tokens_in", "tokens_out", "iterations", "results", "passages"),
)
NAMES = STANDARD | {name: f"youworker.{name}" for name in OURS}

KINDS = {
    "http request": SpanKind.SERVER,
    "websocket message": SpanKind.SERVER,
    "model request": SpanKind.CLIENT,
    "tool call": SpanKind.CLIENT,
    "task": SpanKind.CONSUMER,
}

propagator = TraceContextTextMapPropagator()
# What is being done. Not OpenTelemetry's own context, of which libraries tell other servers.
current: ContextVar[trace.Span | None] = ContextVar("span", default=None)


class RecordedSpan(Span):
    """A span that will be sent."""

    def __init__(self, inner: trace.Span, about: Mapping[str, object]) -> None:
        self.inner = inner
        self.token: Token[trace.Span | None] | None = None
        self.has_ended = False
        self.note(correlation_id=correlation_id(), **about)

    def note(self, **about: object) -> None:
        """Add ids, numbers and words of vocabularies; what is anything else is left out."""
        note_on(self.inner, about)

    def rename(self, name: str) -> None:
        """Call it by a name that is known only now."""
        told = fit_to_tell(name.replace(" ", ""))
        if told is not None:
            self.inner.update_name(name)

    def end(self, *, error: str = "") -> None:
        """End the span, once; its error is the kind of one, without what it says."""
        if self.has_ended:
            return
        self.has_ended = True
        # Of a request it is known only after others have looked at it.
        self.note(correlation_id=correlation_id(), error=error)
        if error:
            self.inner.set_status(Status(StatusCode.ERROR))
        self.inner.end()

    def drop(self) -> None:
        """Let it never end: only what has ended is sent."""
        self.has_ended = True

    @contextmanager
    def active(self) -> Iterator[None]:
        """A block whose spans are parts of this one."""
        token = current.set(self.inner)
        try:
            yield
        finally:
            current.reset(token)

    def __enter__(self) -> RecordedSpan:
        self.token = current.set(self.inner)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.token is not None:
            # What ends in another task than it began in has nothing to put back there.
            with suppress(ValueError):
                current.reset(self.token)
        # Cancelling is no error, but the end of what nobody waits for.
        is_error = kind is not None and issubclass(kind, Exception)
        self.end(error=kind.__name__ if is_error and kind else "")


class SendingTracer:
    """Makes spans that a thread sends in batches, as long as few enough wait."""

    def __init__(self, exporter: SpanExporter, role: str) -> None:
        resource = Resource.create(
            {"service.name": config.tracing.service_name, "youworker.role": role}
        )
        # What the process ends with is ours to say: theirs waits for half a minute.
        self.provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self.provider.add_span_processor(
            BatchSpanProcessor(exporter, max_queue_size=MOST_WAITING, max_export_batch_size=256)
        )
        self.inner = self.provider.get_tracer("youworker")

    def begin(self, name: str, parent: str, about: Mapping[str, object]) -> Span:
        """Begin a span under a `traceparent`, or under what is being done."""
        above = context_of(parent) if parent else ambient_context()
        kind = KINDS.get(name, SpanKind.INTERNAL)
        return RecordedSpan(self.inner.start_span(name, context=above, kind=kind), about)

    def note(self, about: Mapping[str, object]) -> None:
        """Add to what is being done."""
        inner = current.get()
        if inner is not None:
            note_on(inner, about)

    def traceparent(self) -> str:
        """What is being done, as W3C writes it."""
        carrier: dict[str, str] = {}
        propagator.inject(carrier, context=ambient_context())
        return carrier.get("traceparent", "")

    def ambient(self) -> AbstractContextManager[object]:
        """A block in which OpenTelemetry's own context knows what is being done."""
        return attached(ambient_context())

    def stop(self) -> None:
        """Send what waits, within a second; a collector that hangs keeps no process."""
        ending = threading.Thread(target=self.provider.shutdown, daemon=True)
        ending.start()
        ending.join(LAST_SECONDS)


class ToldExporter(SpanExporter):
    """Sends spans; says once that the collector is away, and once that it is back."""

    def __init__(self, inner: SpanExporter) -> None:
        self.inner = inner
        self.outage = Outage(logger, "the OpenTelemetry collector does not take spans")

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch."""
        try:
            result = self.inner.export(spans)
        except (OSError, ValueError) as error:
            # A file of certificates that is not there, for one.
            self.outage.begin(error)
            return SpanExportResult.FAILURE
        if result is SpanExportResult.SUCCESS:
            self.outage.end()
        else:
            self.outage.begin(ConnectionError())
        return result

    def shutdown(self) -> None:
        """Send nothing more."""
        self.inner.shutdown()


def note_on(span: trace.Span, about: Mapping[str, object]) -> None:
    """Add attributes to a span, as far as they are fit to tell."""
    for name, value in about.items():
        told = fit_to_tell(value)
        if told is not None and name in NAMES:
            span.set_attribute(NAMES[name], told)


def fit_to_tell(value: object) -> str | int | float | bool | None:
    """A value as an attribute has it; None for what may be somebody's words."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str):
        return str(value) if WORD.fullmatch(value) else None
    return value if isinstance(value, bool | int | float) else None


def context_of(traceparent: str) -> Context:
    """What a `traceparent` names; a new trace for one that is none."""
    return propagator.extract({"traceparent": traceparent}, context=Context())


def ambient_context() -> Context:
    """What is being done, and nothing that libraries think."""
    span = current.get()
    return Context() if span is None else trace.set_span_in_context(span, Context())


@contextmanager
def attached(context: Context) -> Iterator[None]:
    """Let OpenTelemetry's own context be this one for a block."""
    token = attach(context)
    try:
        yield
    finally:
        detach(token)


def exporter_for(seconds: float) -> OTLPSpanExporter:
    """What sends to the collector of the settings; raises `ValueError` for a wrong one."""
    # Its own lines tell of each batch, and repeat what a collector answers.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    told: Any = config.tracing
    headers = {
        name.strip().lower(): unquote(value.strip())
        for name, _, value in (pair.partition("=") for pair in told.headers.split(","))
        if name.strip()
    }
    return OTLPSpanExporter(
        endpoint=f"{told.endpoint.rstrip('/')}/v1/traces",
        certificate_file=told.certificate or None,
        headers=headers,
        timeout=seconds,
    )


def begin_exporting(role: str) -> SendingTracer:
    """What sends the spans of this process; raises `ValueError` for a wrong setting."""
    return SendingTracer(ToldExporter(exporter_for(SEND_SECONDS)), role)


def is_reachable() -> bool:
    """Whether the collector takes a request without spans."""
    exporter = exporter_for(PROBE_SECONDS)
    try:
        return exporter.export([]) is SpanExportResult.SUCCESS
    finally:
        exporter.shutdown()  # type: ignore[no-untyped-call]
