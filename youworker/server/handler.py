"""Django's handler with a bound on requests at once; what is sent holds no connection."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING, Any, cast

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.db import close_old_connections, reset_queries
from django.utils import translation
from django.utils.translation import gettext_noop

from youworker.core import slots
from youworker.core.api import error_views
from youworker.core.api.rate_limits import network_of
from youworker.core.config import config
from youworker.core.db import divide_pool
from youworker.core.exceptions import DATABASE_AWAY
from youworker.core.network import shown_key
from youworker.core.request_context import HEADER, accept_correlation_id, labelled
from youworker.core.slots import Caller, RequestSlots, Slot
from youworker.server.content_policies import PolicyMiddleware
from youworker.server.request_lines import report_request
from youworker.server.silence import DatabaseSilent, SilenceWatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.handlers.asgi import ASGIRequest
    from django.http import HttpRequest, HttpResponseBase

logger = logging.getLogger(__name__)

# Proxies give up after 60 s as a rule; before that a sentence is better than silence.
PATIENCE_SECONDS = 50.0
RETRY_SECONDS = 5
BUSY = gettext_noop("The server is busy; try again in %(seconds)s s.")
# The supervisor and load balancers ask, and must hear, while everybody else waits.
READINESS = "/health/ready"
# The first needs no database, the second asks it in a thread for what is vital.
WITHOUT_SLOT = {"/health/live", "/metrics"}
# Where a request's scope has its thread.
THREAD = "youworker.thread"
BODY = "youworker.body"


class Handler(ASGIHandler):
    """Carries out so many requests at once; a connection ends before the answer is sent."""

    def __init__(self) -> None:
        super().__init__()
        number = divide_pool(config.database.pool_size).requests
        # Nobody fills all of them alone, not even by showing another key each time.
        self.slots = RequestSlots(
            slots=number, per_caller=max(1, number // 3), per_address=max(1, number * 2 // 3)
        )
        self.readiness = RequestSlots(slots=1, per_caller=1, per_address=1)
        self.threads = RequestThreads(spare=number)
        self.silence = SilenceWatch()
        self.endings: set[asyncio.Task[None]] = set()

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002 -- Django's
        """Load every layer as synchronous code: Django would change threads for most of them."""
        super().load_middleware(is_async=False)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Carry out one request, with a thread of its own for everything synchronous."""
        thread = self.threads.take()
        own = {**scope, THREAD: thread}
        try:
            async with ThreadSensitiveContext(executor=thread):
                await super().__call__(own, receive, send)
        finally:
            # Not waited for: it may still run a view whose client has left, and reads the body.
            self.threads.give_back(thread, own.get(BODY))

    async def read_body(self, receive: Any) -> Any:
        """The body as our server has stored it; of other servers, a copy of what they send."""
        take = getattr(receive, "take", None)
        body = take() if take is not None else None
        return await super().read_body(receive) if body is None else body

    def create_request(self, scope: Mapping[str, Any], body_file: Any) -> Any:
        """Note the file that holds the body, so that it is closed."""
        cast("dict[str, Any]", scope)[BODY] = body_file
        return super().create_request(scope, body_file)

    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Make the answer while holding a slot; streams and slow readers go on without."""
        slot = self.slot_for(request)
        if slot is None or slot.slots is self.readiness:
            return await self.answer_in_turn(request, slot)
        began = time.monotonic()
        try:
            async with self.silence.end_when_silent(slot):
                return await self.answer_in_turn(request, slot)
        except DatabaseSilent:
            answer = await asyncio.to_thread(refusal, request, DATABASE_AWAY)
            report_request(request, answer.status_code, time.monotonic() - began)
            return answer

    async def answer_in_turn(self, request: HttpRequest, slot: Slot | None) -> HttpResponseBase:
        """Make the answer with a slot, or refuse whoever gets none in time."""
        answer: HttpResponseBase
        if slot is not None:
            try:
                await slot.acquire(seconds=PATIENCE_SECONDS)
            except TimeoutError:
                logger.warning("a request was refused: its turn did not come in time")
                answer = await asyncio.to_thread(refusal, request, BUSY)
                report_request(request, answer.status_code, PATIENCE_SECONDS)
                return answer
            slots.current.set(slot)
        try:
            answer = await super().run_get_response(request)
        except BaseException:
            # A task of its own: a request that is cancelled twice must give everything back, too.
            thread = cast("ASGIRequest", request).scope[THREAD]
            ending = asyncio.create_task(self.give_back(slot, thread))
            self.endings.add(ending)
            ending.add_done_callback(self.endings.discard)
            # Whoever is told that the database hangs does not wait until it does not.
            if not self.silence.is_silent:
                await asyncio.shield(ending)
            raise
        if slot is not None:
            slot.end()
        return answer

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """Make the answer in one go, in the request's thread: every view is synchronous."""
        answer: HttpResponseBase = await sync_to_async(self.make_answer)(request)
        return answer

    def make_answer(self, request: HttpRequest) -> HttpResponseBase:
        """Make the answer, and give the thread's connection back before anything is sent."""
        try:
            answer: HttpResponseBase = self.get_response(request)
            return answer
        finally:
            close_old_connections()

    def slot_for(self, request: HttpRequest) -> Slot | None:
        """The slot a request needs."""
        if request.path in WITHOUT_SLOT:
            return None
        ready = request.path == READINESS
        return Slot(self.readiness if ready else self.slots, caller_of(request))

    async def give_back(self, slot: Slot | None, thread: ThreadPoolExecutor) -> None:
        """Close the connection of the request's thread, behind whatever still runs there."""
        try:
            await asyncio.get_running_loop().run_in_executor(thread, close_old_connections)
        finally:
            if slot is not None:
                slot.end()

    async def send_response(self, response: HttpResponseBase, send: Any) -> None:
        """Send an answer; one that breaks down on its way is closed like any other."""
        try:
            await super().send_response(response, send)
        except Exception:
            await sync_to_async(response.close)()
            raise


