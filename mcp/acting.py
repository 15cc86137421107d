"""The context of the tool call at hand, for built-in servers only."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from youworker.common.exceptions import Forbidden

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcp.calls import CallContext

current: ContextVar[CallContext | None] = ContextVar("mcp_call_context", default=None)


@contextmanager
def acting_as(context: CallContext) -> Iterator[None]:
    """Run the calls inside on behalf of the context's user."""
    token = current.set(context)
    try:
        yield
    finally:
        current.reset(token)


def acting_context() -> CallContext:
    """The context of this call; raises `Forbidden` when nobody is known to have made it."""
    context = current.get()
    if context is None:
        raise Forbidden("This tool works only on behalf of a signed-in user.")
    return context
