from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace

import pytest

from chat.agent.exceptions import ModelRefused, ModelUnknown
from chat.agent.types import ChatMessage, Notice, ToolCall, ToolSchema, Usage
from chat.tests.llm_support import (
    SEARCH,
    calls_of,
    events_of,
    model_on,
    reasoning_of,
    text_of,
    usages_of,
    user,
)
from youworker.core import request_context, tracing
from youworker.core.per_loop import close_all
from youworker.tests.support.collectors import attributes_of, running_collector, traced_to
from youworker.tests.support.model_server import Call, ModelServer, Turn
from youworker.tests.support.waiting import PATIENCE_SECONDS


@pytest.fixture
async def server():
    with ModelServer() as running:
        yield running
        await close_all()


async def test_stream_yields_the_words_and_the_usage(server):
    server.script(Turn(text="Paris is the capital."))

    events = await events_of(model_on(server.base_url), user("What is the capital?"))

    assert [event.text for event in events[:-1]] == ["Paris ", "is ", "the ", "capital."]
    assert events[-1] == Usage(5, 4)


async def test_request_carries_prompt_options_and_correlation(server):
    token = request_context.current.set("abc-123")
    messages = [
        ChatMessage("system", "Be brief."),
        ChatMessage("user", "Find it."),
        ChatMessage("assistant", "", tool_calls=[ToolCall("c1", "semantic_query", {"query": "è"})]),
        ChatMessage("tool", "found", tool_call_id="c1", tool_name="semantic_query"),
    ]

    await events_of(model_on(server.base_url, max_output_tokens=77), messages, [SEARCH])
    request_context.current.reset(token)

    request = server.chats[0]
    assert request.headers["x-correlation-id"] == "abc-123"
    assert request.body["stream"] is True
    assert request.body["max_tokens"] == 77
    assert request.body["stream_options"] == {"include_usage": True}
    assert request.body["tools"][0]["function"]["name"] == "semantic_query"
    assert "qualified" not in request.body["tools"][0]["function"]
    assert request.body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Find it."},
        {
            "role": "assistant",
            "content": "(tool call)",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "semantic_query", "arguments": '{"query":"è"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "found"},
    ]


async def test_a_turn_is_a_span_that_only_hosts_of_the_operator_are_told_of(server, monkeypatch):
    model = model_on(server.base_url)
    with running_collector() as collector:
        for told in ((), ("127.0.0.1",)):
            with traced_to(collector.url, monkeypatch, propagate_to=told) as traced:
                with tracing.span("run"):
                    server.script(Turn(text="canary7f3a says"))
                    await events_of(model, user("canary7f3a?"))
                await asyncio.to_thread(traced.provider.force_flush)

    silent, telling = server.chats
    turns = [span for span in collector.spans() if span.name == "model request"]
    runs = [span for span in collector.spans() if span.name == "run"]
    assert "traceparent" not in silent.headers
    trace, parent = telling.headers["traceparent"].split("-")[1:3]
    assert (trace, parent) == (turns[1].trace_id.hex(), turns[1].span_id.hex())
    assert [span.parent_span_id for span in turns] == [span.span_id for span in runs]
    assert attributes_of(turns[0])["youworker.outcome"] == "succeeded"
    assert b"canary7f3a" not in b"".join(collector.bodies)


async def test_key_of_the_server_is_sent(server):
    await events_of(model_on(server.base_url, api_key="secret-key"))

    assert server.chats[0].headers["authorization"] == "Bearer secret-key"


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
async def test_reasoning_is_kept_apart_from_the_answer(server, field):
    server.script(Turn(text="42", reasoning="six times seven", reasoning_field=field))

    events = await events_of(model_on(server.base_url))

    assert reasoning_of(events) == "six times seven "
    assert text_of(events) == "42"


@pytest.mark.parametrize("style", ["whole", "pieces", "bare", "object"])
async def test_tool_call_is_read_in_every_style(server, style):
    arguments = {"query": "replication lag", "limit": 8}
    server.script(Turn(calls=(Call("semantic_query", arguments),), call_style=style))

    (call,) = calls_of(await events_of(model_on(server.base_url), tools=[SEARCH]))

    assert (call.name, call.arguments, call.invalid) == ("semantic_query", arguments, "")
    assert call.id


