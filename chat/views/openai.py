"""The routes that OpenAI's clients call."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync
from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from accounts.services import grant_of_request
from chat import services
from chat.direct_calls import DirectCall, end_call
from chat.llm.quote.model import NAME as QUOTE
from chat.llm.registry import endpoint_of
from chat.models import Session
from chat.openai import agent_answers, direct_answers
from chat.openai.asked import asked_of, has_images
from chat.openai.housekeeping import TASK_HEADER, is_housekeeping, without_images
from chat.openai.names import (
    find_model,
    is_agent,
    list_names,
    model_of_agent,
    rendered_model,
    require_model,
)
from chat.openai.vectors import answer_embeddings
from chat.openai.wire import Wire
from chat.runs.manager import accept
from chat.serializers_openai import CompletionSerializer, EmbeddingsSerializer, session_in
from chat.serializers_openai_answers import (
    CompletionAnswerSerializer,
    EmbeddingsAnswerSerializer,
    ModelListSerializer,
    ModelSerializer,
)
from chat.views.chat import answer_to_the_end, stored_result
from chat.views.conversations import IDEMPOTENCY_HEADER, ChatView, validated
from youworker.core.api.formats import WhateverIsAccepted
from youworker.core.api.openai_errors import ERROR_RESPONSES, handle_exception
from youworker.core.api.rate_limits import rate_limited
from youworker.core.exceptions import InvalidInput
from youworker.core.network import absolute_url
from youworker.core.request_context import request_origin
from youworker.core.slots import holding_nothing

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from rest_framework.request import Request

    from chat.openai.wire import AnswerWire
    from chat.services import AcceptedMessage

    # Makes what an answer is sent by, from `answer_id`, `extra` and `site` where they are known.
    NewWire = Callable[..., AnswerWire]

SESSION_HEADER = OpenApiParameter(
    "X-Session-ID",
    str,
    OpenApiParameter.HEADER,
    description="The conversation that keeps an answer of the agent, like `metadata.session_id`.",
)
TASK = OpenApiParameter(
    TASK_HEADER,
    str,
    OpenApiParameter.HEADER,
    description="What a program asks for itself, like `metadata.task`.",
)


class OpenAIView(ChatView):
    """What all of these routes share: a key of scope `chat`, and errors in OpenAI's shape."""

    content_negotiation_class = WhateverIsAccepted

    def get_exception_handler(self) -> Callable[[Exception, Any], Response | None]:
        """What words refusals."""
        return handle_exception


class ModelsView(OpenAIView):
    """What can be asked for."""

    @extend_schema(
        operation_id="openai_models", responses={200: ModelListSerializer, **ERROR_RESPONSES}
    )
    def get(self, request: Request) -> Response:
        """List the agent (`youworker`, `youworker/<model>`), the models and the vectors' models."""
        rows = [rendered_model(name) for name in list_names()]
        return Response({"object": "list", "data": rows})


class ModelView(OpenAIView):
    """One thing that can be asked for."""

    @extend_schema(
        operation_id="openai_model",
        responses={200: ModelSerializer, **ERROR_RESPONSES},
        parameters=[OpenApiParameter("name", str, OpenApiParameter.PATH)],
    )
    def get(self, request: Request, name: str) -> Response:
        """Look one model up; names have slashes, dots and colons."""
        return Response(find_model(name))


def answers_schema(operation_id: str, asked: type[Any], answered: type[Any]) -> Any:
    """The description of a route that answers, whole or as a stream."""
    return extend_schema(
        operation_id=operation_id,
        request=asked,
        responses={200: answered, (200, "text/event-stream"): str, **ERROR_RESPONSES},
        parameters=[IDEMPOTENCY_HEADER, SESSION_HEADER, TASK],
    )