class RequestThreads:
    """Threads for one request each; a new one for every request would cost more than its layers.

    They keep their clients of the database and of Redis, but no connection. Belongs to one event
    loop.
    """

    def __init__(self, *, spare: int) -> None:
        self.spare = spare
        self.idle: list[ThreadPoolExecutor] = []

    def take(self) -> ThreadPoolExecutor:
        """A thread that does nothing else."""
        return self.idle.pop() if self.idle else ThreadPoolExecutor(1, thread_name_prefix="request")

    def give_back(self, thread: ThreadPoolExecutor, body: IO[bytes] | None) -> None:
        """Close what a request held, behind whatever its thread still runs; then it is free."""
        thread.submit(self.end_request, thread, body)

    def end_request(self, thread: ThreadPoolExecutor, body: IO[bytes] | None) -> None:
        """Close the body, which Django does only in good order, and the thread's connection."""
        try:
            if body is not None:
                body.close()
            close_old_connections()
            reset_queries()
        finally:
            if len(self.idle) < self.spare:
                self.idle.append(thread)
            else:
                thread.shutdown(wait=False)


def caller_of(request: HttpRequest) -> Caller:
    """Who sends a request: an API key, else a session, else only an address."""
    headers = request.headers
    secret = shown_key(headers.get("Authorization", ""), headers.get("X-API-Key"))
    secret = secret or request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    return Caller(hash(secret), hash(network_of(request.META.get("REMOTE_ADDR", ""))))


def refusal(request: HttpRequest, sentence: str) -> HttpResponseBase:
    """The answer to somebody who is not served now, in the language that the browser names."""
    with translation.override(translation.get_language_from_request(request)):
        detail = translation.gettext(sentence) % {"seconds": RETRY_SECONDS}
        # No middleware comes by here, and without its policy a page would have no style.
        policed = PolicyMiddleware(
            lambda _: error_views.answer(request, 503, "server_error", "unavailable", detail)
        )
        answer = cast("HttpResponseBase", policed(request))
    answer["Retry-After"] = str(RETRY_SECONDS)
    return labelled(answer, accept_correlation_id(request.headers.get(HEADER)))
