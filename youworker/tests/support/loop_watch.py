"""Notices what keeps an event loop from everything else, by CPU time: machines are busy."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from contextlib import contextmanager
from importlib import _bootstrap
from threading import local
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# Everybody who streams feels a loop that does one thing for longer.
MOST_SECONDS = 0.05
# Tests prepare in the loop what, in the product, comes from outside of it.
MOST_SECONDS_OF_TESTS = 1.0
# While coverage is measured, many small calls take four times as long, and the first ones of a file
# more still. What is not measured, like all of the fast lane, is held to the plain bound.
TRACED = 10

run_handle = asyncio.Handle._run  # noqa: SLF001 -- every callback and step of a task passes here
machinery: Any = _bootstrap
# Only what is not loaded yet passes here; `__import__` is called by every import statement.
load = machinery._find_and_load  # noqa: SLF001


class Excused(local):
    """CPU time of the running callback that is not its own fault, in this thread."""

    seconds = 0.0
    depth = 0
    began = 0.0

    def begin(self) -> None:
        """Stop the clock."""
        if not self.depth:
            self.began = time.thread_time()
        self.depth += 1

    def end(self) -> None:
        """Let it run again."""
        self.depth -= 1
        if not self.depth:
            self.seconds += time.thread_time() - self.began


excused = Excused()


@contextmanager
def watched_loops() -> Iterator[list[str]]:
    """Note callbacks that take more CPU time than they may, in all loops of the process."""
    found: list[str] = []

    def run(handle: Any) -> None:
        callback = handle._callback  # noqa: SLF001 -- gone when it has run
        excused.seconds, began = 0.0, time.thread_time()
        run_handle(handle)
        spent = time.thread_time() - began - excused.seconds
        slower = TRACED if sys.gettrace() else 1
        if spent > MOST_SECONDS * slower:
            name, most = described(callback)
            if spent > most * slower:
                found.append(f"{name} took {spent * 1000:.0f} ms of CPU time")

    before = asyncio.Handle._run, machinery._find_and_load  # noqa: SLF001
    gc.callbacks.append(excuse_collection)
    machinery._find_and_load = excuse_import  # noqa: SLF001
    asyncio.Handle._run = run  # type: ignore[assignment, method-assign]  # noqa: SLF001
    try:
        yield found
    finally:
        asyncio.Handle._run, machinery._find_and_load = before  # type: ignore[method-assign]  # noqa: SLF001
        gc.callbacks.remove(excuse_collection)


@contextmanager
def require_free_loops() -> Iterator[None]:
    """Fail the test when something held an event loop up."""
    with watched_loops() as found:
        yield
    if found:
        pytest.fail("An event loop was held up: " + "; ".join(found), pytrace=False)


def excuse_collection(phase: str, _info: dict[str, int]) -> None:
    """Leave out collections of garbage: here they walk what thousands of tests have left."""
    excused.begin() if phase == "start" else excused.end()


def excuse_import(*args: Any, **kwargs: Any) -> Any:
    """Leave out imports: which test is the first to need a module depends on the order of tests."""
    excused.begin()
    try:
        return load(*args, **kwargs)
    finally:
        excused.end()


def described(callback: Any) -> tuple[str, float]:
    """What a callback is called, and how many seconds it may take."""
    owner = getattr(callback, "__self__", None)
    if not isinstance(owner, asyncio.Task):
        return repr(callback), MOST_SECONDS
    coroutine: Any = owner.get_coro()
    code = getattr(coroutine, "cr_code", None)
    place = f" of {code.co_filename}:{code.co_firstlineno}" if code else ""
    own = "/tests/" in place
    return f"{coroutine.__qualname__}{place}", MOST_SECONDS_OF_TESTS if own else MOST_SECONDS
