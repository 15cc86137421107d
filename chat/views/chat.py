"""`POST /v1/chat`: a question and its answer in one call."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.exceptions import AccessEnded
from accounts.services import grant_of_request, is_still_valid
from chat import services
from chat.agent.exceptions import MessageTooLong, ModelUnknown
from chat.enums import MessageRole, RunStatus
from chat.exceptions import AnswerFailed, OversizedMessage, UnknownModel
from chat.models import Message, Run, Session
from chat.realtime.sse import event_stream
from chat.rendering import done_payload
from chat.runs.manager import accept, launch, running_task, unfinished, working_runs
from chat.runs.stream import conditions_of
from chat.serializers import ChatAnswerSerializer, ChatSerializer
from chat.views.conversations import IDEMPOTENCY_HEADER, ChatView, validated
from chat.voice import spoken_answer, written_in_request
from youworker.core.api.formats import WhateverIsAccepted
from youworker.core.api.rate_limits import rate_limited
from youworker.core.db import run_in_thread
from youworker.core.realtime.revocation import Revoked, until_revoked
from youworker.core.slots import holding_nothing

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

    from accounts.types import AccessGrant
    from chat.runs.manager import RunTask
    from chat.serializers import ChatAnswerShape, TranscriptShape
    from chat.services import AcceptedMessage

OPTIONS = ("enable_tools", "enable_web", "collections")


class OneCallView(ChatView):
    """A question and its answer in one call."""

    content_negotiation_class = WhateverIsAccepted

    @extend_schema(
        operation_id="chat",
        request=ChatSerializer,
        responses={200: ChatAnswerSerializer, (200, "text/event-stream"): str},
        parameters=[IDEMPOTENCY_HEADER],
    )
    @rate_limited("CHAT_MESSAGE")
    def post(self, request: Request) -> Any:
        """Ask, and get the whole answer, or with `stream` the events of its run."""
        form = validated(ChatSerializer(data=request.data))
        services.check_model(form.get("model", ""))
        wanted = form.get("session_id")
        if wanted and form.get("audio"):
            # Nobody is listened to who has no such conversation.
            services.own_session(wanted, actor=self.actor)
        # The sound of a whole answer is made when it is there.
        speaks = form["stream"] and form["expect_audio"]
        asked = written_in_request({**form, "expect_audio": speaks}, actor=self.actor)
        options = {name: form[name] for name in OPTIONS if name in form}
        post = partial(
            services.post_chat,
            text=asked["text"],
            session=Session(pk=wanted) if wanted else None,
            model=form.get("model", ""),
            options=options | asked.get("options", {}),
            attachments=form.get("attachments", ()),
            idempotency_key=request.headers.get("Idempotency-Key", ""),
            actor=self.actor,
        )
        posted = accept(post, launches=form["stream"])
        grant = grant_of_request(request)
        if form["stream"]:
            response = event_stream(posted.run_id, posted.session_id, grant)
            response["X-Session-ID"] = str(posted.session_id)
            response["X-Run-ID"] = str(posted.run_id)
            return response
        # The answer may take minutes.
        with holding_nothing():
            result = async_to_sync(answer_to_the_end)(posted, grant)
        answer = answer_from(posted, result or stored_result(posted.run_id))
        answer["transcript"] = transcript_in(asked)
        if form["expect_audio"]:
            answer["audio"] = spoken_answer(answer["message"]["content"], actor=self.actor)
        return Response(answer)


async def answer_to_the_end(posted: AcceptedMessage, grant: AccessGrant) -> dict[str, Any] | None:
    """Wait for the run of a question; its last event, if it ended in this process.

    The end is seen in this process or in the database: the answer does not need Redis. Raises
    `AccessEnded` when it may not be read.
    """
    news, valid, run_id = asyncio.Event(), False, posted.run_id
    task = running_task(run_id)
    with (
        suppress(Revoked),
        until_revoked(*conditions_of(posted.session_id, grant)) as revocable,
        unfinished.watching(run_id, news.set),
    ):
        if task is None and posted.status == RunStatus.QUEUED:
            task = await launch(run_id)
        if task is not None:
            task.add_done_callback(lambda _: news.set())
            await revocable.wait_for(news.wait)
        # The task of a run that broke down ends before the sweeper has ended the run.
        while result_of(task) is None and await is_working(run_id):
            await revocable.wait_for(news.wait)
            news.clear()
        valid = await revocable.wait_for(partial(run_in_thread, is_still_valid, grant))
    if not valid:
        raise AccessEnded("Your access ended while the answer was made.")
    return result_of(task)


def result_of(task: RunTask | None) -> dict[str, Any] | None:
    """The last event of a run; None unless it has ended in this process."""
    if task is None or not task.done() or task.cancelled():
        return None
    return task.result()


async def is_working(run_id: UUID) -> bool:
    """Whether a run neither has ended nor waits for a decision."""
    working = await run_in_thread(working_runs, [run_id])
    return run_id in working


def stored_result(run_id: UUID) -> dict[str, Any]:
    """What the database has of a run, as its last event tells it."""
    run = Run.objects.get(pk=run_id)
    run.answer = Message.objects.with_details().get(run=run, role=MessageRole.ASSISTANT)
    return done_payload(run)


def answer_from(posted: AcceptedMessage, result: dict[str, Any]) -> ChatAnswerShape:
    """The answer of a run as far as it goes without a decision.

    Raises `AnswerFailed`, `UnknownModel` or `OversizedMessage`, whichever was the reason.
    """
    message, error = result["message"], result["error"]
    if error and not message["content"]:
        if error["code"] == ModelUnknown.code:
            raise UnknownModel(error["detail"], attr="model")
        if error["code"] == MessageTooLong.code:
            raise OversizedMessage(error["detail"], attr="text")
        raise AnswerFailed(error["detail"])
    return {
        "session_id": posted.session_id,
        "run_id": posted.run_id,
        "status": result["status"],
        "message": message,
        "usage": result["usage"],
        "tool_runs": message["tool_runs"],
        "error": result["error"],
        "transcript": None,
        "audio": None,
    }


def transcript_in(asked: dict[str, Any]) -> TranscriptShape | None:
    """What was understood of a spoken question."""
    heard = asked.get("options", {}).get("transcript")
    if not heard:
        return None
    return {
        "text": asked["text"],
        "language": heard["language"],
        "confidence": heard["confidence"],
    }