@pytest.mark.parametrize("style", ["whole", "pieces", "bare", "object"])
async def test_two_calls_of_one_turn_stay_apart(server, style):
    calls = (Call("a", {"x": 1}), Call("b", {"y": [2]}))
    server.script(Turn(text="Let me see.", calls=calls, call_style=style))

    events = await events_of(model_on(server.base_url))

    found = calls_of(events)
    assert [(call.name, call.arguments) for call in found] == [("a", {"x": 1}), ("b", {"y": [2]})]
    assert len({call.id for call in found}) == 2
    assert text_of(events) == "Let me see."


@pytest.mark.parametrize("broken", ['{"query": ', "[1, 2]", '"text"', "nonsense"])
async def test_unreadable_arguments_are_named_not_raised(server, broken):
    server.script(Turn(calls=(Call("semantic_query", broken),)))

    (call,) = calls_of(await events_of(model_on(server.base_url)))

    assert call.arguments == {}
    assert "arguments are not" in call.invalid


@pytest.mark.parametrize(
    "quirk",
    [
        {"garbage": True},
        {"done": False},
        {"finish": False},
        {"empty_choices": True},
        {"whole": True},
    ],
)
async def test_quirk_of_the_stream_does_not_spoil_the_answer(server, quirk):
    server.script(Turn(text="All is well.", **quirk))

    events = await events_of(model_on(server.base_url))

    assert text_of(events) == "All is well."
    assert len(usages_of(events)) == 1
    assert len(server.chats) == 1


async def test_whole_answer_may_hold_reasoning_and_calls(server):
    calls = (Call("semantic_query", {"query": "x"}),)
    server.script(Turn(text="Hm.", reasoning="thinking", calls=calls, whole=True))

    events = await events_of(model_on(server.base_url))

    assert reasoning_of(events) == "thinking"
    assert calls_of(events)[0].arguments == {"query": "x"}


async def test_missing_usage_is_estimated(server):
    server.script(Turn(text="12345678", usage=False))

    (usage,) = usages_of(await events_of(model_on(server.base_url), user("q" * 400)))

    assert usage.tokens_out == 3
    assert 100 <= usage.tokens_in <= 125


async def test_answer_without_text_is_an_answer(server):
    server.script(Turn(text=""))

    assert text_of(await events_of(model_on(server.base_url))) == ""


async def test_text_of_any_language_and_control_character_arrives_untouched(server):
    text = 'Grüße,\t"città"\n日本 \u2028 🙂\\ \x00end'
    server.script(Turn(text=text))

    assert text_of(await events_of(model_on(server.base_url))) == text


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("tools", "registry.ollama.ai/library/gemma:2b does not support tools"),
        ("tools", '"auto" tool choice requires --enable-auto-tool-choice to be set'),
        ("stream_options", "Unrecognized request argument supplied: stream_options"),
        ("temperature", "Unsupported value: 'temperature' does not support 0.2 with this model."),
        ("max_tokens", "Use 'max_completion_tokens' instead of max_tokens."),
    ],
)
async def test_part_the_server_refuses_is_left_out_from_then_on(server, field, message):
    refusal = Turn(status=400, refuses=field, message=message)
    server.script(refusal, Turn(text="Fine."), Turn(text="Again."))
    model = model_on(server.base_url)

    first = await events_of(model, tools=[SEARCH])
    second = await events_of(model, tools=[SEARCH])

    assert (text_of(first), text_of(second)) == ("Fine.", "Again.")
    assert [field in request.body for request in server.chats] == [True, False, False]


async def test_model_without_tools_is_told_results_in_plain_words(server):
    server.script(Turn(status=400, refuses="tools", message="does not support tools"))
    messages = [
        *user("Find it."),
        ChatMessage("assistant", "", tool_calls=[ToolCall("c1", "semantic_query", {})]),
        ChatMessage("tool", "the passage", tool_call_id="c1", tool_name="semantic_query"),
    ]

    await events_of(model_on(server.base_url), messages, [SEARCH])

    assert server.chats[1].body["messages"][1:] == [
        {"role": "assistant", "content": "I use semantic_query."},
        {"role": "user", "content": "Result of semantic_query:\nthe passage"},
    ]


FOREIGN = ToolSchema("tiny__echo", "Says it again.", {"type": "object"}, "tiny.echo")
OTHER = ToolSchema("tiny__add", "Adds.", {"type": "object"}, "tiny.add")
OWN = replace(SEARCH, is_builtin=True)


def offered(request):
    return [tool["function"]["name"] for tool in request.body.get("tools", [])]


def notices(events):
    return [event.text for event in events if isinstance(event, Notice)]


