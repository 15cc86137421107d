"""Conversations over WebSocket: a viewer of event logs that can also ask and stop."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from channels.exceptions import StopConsumer
from rest_framework.exceptions import ValidationError

from accounts.enums import Scope
from accounts.services import is_still_valid
from chat import approvals, services
from chat.models import Message, Run
from chat.runs.manager import accept, launch, request_stop, run_manager
from chat.runs.stream import conditions_of, view_run
from chat.serializers import PostMessageSerializer, RegenerateSerializer
from chat.voice import admit_voice, count_heard, hear_question, written
from youworker.core.api.rate_limits import check_rate_limit
from youworker.core.db import run_in_thread
from youworker.core.exceptions import DomainError, InvalidInput, NotFound
from youworker.core.realtime.consumer import BaseConsumer, deny_handshake
from youworker.core.realtime.revocation import CloseReason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from chat.models import Session
    from chat.runs.leases import RunLease
    from chat.services import AcceptedMessage
    from youworker.speech.types import Recorded

LARGEST_FRAME = 1024 * 1024
LARGEST_AUDIO_FRAME = 12 * 1024 * 1024
MESSAGE_TOO_BIG = 1009
# Each holds a page of events while the client does not read.
MOST_WATCHED = 16

Frame = dict[str, Any]


class ChatConsumer(BaseConsumer):
    """One socket on one session. A handler never waits for an answer: answers are tasks."""

    # Nothing is sent to a socket from elsewhere, so none listens on Redis.
    channel_layer_alias = "none"

    async def websocket_connect(self, message: Any) -> None:
        self.actor = self.scope["user"]
        self.key, self.grant = self.scope.get("api_key"), self.scope["grant"]
        self.tasks: dict[UUID, asyncio.Task[None]] = {}
        self.hearing: asyncio.Task[None] | None = None

        session_id = self.scope["url_route"]["kwargs"]["session_id"]
        if self.key is not None and Scope.CHAT not in self.key.scopes:
            await self.refuse(403)
        try:
            self.session = await run_in_thread(services.own_session, session_id, actor=self.actor)
        except NotFound:
            await self.refuse(404)
        await self.accept()
        active = await run_in_thread(services.active_run_id, self.session)
        await self.say({"type": "system", "session_id": self.session.pk, "active_run_id": active})
        conditions = conditions_of(self.session.pk, self.grant)
        self.spawn(self.serve_until_closed(*conditions))

    async def refuse(self, status: int) -> None:
        """Answer the handshake with an HTTP status."""
        await deny_handshake(self.base_send, status, scope=self.scope)
        raise StopConsumer

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Handle one frame; whatever is wrong with it is answered, and the socket stays open."""
        raw = text_data.encode() if text_data is not None else bytes_data or b""
        try:
            frame = read_frame(raw)
        except OversizedFrame:
            await self.close(code=MESSAGE_TOO_BIG)
            return
        except InvalidInput as error:
            await self.say({"type": "error", **error.as_json()})
            return
        try:
            await self.check_access()
            await self.handlers()[frame["type"]](frame)
        except ValidationError as error:
            detail = orjson.dumps(
                error.detail, default=str, option=orjson.OPT_NON_STR_KEYS
            ).decode()
            await self.say({"type": "error", "code": "invalid", "detail": detail})
        except DomainError as error:
            await self.say({"type": "error", **error.as_json()})

    def handlers(self) -> dict[str, Callable[[Frame], Awaitable[None]]]:
        """What a client may send."""
        return {
            "text": self.on_text,
            "audio": self.on_text,
            "continue": self.on_continue,
            "stop": self.on_stop,
            "approve": self.on_approve,
            "resume": self.on_resume,
            "ping": self.on_ping,
        }

    async def check_access(self) -> None:
        """Rights are looked at when they are used, not only at sign-in."""
        found = await run_in_thread(self.look_again)
        if found is None:
            await self.close_for(CloseReason.ACCESS_ENDED)
            raise StopConsumer
        self.session = found

    def look_again(self) -> Session | None:
        """The session as it is now, in a thread; None when the reader's access has ended."""
        if not is_still_valid(self.grant):
            return None
        return services.own_session(self.session.pk, actor=self.actor)

    async def on_text(self, frame: Frame) -> None:
        """Ask, and watch the answer."""
        form = PostMessageSerializer(data=frame)
        form.is_valid(raise_exception=True)
        if model := form.validated_data.get("model"):
            await services.find_model(model)
        key, fields = str(frame.get("idempotency_key") or ""), form.validated_data
        if fields.get("audio"):
            self.listen(fields, key)
        else:
            await self.ask(written(fields, None), key)

    def listen(self, fields: Frame, key: str) -> None:
        """Hear a spoken question in a task, so that the socket is there for other frames."""
        if self.hearing is not None and not self.hearing.done():
            raise InvalidInput("The question before this one is still being heard.", attr="audio")
        self.hearing = self.spawn(self.ask_by_voice(fields, key))

    async def ask_by_voice(self, fields: Frame, key: str) -> None:
        """Hear a spoken question and ask it; says why when that cannot be done."""
        try:
            recorded = await run_in_thread(self.admit, fields["audio"])
            # Not in a thread for the database, of which there are few.
            question = await asyncio.to_thread(hear_question, recorded, actor=self.actor)
            key_id = self.key.pk if self.key else None
            await run_in_thread(count_heard, recorded, question, actor=self.actor, key_id=key_id)
            if await run_in_thread(self.look_again) is None:
                await self.close_for(CloseReason.ACCESS_ENDED)
                return
            await self.ask(written(fields, question), key, is_counted=True)
        except DomainError as error:
            await self.say({"type": "error", **error.as_json()})

    def admit(self, audio: Frame) -> Recorded:
        """A sound that may be heard, in a thread; hearing is work, so it is counted before."""
        check_rate_limit("CHAT_MESSAGE", self.actor)
        return admit_voice(audio, actor=self.actor)

    async def ask(self, fields: Frame, key: str, *, is_counted: bool = False) -> None:
        """Post a question, and watch its answer."""
        post = partial(self.post if is_counted else self.count_and_post, fields, key)
        posted = await run_in_thread(accept, post, manager=run_manager())
        self.watch(posted.run_id, after=0)

    def count_and_post(self, fields: Frame, key: str, *, lease: RunLease | None) -> AcceptedMessage:
        """Store a question unless there were too many, in a thread."""
        check_rate_limit("CHAT_MESSAGE", self.actor)
        return self.post(fields, key, lease=lease)

    def post(self, fields: Frame, key: str, *, lease: RunLease | None) -> AcceptedMessage:
        """Store a question, in a thread."""
        return services.post_message(
            self.session, **fields, idempotency_key=key, lease=lease, actor=self.actor
        )

    async def on_continue(self, frame: Frame) -> None:
        """Go on with an answer of this conversation that broke off, and watch it."""
        form = RegenerateSerializer(data=frame)
        form.is_valid(raise_exception=True)
        if model := form.validated_data.get("model"):
            await services.find_model(model)
        post = partial(self.post_continuation, id_in(frame, "message_id"), form.validated_data)
        posted = await run_in_thread(accept, post, manager=run_manager())
        self.watch(posted.run_id, after=0)

    def post_continuation(
        self, message_id: UUID, fields: Frame, *, lease: RunLease | None
    ) -> AcceptedMessage:
        """Begin the rest of an answer, in a thread."""
        check_rate_limit("CHAT_MESSAGE", self.actor)
        rows = Message.objects.filter(session=self.session).select_related("parent")
        message = rows.filter(pk=message_id).first()
        if message is None:
            raise NotFound("Not found.")
        return services.continue_answer(message, **fields, lease=lease, actor=self.actor)

    async def on_stop(self, frame: Frame) -> None:
        """Stop the run that is named, or the latest one that goes on."""
        run_id = await self.find_run(frame, default=True)
        await request_stop(run_id)

    async def on_approve(self, frame: Frame) -> None:
        """Allow or deny a tool call of this conversation that waits."""
        call_id, decision = id_in(frame, "tool_run_id"), str(frame.get("decision"))
        runs = Run.objects.filter(session=self.session)
        decide = partial(
            approvals.decide_call,
            decision=decision,
            remember=frame.get("remember") is True,
            remember_for=str(frame.get("remember_for") or ""),
            actor=self.actor,
        )
        row = await run_in_thread(decide, runs, call_id)
        if row.run_id is not None:
            await launch(row.run_id)

    async def on_resume(self, frame: Frame) -> None:
        """Watch a run from the event after the last one seen."""
        after = frame.get("after", 0)
        if not isinstance(after, int) or isinstance(after, bool) or after < 0:
            raise InvalidInput("`after` must be the number of an event.", attr="after")
        run_id = await self.find_run(frame, default=False)
        if run_id not in self.tasks and len(self.tasks) >= MOST_WATCHED:
            raise InvalidInput(f"A socket can watch {MOST_WATCHED} runs at a time.", attr="run_id")
        self.watch(run_id, after=after)

    async def on_ping(self, frame: Frame) -> None:
        """Answer a sign of life."""
        await self.say({"type": "pong"})

    async def find_run(self, frame: Frame, *, default: bool) -> UUID:
        """The run of a frame, which must be of this session."""
        named = frame.get("run_id")
        if named is None and default:
            named = await run_in_thread(services.active_run_id, self.session)
            if named is None:
                raise NotFound("Nothing is running.")
        return await run_in_thread(services.run_in_session, self.session, named)

    def watch(self, run_id: UUID, *, after: int) -> None:
        """Send a run's events from a task; watching again replaces the watcher."""
        former = self.tasks.pop(run_id, None)
        if former is not None:
            former.cancel()
        self.tasks[run_id] = self.spawn(self.send_events(run_id, after))

    async def send_events(self, run_id: UUID, after: int) -> None:
        """Send what is in the log, and what comes, to the end."""
        async with aclosing(view_run(run_id, after=after)) as batches:
            async for batch in batches:
                for event in batch:
                    await self.send(text_data=event.as_frame(run_id))
        if self.tasks.get(run_id) is asyncio.current_task():
            del self.tasks[run_id]

    async def say(self, frame: Frame) -> None:
        """Send one frame."""
        await self.send(text_data=orjson.dumps(frame).decode())


def id_in(frame: Frame, name: str) -> UUID:
    """The id a frame names; raises `NotFound` for nonsense, as for any other unknown id."""
    try:
        return UUID(str(frame.get(name)))
    except ValueError as error:
        raise NotFound("Not found.") from error


class OversizedFrame(Exception):
    """A frame above the limit of its kind."""


def read_frame(raw: bytes) -> Frame:
    """The JSON object of a frame; raises `InvalidInput`, or `OversizedFrame`."""
    if len(raw) > LARGEST_AUDIO_FRAME:
        raise OversizedFrame
    try:
        frame = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if len(raw) > LARGEST_FRAME:
            raise OversizedFrame from error
        raise InvalidInput("This frame is not JSON.") from error
    kind = frame.get("type") if isinstance(frame, dict) else None
    if len(raw) > LARGEST_FRAME and kind != "audio":
        raise OversizedFrame
    if kind not in ("text", "audio", "continue", "stop", "approve", "resume", "ping"):
        raise InvalidInput("A frame is an object with a known `type`.")
    return dict(frame)
