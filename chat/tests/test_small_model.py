"""The product with a real language model: SmolLM2-135M, served by llama.cpp out of its wheel."""

from __future__ import annotations

import json
import os

import pytest
from django.test import AsyncClient

from chat.agent.exceptions import ModelUnavailable
from chat.llm.openai.direct import with_forced_call
from chat.llm.registry import registry
from chat.models import Session
from chat.tests.key_support import caller
from quotas.models import UsageEvent
from youworker.core.config import config
from youworker.tests.support.small_model import NAME, files_of, small_model_path
from youworker.tests.support.waiting import wait_until_async
from youworker.upstream.client import async_client
from youworker.upstream.configured import chat_endpoints
from youworker.upstream.model_files.state import State, StateFile, Status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

COMPLETIONS = "/v1/chat/completions"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "enum": ["Rome", "Paris"]}},
            "required": ["city"],
        },
    },
}
PERSON = {
    "type": "object",
    "properties": {"name": {"enum": ["Ada", "Bob"]}, "age": {"type": "integer"}},
    "required": ["name", "age"],
}


async def send(path, body):
    """A request of a new user's program."""
    _, headers = await caller()
    return await AsyncClient().post(path, body, content_type="application/json", headers=headers)


async def ask(model, text="Tell me about the sea.", **body):
    messages = [{"role": "user", "content": text}]
    return await send(COMPLETIONS, {"model": model, "messages": messages, **body})


async def pieces(answer):
    """The documents of a stream that ended in good order."""
    lines = "".join([piece.decode() async for piece in answer]).split("\n\n")
    told = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    assert told[-1] == "[DONE]"
    return [json.loads(line) for line in told[:-1]]


LONG_ANSWER = 900


async def slots():
    """What llama.cpp says of the places in which it makes answers."""
    (endpoint,) = chat_endpoints(config.llm)
    address = endpoint.url.removesuffix("v1") + "slots"
    answer = await async_client(endpoint).get(address, extensions={"longest": 1_000_000})
    return answer.json()


async def busy_slots():
    """How many answers llama.cpp makes at the moment."""
    return sum(slot["is_processing"] for slot in await slots())


async def test_the_file_is_a_model_that_can_be_asked_for_and_its_window_is_known(small_model):
    models = await registry().list_available()
    model = await registry().resolve(None)

    assert models == [small_model, "quote"]
    assert (model.name, model.context_tokens) == (small_model, 1024)


async def test_quote_answers_while_the_file_is_loaded_and_who_wants_the_model_is_told(tmp_path):
    served = files_of(tmp_path, chat=str(small_model_path()))
    served.prepare()
    state = StateFile(served.files[0].state_path)
    state.take()
    state.write(State(Status.LOADING))

    with served.in_force():
        by_default = await registry().resolve(None)
        listed = await registry().list_available()
        with pytest.raises(ModelUnavailable, match="is being loaded"):
            await registry().resolve(NAME)
        os.close(state.descriptor)
        registry().listings.clear()
        with pytest.raises(ModelUnavailable, match="cannot be reached"):
            await registry().resolve(NAME)

    assert (by_default.name, listed) == ("quote", ["quote"])


async def test_an_answer_is_cut_at_its_length_and_counted(small_model):
    answer = (await ask(small_model, max_tokens=12, temperature=0)).json()

    (choice,) = answer["choices"]
    assert answer["model"] == small_model
    assert choice["finish_reason"] == "length"
    assert len(choice["message"]["content"].split()) > 4
    assert answer["usage"]["completion_tokens"] == 12
    assert answer["usage"]["prompt_tokens"] > 10
    event = await UsageEvent.objects.aget(kind="run")
    assert (event.name, event.tokens_out) == (small_model, 12)


