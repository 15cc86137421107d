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
from chat.enums import MessageRole
from chat.exceptions import AnswerFailed
from chat.models import Message, Run
from chat.rendering import rendered_message
from chat.runs.process import launch, unfinished, working_runs
from chat.runs.viewing import conditions_of
from chat.serializers import ChatAnswerSerializer, ChatSerializer
from chat.streaming import event_stream
from chat.views import IDEMPOTENCY_HEADER, ChatView, validated
from youworker.common.db import in_thread
from youworker.common.limits import rate_limited
from youworker.common.revocation import Revoked, until_revoked
from youworker.common.slots import holding_nothing

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

    from accounts.types import AccessGrant
    from chat.serializers import ChatAnswerShape
    from chat.services import Posted

OPTIONS = ("enable_tools", "enable_web", "collections")


class OneCallView(ChatView):
    """A question and its answer in one call."""

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
        wanted = form.get("session_id")
        posted = services.post_chat(
            text=form["text"],
            session=services.own_session(wanted, actor=self.actor) if wanted else None,
            model=form.get("model", ""),
            options={name: form[name] for name in OPTIONS if name in form},
            idempotency_key=request.headers.get("Idempotency-Key", ""),
            actor=self.actor,
        )
        grant = grant_of_request(request)
        if form["stream"]:
            if posted.is_new:
                async_to_sync(launch)(posted.run_id)
            response = event_stream(posted.run_id, posted.session_id, grant)
            response["X-Session-ID"] = str(posted.session_id)
            response["X-Run-ID"] = str(posted.run_id)
            return response
        # The answer may take minutes.
        with holding_nothing():
            async_to_sync(answer_to_the_end)(posted, grant)
        return Response(answer_of(posted.run_id))


async def answer_to_the_end(posted: Posted, grant: AccessGrant) -> None:
    """Carry out the run of a new question, or wait for the one of a question sent again.

    The end is seen in this process or in the database: the answer does not need Redis. Raises
    `AccessEnded` when it may not be read.
    """
    news, valid = asyncio.Event(), False
    with (
        suppress(Revoked),
        until_revoked(*conditions_of(posted.session_id, grant)) as revocable,
        unfinished.watching(posted.run_id, news.set),
    ):
        if posted.is_new:
            task = await launch(posted.run_id)
            task.add_done_callback(lambda _: news.set())
        # The task of a run that broke down ends before the sweeper has ended the run.
        while await goes_on(posted.run_id):
            await revocable.wait_for(news.wait)
            news.clear()
        valid = await revocable.wait_for(partial(in_thread, is_still_valid, grant))
    if not valid:
        raise AccessEnded("Your access ended while the answer was made.")


async def goes_on(run_id: UUID) -> bool:
    """Whether a run neither has ended nor waits for a decision."""
    working = await in_thread(working_runs, [run_id])
    return run_id in working


def answer_of(run_id: UUID) -> ChatAnswerShape:
    """The answer of a run as far as it goes without a decision; raises `AnswerFailed`."""
    run = Run.objects.get(pk=run_id)
    answer = Message.objects.with_details().get(run=run, role=MessageRole.ASSISTANT)
    if run.error_code and not answer.content:
        raise AnswerFailed(run.error_detail)
    message = rendered_message(answer)
    return {
        "session_id": run.session_id,
        "run_id": run.pk,
        "status": run.status,
        "message": message,
        "usage": {"tokens_in": run.tokens_in, "tokens_out": run.tokens_out},
        "tool_runs": message["tool_runs"],
    }