class AnsweringView(OpenAIView):
    """What answers a conversation, in whichever form."""

    def answer(self, request: Request, form: dict[str, Any], new_wire: NewWire) -> Any:
        """Ask the agent or a model what a validated request for a completion asks."""
        require_model(form["model"])
        if is_housekeeping(form, request.headers.get(TASK_HEADER)):
            return self.ask_model(request, without_images(form), new_wire, is_housekeeping=True)
        if is_agent(form["model"]):
            return self.ask_agent(request, form, new_wire)
        return self.ask_model(request, form, new_wire)

    def ask_agent(self, request: Request, form: dict[str, Any], new_wire: NewWire) -> Any:
        """Begin a run that is kept in a session, and give its answer."""
        question = agent_answers.question_of(form)
        wanted = session_in(request.headers.get("X-Session-ID"), form)
        asked: dict[str, Any] = {
            "text": question.text,
            "history": question.history,
            "session": Session(pk=wanted) if wanted else None,
            "model": model_of_agent(form["model"]),
            "idempotency_key": request.headers.get("Idempotency-Key", ""),
            "keeps": form.get("store") is not False,
            "actor": self.actor,
        }
        files = services.hand_in_once(question.images, **asked)
        post = partial(services.post_history, opening=question.opening, files=files, **asked)
        is_stream = bool(form["stream"])
        posted = accept(post, launches=is_stream)
        grant = grant_of_request(request)
        site = absolute_url(request._request, "/").rstrip("/")
        wire = new_wire(answer_id=posted.run_id, extra=agent_answers.fields_of(posted), site=site)
        if is_stream:
            frames = agent_answers.stream_run(posted.run_id, posted.session_id, grant, wire)
            return with_places(EventStream(frames), posted)
        # The answer may take minutes.
        with holding_nothing():
            result = async_to_sync(answer_to_the_end)(posted, grant)
        answer = agent_answers.rendered_run(result or stored_result(posted.run_id), wire)
        return with_places(Response(answer), posted)

    def ask_model(
        self,
        request: Request,
        form: dict[str, Any],
        new_wire: NewWire,
        *,
        is_housekeeping: bool = False,
    ) -> Any:
        """Ask a model in the caller's own words, and give its answer."""
        asked = replace(asked_of(form), is_housekeeping=is_housekeeping)
        # The agent's own model answers what concerns no document.
        name = model_of_agent(form["model"]) if is_agent(form["model"]) else form["model"]
        if name == QUOTE and has_images(form):
            raise InvalidInput("This model sees no images.", attr="messages")
        key_id, endpoint = request_origin().key_id, endpoint_of(name)
        call = DirectCall(self.actor.pk, key_id, endpoint, is_housekeeping=is_housekeeping)
        grant = grant_of_request(request)
        wire = new_wire()
        admit = services.wait_for_housekeeping if is_housekeeping else services.admit_direct_call
        try:
            admit(call, actor=self.actor)
            with holding_nothing():
                if form["stream"]:
                    begin = partial(direct_answers.begin_answer, waits=True)
                    answer = async_to_sync(begin)(name, asked, call)
                    return EventStream(direct_answers.stream_answer(answer, wire, grant))
                whole = async_to_sync(direct_answers.ask_for_answer)(name, asked, call, wire, grant)
        except BaseException:
            end_call(call)
            raise
        return Response(whole)


class CompletionsView(AnsweringView):
    """A conversation and the answer to it."""

    @answers_schema("openai_completion", CompletionSerializer, CompletionAnswerSerializer)
    @rate_limited("CHAT_MESSAGE")
    def post(self, request: Request) -> Any:
        """Ask the agent (`youworker`), which searches and cites, or a model by its name.

        What a program asks for itself (titles, tags, search queries) is answered by the agent's
        model without documents, and not kept: say so by `metadata.task` or `X-OpenWebUI-Task`;
        the instructions of known programs are recognised. With `store: false` nothing of an
        answer of the agent is kept: it is erased a minute after its end.
        """
        form = validated(CompletionSerializer(data=request.data))
        return self.answer(
            request, form, partial(Wire, form["model"], with_usage=wants_usage(form))
        )


class EmbeddingsView(OpenAIView):
    """Texts and their vectors."""

    @extend_schema(
        operation_id="openai_embeddings",
        request=EmbeddingsSerializer,
        responses={200: EmbeddingsAnswerSerializer, **ERROR_RESPONSES},
    )
    @rate_limited("SEARCH")
    def post(self, request: Request) -> Response:
        """Compute vectors of texts as they are, by a model that searches use."""
        form = validated(EmbeddingsSerializer(data=request.data))
        answer = answer_embeddings(
            form["model"],
            form["input"],
            encoding=form["encoding_format"] or "float",
            dimensions=form.get("dimensions"),
            key_id=request_origin().key_id,
            actor=self.actor,
        )
        return Response(answer)


def wants_usage(form: dict[str, Any]) -> bool:
    """Whether the reader of a stream asked for counts."""
    return bool((form.get("stream_options") or {}).get("include_usage"))


class EventStream(StreamingHttpResponse):
    """The response that streams an answer; it is closed as soon as its reader leaves."""

    def __init__(self, frames: AsyncGenerator[bytes, None]) -> None:
        super().__init__(frames, content_type="text/event-stream")
        self.frames = frames
        self["Cache-Control"] = "no-store"
        # Proxies gather what they pass on unless they are told otherwise.
        self["X-Accel-Buffering"] = "no"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        # Django's own leaves what it reads from to the garbage collector.
        async with aclosing(self.frames) as frames:
            async for frame in frames:
                yield frame


def with_places(response: Any, posted: AcceptedMessage) -> Any:
    """A response that says where its answer can be read again."""
    response["X-Session-ID"] = str(posted.session_id)
    response["X-Run-ID"] = str(posted.run_id)
    return response