async def test_a_stream_says_the_same_in_pieces_and_what_it_used(small_model):
    wanted = {"max_tokens": 12, "temperature": 0, "seed": 1}
    whole = (await ask(small_model, **wanted)).json()

    answer = await ask(small_model, stream=True, stream_options={"include_usage": True}, **wanted)
    told = await pieces(answer)

    texts = [choice["delta"].get("content") for piece in told for choice in piece["choices"]]
    said = "".join(text for text in texts if text)
    assert said == whole["choices"][0]["message"]["content"]
    assert len([text for text in texts if text]) > 1
    assert told[-1]["usage"] == whole["usage"]


async def test_a_word_stops_the_answer(small_model):
    wanted = {"max_tokens": 40, "temperature": 0}
    text = (await ask(small_model, **wanted)).json()["choices"][0]["message"]["content"]
    word = text.split()[3]

    (choice,) = (await ask(small_model, stop=[word], **wanted)).json()["choices"]

    assert choice["message"]["content"] == text[: text.index(word)]
    assert choice["finish_reason"] == "stop"


async def test_whoever_leaves_ends_the_work_of_the_model(small_model):
    answer = await ask(small_model, "Count to a thousand.", stream=True, max_tokens=LONG_ANSWER)
    stream = aiter(answer)
    await anext(stream)
    assert await busy_slots() == 1

    await stream.aclose()
    answer.close()

    made = []

    async def is_idle():
        found = await slots()
        made.extend(part["n_decoded"] for slot in found for part in slot.get("next_token", []))
        return not any(slot["is_processing"] for slot in found)

    await wait_until_async(is_idle)
    # It looks often enough to have seen most of an answer that was made to its end.
    assert max(made, default=0) < LONG_ANSWER / 2


@pytest.mark.parametrize("stream", [False, True])
async def test_a_question_beyond_the_window_is_refused_with_both_numbers(small_model, stream):
    answer = await ask(small_model, "sea " * 1500, stream=stream)

    assert answer.status_code == 400
    message = answer.json()["error"]["message"]
    assert "1024 tokens" in message
    assert "exceeds the available context size" in message


async def test_an_answer_keeps_to_a_json_schema(small_model):
    schema = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}}

    answer = await ask(small_model, "Invent a person.", response_format=schema, max_tokens=60)

    person = json.loads(answer.json()["choices"][0]["message"]["content"])
    assert person["name"] in {"Ada", "Bob"}
    assert isinstance(person["age"], int)


CHOSEN = {"type": "function", "function": {"name": "get_weather"}}
OTHER = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}


@pytest.mark.parametrize(("tools", "choice"), [([WEATHER], "required"), ([OTHER, WEATHER], CHOSEN)])
async def test_a_tool_call_is_forced_into_the_tools_schema(small_model, tools, choice):
    answer = await ask(
        small_model,
        "What is the weather in Rome?",
        tools=tools,
        tool_choice=choice,
        temperature=0,
        max_tokens=60,
    )

    (choice,) = answer.json()["choices"]
    (call,) = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    assert call["function"]["name"] == "get_weather"
    assert json.loads(call["function"]["arguments"]) in [{"city": "Rome"}, {"city": "Paris"}]


def test_a_call_whose_schema_has_references_is_asked_for_as_such():
    function = {"name": "point", "parameters": {"$ref": "#/$defs/p", "$defs": {"p": {}}}}
    tool = {"type": "function", "function": function}
    choice = {"type": "function", "function": {"name": "point"}}

    asked = with_forced_call({"tools": [WEATHER, tool], "tool_choice": choice})

    assert asked == {"tools": [tool], "tool_choice": "required"}


async def test_the_agent_answers_by_it_and_keeps_what_was_said(small_model):
    answer = await ask(f"youworker/{small_model}", "Say hello.", max_tokens=20)

    document = answer.json()
    session = await Session.objects.aget(pk=document["session_id"])
    said = [message async for message in session.messages.order_by("created_at")]
    assert document["choices"][0]["message"]["content"] == said[-1].content
    assert (said[-1].model, len(said)) == (small_model, 2)
    assert document["usage"]["completion_tokens"] > 0
