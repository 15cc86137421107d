"""The route of OpenAI's newer protocol, which its clients call for an answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chat import services
from chat.openai.response_requests import completion_of, name_of, with_earlier
from chat.openai.response_wire import PREFIX, ResponseWire
from chat.serializers_openai import CompletionSerializer
from chat.serializers_openai_responses import ResponseAnswerSerializer, ResponseRequestSerializer
from chat.views.conversations import validated
from chat.views.openai import AnsweringView, answers_schema
from youworker.core.api.openai_errors import handle_exception
from youworker.core.api.rate_limits import rate_limited
from youworker.core.exceptions import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rest_framework.request import Request
    from rest_framework.response import Response

NOT_KEPT = "No such response is kept: send the whole conversation in input."


class ResponsesView(AnsweringView):
    """A conversation and the answer to it, as a response."""

    def get_exception_handler(self) -> Callable[[Exception, Any], Response | None]:
        """What words refusals, with the names that the caller knows."""
        return handle_by_own_names

    @answers_schema("openai_response", ResponseRequestSerializer, ResponseAnswerSerializer)
    @rate_limited("CHAT_MESSAGE")
    def post(self, request: Request) -> Any:
        """Ask the agent (`youworker`) or a model, as `POST /v1/chat/completions` does.

        `previous_response_id` goes on from an answer of the agent; what models answer without it
        is not kept here. Of `tools`, only functions of the caller are ever called.
        """
        asked = validated(ResponseRequestSerializer(data=request.data))
        form = validated(CompletionSerializer(data=completion_of(asked)))
        form["messages"] = with_earlier(
            form["messages"], asked.get("instructions") or "", self.earlier(asked)
        )
        return self.answer(
            request, form, partial(ResponseWire, form["model"], asked=repeated(asked))
        )

    def earlier(self, asked: Mapping[str, Any]) -> list[services.Spoken]:
        """What was said up to the response that is named; raises `InvalidInput`."""
        named = asked.get("previous_response_id")
        if not named:
            return []
        try:
            run_id = UUID(named.removeprefix(PREFIX))
            return services.read_earlier(run_id, actor=self.actor)
        except (ValueError, NotFound) as error:
            raise InvalidInput(NOT_KEPT, attr="previous_response_id") from error


def handle_by_own_names(exc: Exception, context: Any) -> Response | None:
    """Answer an exception; fields of completions are called as in requests for responses."""
    response = handle_exception(exc, context)
    if response is not None:
        response.data["error"]["param"] = name_of(response.data["error"]["param"])
    return response


def repeated(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What a response tells of its request."""
    return {
        "instructions": asked.get("instructions"),
        "max_output_tokens": asked.get("max_output_tokens"),
        "metadata": {},
        "parallel_tool_calls": asked.get("parallel_tool_calls") is not False,
        "previous_response_id": asked.get("previous_response_id") or None,
        "reasoning": asked.get("reasoning") or {"effort": None, "summary": None},
        "store": asked.get("store") is not False,
        "temperature": asked.get("temperature"),
        "text": asked.get("text") or {"format": {"type": "text"}},
        "tool_choice": asked.get("tool_choice") or "auto",
        "tools": asked.get("tools") or [],
        "top_p": asked.get("top_p"),
        "truncation": "disabled",
    }