@pytest.mark.parametrize(
    "message",
    [
        "Invalid schema for function 'tiny__echo': array schema missing items.",
        "Invalid schema for function at 'tools[1].function.parameters'",
        "tools.1.custom.input_schema: JSON schema is invalid",
        "* GenerateContentRequest.tools[0].function_declarations[1].parameters: missing type",
    ],
)
@pytest.mark.parametrize("status", [400, 422, 500])
async def test_a_tool_the_server_names_is_left_out_and_the_user_is_told(server, message, status):
    server.script(Turn(status=status, message=message), Turn(text="Fine."), Turn(text="Again."))
    model = model_on(server.base_url)

    first = await events_of(model, tools=[OWN, FOREIGN, OTHER])
    second = await events_of(model, tools=[OWN, FOREIGN, OTHER])

    assert (text_of(first), text_of(second)) == ("Fine.", "Again.")
    assert [offered(request) for request in server.chats] == [
        ["semantic_query", "tiny__echo", "tiny__add"],
        ["semantic_query", "tiny__add"],
        ["semantic_query", "tiny__add"],
    ]
    for events in (first, second):
        assert notices(events) == [
            "The model's server does not take these tools, so they are left out: tiny.echo."
        ]


@pytest.mark.parametrize(
    "message",
    [
        "JSON schema conversion failed: Unrecognized schema: {}",
        "Failed to initialize samplers: failed to parse grammar",
        "Invalid 'tools': array too long. Expected an array with maximum length 2, but got 3.",
        "Failed to parse tools: type must be string; semantic_query tiny__echo tiny__add",
    ],
)
async def test_tools_of_others_are_left_out_when_the_server_names_none(server, message):
    server.script(Turn(status=400, message=message), Turn(text="Fine."))

    events = await events_of(model_on(server.base_url), tools=[FOREIGN, OWN, OTHER])

    assert text_of(events) == "Fine."
    assert [offered(request) for request in server.chats][1:] == [["semantic_query"]]
    assert "tiny.echo, tiny.add" in notices(events)[0]


async def test_a_refusal_inside_an_answer_that_had_begun_counts_as_well(server):
    message = "JSON schema conversion failed: Unrecognized schema: {}"
    server.script(Turn(error=message), Turn(text="Fine."))

    events = await events_of(model_on(server.base_url), tools=[OWN, FOREIGN])

    assert text_of(events) == "Fine."
    assert [offered(request) for request in server.chats][1:] == [["semantic_query"]]
    assert "tiny.echo" in notices(events)[0]


async def test_a_server_that_takes_no_tools_after_all_answers_without(server):
    refusal = "does not support tools with this schema"
    server.script(*[Turn(status=400, refuses="tools", message=refusal)] * 2, Turn(text="Fine."))

    events = await events_of(model_on(server.base_url), tools=[OWN, FOREIGN])

    assert [offered(request) for request in server.chats] == [
        ["semantic_query", "tiny__echo"],
        ["semantic_query"],
        [],
    ]
    assert "takes no tools" in notices(events)[0]


async def test_a_call_that_the_model_made_badly_costs_no_tool(server):
    message = "tool call validation failed: parameters for tool tiny__echo did not match schema"
    server.script(Turn(status=400, message=message))
    model = model_on(server.base_url)

    with pytest.raises(ModelRefused):
        await events_of(model, tools=[OWN, FOREIGN])

    assert model.refused == set()


@pytest.mark.parametrize(
    ("message", "check"),
    [
        ("System role not supported", lambda sent: sent[0]["role"] == "user"),
        (
            "Conversation roles must alternate user/assistant/user/assistant/...",
            lambda sent: sent[0]["content"] == "Be brief.\n\nFind it.",
        ),
        (
            "Assistant message must have either content or tool_calls, but not both.",
            lambda sent: "content" not in sent[2],
        ),
        (
            "This model only supports single tool-calls at once!",
            lambda sent: [len(one.get("tool_calls", ())) for one in sent] == [0, 0, 1, 0, 1, 0],
        ),
    ],
)
async def test_a_prompt_that_a_template_refuses_is_put_otherwise(server, message, check):
    server.script(Turn(status=400, message=message), Turn(text="Fine."))
    calls = [ToolCall(name, "semantic_query", {}) for name in ("c1", "c2")]
    messages = [
        ChatMessage("system", "Be brief."),
        ChatMessage("user", "Find it."),
        ChatMessage("assistant", "", tool_calls=calls),
        ChatMessage("tool", "one", tool_call_id="c1", tool_name="semantic_query"),
        ChatMessage("tool", "two", tool_call_id="c2", tool_name="semantic_query"),
    ]

    assert text_of(await events_of(model_on(server.base_url), messages, [OWN])) == "Fine."
    assert check(server.chats[1].body["messages"])
    assert offered(server.chats[1]) == ["semantic_query"]


