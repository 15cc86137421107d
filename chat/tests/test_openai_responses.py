"""Requests for responses, and how answers are told as such."""

from __future__ import annotations

import json

import pytest
from django.test import AsyncClient
from openai.types.responses import Response

from chat.agent.types import ToolCall, Usage
from chat.models import Message, Session
from chat.openai.response_requests import completion_of, name_of, with_earlier
from chat.openai.response_wire import ResponseWire
from chat.openai.wire import Answer
from chat.services import Spoken
from chat.tests.fakes import answered
from chat.tests.key_support import caller
from youworker.core.exceptions import InvalidInput

RESPONSES = "/v1/responses"
IMAGE = "data:image/png;base64,aGk="
CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "7"}
SOURCE = {"type": "url_citation", "url_citation": {"title": "1. leave", "url": "http://y/d"}}


async def ask(headers, **body):
    body = {"model": "youworker", **body}
    return await AsyncClient().post(
        RESPONSES, body, content_type="application/json", headers=headers
    )


def events_in(*frames):
    lines = [frame.split("\n") for frame in b"".join(frames).decode().split("\n\n") if frame]
    events = [json.loads(data.removeprefix("data: ")) for _, data in lines]
    assert [name for name, _ in lines] == [f"event: {event['type']}" for event in events]
    return events


def test_items_are_messages_in_their_places():
    image = {"type": "input_image", "image_url": IMAGE, "detail": "low"}
    form = {
        "model": "m",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "Hi"}, image]},
            {"type": "reasoning", "id": "r", "summary": []},
            CALL,
            RESULT,
        ],
        "max_output_tokens": 9,
        "reasoning": {"effort": "low"},
        "text": {"format": {"type": "json_schema", "name": "W", "schema": {}, "strict": True}},
        "tools": [{"type": "function", "name": "f"}, {"type": "web_search"}],
        "tool_choice": {"type": "function", "name": "f"},
    }

    body = completion_of(form)

    user, thought, call, result = body["messages"]
    assert user["content"][1] == {
        "type": "image_url",
        "image_url": {"url": IMAGE, "detail": "low"},
    }
    assert thought == {"role": "assistant", "content": ""}
    assert call["tool_calls"][0]["function"] == {"name": "f", "arguments": "{}"}
    assert result == {"role": "tool", "tool_call_id": "c1", "content": "7"}
    assert (body["max_completion_tokens"], body["reasoning_effort"]) == (9, "low")
    assert body["response_format"]["json_schema"] == {"name": "W", "schema": {}, "strict": True}
    assert body["tools"] == [{"type": "function", "function": {"name": "f"}}]
    assert body["tool_choice"] == {"type": "function", "function": {"name": "f"}}


def test_calls_of_a_turn_are_one_message_and_empty_ones_none():
    said = {"role": "assistant", "content": "Let me see."}
    calls = [{"role": "assistant", "content": None, "tool_calls": [{"id": n}]} for n in "ab"]
    empty = {"role": "assistant", "content": ""}

    (told, whole) = with_earlier([said, *calls, empty], "", [Spoken("user", "Hi")])

    assert told == {"role": "user", "content": "Hi"}
    assert whole == {**said, "tool_calls": [{"id": "a"}, {"id": "b"}]}


def test_instructions_are_told_once():
    new = {"role": "user", "content": "And?"}
    earlier = [Spoken("user", "Be kind."), Spoken("user", "Hi"), Spoken("assistant", "Hello.")]

    again = with_earlier([new], "Be kind.", earlier)
    other = with_earlier([new], "Be short.", earlier)

    assert [one["content"] for one in again] == ["Be kind.", "Hi", "Hello.", "And?"]
    assert other[0] == {"role": "system", "content": "Be short."}


@pytest.mark.parametrize("item", ["Hi", 7, None, {"type": "item_reference", "id": "x"}])
def test_items_of_other_kinds_are_refused(item):
    with pytest.raises(InvalidInput) as refused:
        completion_of({"input": [{"role": "user", "content": "Hi"}, item]})

    assert refused.value.attr == "input.1.type"


def test_fields_are_named_as_the_caller_knows_them():
    assert name_of("messages.2.content") == "input.2.content"
    assert name_of("max_completion_tokens") == "max_output_tokens"
    assert name_of("model") == "model"
    assert name_of(None) is None


