"""One application alone in its process, at an address of the loopback interface only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http.request import split_domain_port

from youworker.core.per_loop import close_all

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

HOSTS = {"localhost", "127.0.0.1"}
PLAIN = [(b"content-type", b"text/plain; charset=utf-8")]


class Standalone:
    """Serves `inner` at one path; names of other hosts are pages that were led here."""

    def __init__(self, inner: Callable[..., Awaitable[None]], path: str) -> None:
        self.inner = inner
        self.path = path

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, or begin and end with the server."""
        if scope["type"] == "lifespan":
            await follow_lifespan(receive, send)
        elif scope["type"] != "http":
            return
        elif not names_this_machine(scope):
            await answer_briefly(send, 421, b"This server is for its own machine.")
        elif scope["path"].rstrip("/") != self.path:
            await answer_briefly(send, 404, b"Not found.")
        else:
            await self.inner(scope, receive, send)


def names_this_machine(scope: Any) -> bool:
    """Whether a request was sent to this machine by one of its own names."""
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    return len(hosts) == 1 and split_domain_port(hosts[0])[0] in HOSTS


async def answer_briefly(send: Any, status: int, words: bytes) -> None:
    """Answer with a sentence."""
    length = (b"content-length", str(len(words)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*PLAIN, length]})
    await send({"type": "http.response.body", "body": words})


async def follow_lifespan(receive: Any, send: Any) -> None:
    """Close what the event loop holds when the server ends."""
    while (await receive())["type"] == "lifespan.startup":
        await send({"type": "lifespan.startup.complete"})
    await close_all()
    await send({"type": "lifespan.shutdown.complete"})