async def test_a_model_that_its_server_does_not_know_is_unknown(server):
    server.script(Turn(status=404, message="model 'llama9' not found, try pulling it first"))

    with pytest.raises(ModelUnknown):
        await events_of(model_on(server.base_url, "llama9"))


async def test_refusal_of_the_schema_itself_is_not_taken_for_missing_tools(server):
    server.script(Turn(status=400, message="Invalid JSON in messages[0]"))

    with pytest.raises(ModelRefused, match="Invalid JSON in messages"):
        await events_of(model_on(server.base_url), tools=[SEARCH])


async def test_closing_the_generator_closes_the_request(server):
    model = model_on(server.base_url, "double:tokens=1000,rate=50")

    async with aclosing(model.stream(user(), tools=[])) as stream:
        await anext(stream)

    assert await asyncio.to_thread(server.chats[0].abandoned.wait, PATIENCE_SECONDS)
    assert server.chats[0].tokens_sent < 50


@pytest.mark.parametrize("hang", ["headers", "first", "middle"])
async def test_cancelling_the_task_closes_the_request_at_once(server, hang):
    server.script(Turn(tokens=4, hang=hang))
    task = asyncio.create_task(events_of(model_on(server.base_url)))
    await asyncio.to_thread(server.state.arrived.wait, PATIENCE_SECONDS)
    await asyncio.sleep(0.05)

    start = time.perf_counter()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert time.perf_counter() - start < 0.5
    assert await asyncio.to_thread(server.chats[0].abandoned.wait, PATIENCE_SECONDS)


async def test_connection_is_used_again(server):
    model = model_on(server.base_url)

    for _ in range(3):
        await events_of(model)

    assert len(server.connections) == 1


async def test_many_streams_at_once_do_not_mix(server):
    texts = [f"answer {number} " * 30 for number in range(20)]
    server.state.default = Turn(text="{user}")
    model = model_on(server.base_url)

    answers = await asyncio.gather(*(events_of(model, user(text)) for text in texts))

    assert [text_of(answer) for answer in answers] == texts


def shown(text="What is it?"):
    """A question with an image that was drawn, and one that could not be."""
    image = "data:image/jpeg;base64,AAAA"
    unseen = "(The image cannot be seen.)"
    return [ChatMessage("user", text, attached="A list.", images=[image], unseen=unseen)]


async def test_images_are_parts_of_a_message(server):
    server.script(Turn(text="Red."))

    await events_of(model_on(server.base_url), shown())

    (request,) = server.chats
    text, image = request.body["messages"][-1]["content"]
    assert text == {"type": "text", "text": "What is it?\n\nA list."}
    assert image == {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,AAAA"}}


@pytest.mark.parametrize(
    ("status", "complaint"),
    [
        (400, "this model does not support image input"),
        (500, "image input is not supported - hint: you may need to provide the mmproj"),
        (422, "messages.0.content: Input should be a valid string"),
        (400, "llama3 is not a multimodal model"),
    ],
)
async def test_a_server_that_takes_no_images_gets_words_and_the_user_is_told(
    server, status, complaint
):
    server.script(
        Turn(status=status, message=complaint), Turn(text="It says so."), Turn(text="Again.")
    )
    model = model_on(server.base_url)

    events = await events_of(model, shown())
    again = await events_of(model, shown())

    assert [len(server.chats), server.chats[1].body["messages"][-1]["content"]] == [
        3,
        "What is it?\n\nA list.\n\n(The image cannot be seen.)",
    ]
    told = "The model's server takes no images: it reads the text that was recognised in them."
    for said in (events, again):
        assert [event.text for event in said if isinstance(event, Notice)] == [told]
    assert text_of(events) == "It says so."


async def test_an_address_is_never_passed_on_as_an_image(server):
    server.script(Turn(text="No."))
    message = ChatMessage("user", "See?", images=["http://10.0.0.1/a.png", "an id"])

    await events_of(model_on(server.base_url), [message])

    assert server.chats[0].body["messages"][-1]["content"] == "See?"