def test_thoughts_texts_and_calls_are_items_one_after_the_other():
    wire = ResponseWire(
        "m", asked={"tools": [], "tool_choice": "auto", "parallel_tool_calls": True}
    )
    link = {**SOURCE["url_citation"], "start_index": 9, "end_index": 12}
    answer = Answer(
        "Yes. No. [1]",
        "tool_calls",
        Usage(3, 2),
        calls=[ToolCall("c1", "f", {"a": 1})],
        sources={"annotations": [{**SOURCE, "url_citation": link}], "citations": [{"index": 1}]},
    )

    frames = [wire.beginning(), wire.thought("Hm"), wire.text("Yes. "), wire.thought("But")]
    frames += [wire.text("No. "), wire.text("[1]"), wire.ending(answer)]
    events = events_in(*frames)

    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    last = events[-1]["response"]
    kinds = [item["type"] for item in last["output"]]
    assert kinds == ["reasoning", "message", "reasoning", "message", "function_call"]
    done = [event for event in events if event["type"] == "response.output_item.done"]
    assert [event["output_index"] for event in done] == [0, 1, 2, 3, 4]
    # Of the second message, which begins five characters into the answer.
    (annotation,) = last["output"][3]["content"][0]["annotations"]
    assert (annotation["start_index"], annotation["end_index"]) == (4, 7)
    assert last["citations"] == [{"index": 1}]
    assert Response.model_validate(last).output_text == "Yes. No. [1]"
    assert wire.sent == len(events)


def test_an_answer_that_is_cut_says_so():
    wire = ResponseWire("m")

    events = events_in(wire.text("One"), wire.ending(Answer("One", "length", Usage(1, 2))))

    assert events[-1]["type"] == "response.incomplete"
    assert events[-1]["response"]["incomplete_details"] == {"reason": "max_output_tokens"}


def test_an_answer_of_nothing_has_an_empty_message():
    wire = ResponseWire("m")

    events = events_in(wire.beginning(), wire.ending(Answer("", "stop", Usage(1, 0))))
    whole = ResponseWire("m").whole(Answer("", "content_filter", Usage(1, 0)))

    assert events[-1]["response"]["output"][0]["content"][0]["text"] == ""
    assert whole["output"][0]["content"][0]["text"] == ""
    assert whole["incomplete_details"] == {"reason": "content_filter"}


@pytest.mark.django_db(transaction=True)
async def test_the_agent_goes_on_from_its_own_answers_only(spoken_by):
    model = spoken_by(answered("One.", "Two."))
    user, headers = await caller()
    _, others = await caller()
    first = (await ask(headers, input="First?", instructions="Be kind.")).json()

    second = (await ask(headers, input="Second?", previous_response_id=first["id"])).json()
    stolen = await ask(others, input="What was said?", previous_response_id=first["id"])

    session = await Session.objects.aget(user=user)
    said = [row.content async for row in Message.objects.filter(session=session).in_order()]
    assert said == ["Be kind.", "First?", "One.", "Second?", "Two."]
    assert [one.content for one in model.seen[-1][1:]] == said[:-1]
    assert second["previous_response_id"] == first["id"]
    assert stolen.status_code == 400
    assert stolen.json()["error"]["param"] == "previous_response_id"
    assert await Session.objects.acount() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": []}, "input"),
        ({"input": [{"role": "king", "content": "Hi"}]}, "input.0.role"),
        ({"input": [CALL]}, "input.0.role"),
        ({"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, "input.0.content"),
        ({"input": "Hi", "background": True}, "background"),
        ({"input": "Hi", "conversation": "conv_1"}, "conversation"),
        ({"input": "Hi", "prompt": {"id": "p"}}, "prompt"),
        ({"input": "Hi", "tools": [{"name": "f"}]}, "tools.0"),
        ({"input": "Hi", "tool_choice": {"type": "web_search"}}, "tool_choice"),
        ({"input": "Hi", "text": {"format": {"type": "json_object"}}}, "text.format"),
        ({"input": "Hi", "max_output_tokens": 0}, "max_output_tokens"),
    ],
)
async def test_what_cannot_be_answered_is_refused_by_its_name(body, param):
    _, headers = await caller()

    answer = await ask(headers, **body)

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
