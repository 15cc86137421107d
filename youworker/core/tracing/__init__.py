"""Spans of what is done, for an OpenTelemetry collector; without one nothing is done or imported.

A span is named by what is done and says how long it took, under ids, numbers and words of
vocabularies: never by content, names of people and files, addresses or secrets.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from youworker.core.config import config

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

P = ParamSpec("P")
R = TypeVar("R")

# In the headers of a task: what its sender was about.
CAUSE = "traceparent_of_cause"
# Of work that was accepted and not begun here; what another process takes up begins a trace.
MOST_REMEMBERED = 2000


class Span(AbstractContextManager["Span"]):
    """One thing that is being done; this one, which is nobody's, does nothing."""

    def note(self, **about: object) -> None:
        """Add what is known only now."""

    def rename(self, name: str) -> None:
        """Call it by a name that is known only now."""

    def drop(self) -> None:
        """Send nothing of it: it is not worth a span."""

    def end(self, *, error: str = "") -> None:
        """End the span, once; an error is told by its kind."""

    def active(self) -> AbstractContextManager[object]:
        """A block whose spans are parts of this one, which does not end it."""
        return nullcontext()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it with the block."""


class Tracer(Protocol):
    """What makes spans that are sent."""

    def begin(self, name: str, parent: str, about: Mapping[str, object]) -> Span:
        """Begin a span; `parent` is a `traceparent`, or empty for what is being done."""
        ...

    def note(self, about: Mapping[str, object]) -> None:
        """Add to what is being done what is known only now."""
        ...

    def traceparent(self) -> str:
        """What is being done, as W3C writes it; empty when nothing is."""
        ...

    def stop(self) -> None:
        """Send what waits, within a second."""
        ...

    def ambient(self) -> AbstractContextManager[object]:
        """A block in which libraries that know OpenTelemetry see what is being done."""
        ...


NOTHING = Span()
# As a parent: what is done begins a trace, whatever was done where its task was made.
NONE = "none"
NOBODY: Mapping[str, str] = {}
# Who makes spans in this process; set once, by `beginning`. Every span looks at it.
tracer: Tracer | None = None
remembered: OrderedDict[object, str] = OrderedDict()


def span(name: str, *, parent: str = "", **about: object) -> Span:
    """A span that begins now and ends with the `with` block, or by `end`.

    `parent` is a `traceparent`, `NONE`, or empty for what is being done.
    """
    return NOTHING if tracer is None else tracer.begin(name, parent, about)


def traced(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make each call of a function a span."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            with span(name):
                return function(*args, **kwargs)

        return call

    return decorate


def note(**about: object) -> None:
    """Add to the span that is being done what is known only now."""
    if tracer is not None:
        tracer.note(about)


def remember_cause(key: object) -> None:
    """Note that what is being done is the cause of what this process may do for a key."""
    if tracer is None:
        return
    if parent := tracer.traceparent():
        remembered[key] = parent
        while len(remembered) > MOST_REMEMBERED:
            remembered.popitem(last=False)


def take_cause(key: object) -> str:
    """The `traceparent` that was noted for a key, as a parent; none where another process did."""
    return remembered.pop(key, NONE) if remembered else NONE


def headers_for(host: str) -> Mapping[str, str]:
    """What a request to a host of a model or tool server says of its trace, if it may."""
    if tracer is None or host not in config.tracing.propagate_to:
        return NOBODY
    parent = tracer.traceparent()
    return {"traceparent": parent} if parent else NOBODY


def ambient_for(host: str) -> AbstractContextManager[object]:
    """A block in which the protocol of tools tells a host of our trace, if it may."""
    if tracer is None or host not in config.tracing.propagate_to:
        return nullcontext()
    return tracer.ambient()


def attach_to_message(headers: dict[str, Any], **_: Any) -> None:
    """Put what is being done into the headers of a task."""
    if tracer is not None and (parent := tracer.traceparent()):
        headers[CAUSE] = parent
