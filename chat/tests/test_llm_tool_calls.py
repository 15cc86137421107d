"""Tool calls as servers really send them: cut, labelled, repeated and written in every way."""

from __future__ import annotations

import orjson
import pytest

from chat.agent.types import ChatMessage, ToolCall, ToolSchema
from chat.llm.openai.answer_text import AnswerText
from chat.llm.openai.offered_tools import OfferedTools
from chat.llm.openai.stream_reader import AnswerReader, Question
from chat.llm.openai.written_calls import HEAD
from chat.tests.llm_support import calls_of, text_of
from youworker.upstream.endpoint import Limits

QUERY = ToolSchema(
    "semantic__query",
    "Searches.",
    {
        "type": "object",
        "properties": {
            "query": {"type": "string"},
            "limit": {"type": "integer"},
            "tags": {"type": "array"},
        },
    },
    "semantic.query",
)
NOW = ToolSchema("datetime__now", "The time.", {"type": "object"}, "datetime.now")
FETCH = ToolSchema("web__fetch", "A page.", {"type": "object"}, "web.fetch")
TOOLS = [QUERY, NOW, FETCH]
FOUND = ("semantic__query", {"query": "lag"})
TIME: tuple[str, dict[str, object]] = ("datetime__now", {})


def line(delta, finish=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + orjson.dumps({"choices": [choice]}) + b"\n\n"


def read(*deltas, tools=TOOLS, messages=(), finish="tool_calls"):
    made = AnswerReader(Limits(), Question(OfferedTools(tools, messages)))
    blocks = [line(delta) for delta in deltas] + [line({}, finish)]
    return [event for block in blocks for event in made.feed(block)] + made.end({})


def part(index=None, identifier=None, name=None, arguments=None, **more):
    function = {"name": name, "arguments": arguments}
    found = {"index": index, "id": identifier, "function": function, **more}
    found["function"] = {key: value for key, value in function.items() if value is not None}
    return {key: value for key, value in found.items() if value is not None}


def named(events):
    return [(call.name, call.arguments) for call in calls_of(events) if not call.invalid]


N, A = "semantic__query", '{"query": "lag"}'
HALVES = ('{"query"', ': "lag"}')

ONE_CALL = {
    "the whole call": [[part(0, "a", N, A)]],
    "a new id in each delta": [
        [part(0, "a", N, "")],
        [part(0, "b", None, HALVES[0])],
        [part(0, "c", None, HALVES[1])],
    ],
    "a new id and the name in each delta": [
        [part(0, "a", N, HALVES[0])],
        [part(0, "b", N, HALVES[1])],
    ],
    "an empty name in later deltas": [
        [part(0, "a", N, "")],
        [part(0, "", "", HALVES[0])],
        [part(0, "", "", HALVES[1])],
    ],
    "the name in pieces": [
        [part(0, "a", "semantic", "")],
        [part(0, None, "__qu")],
        [part(0, None, "ery", HALVES[0])],
        [part(0, None, None, HALVES[1])],
    ],
    "the name in pieces under one id": [
        [part(0, "a", "semantic__", "")],
        [part(0, "a", "query", "")],
        [part(0, "a", None, A)],
    ],
    "the whole call again in the last chunk": [
        [part(0, "a", N, HALVES[0])],
        [part(0, None, None, HALVES[1])],
        [part(0, "a", N, A)],
    ],
    "the whole call again, spelled otherwise": [
        [part(0, "a", N, HALVES[0])],
        [part(0, None, None, HALVES[1])],
        [part(0, "a", None, '{"query":"lag"}')],
    ],
    "all arguments so far in each delta": [
        [part(0, "a", N, HALVES[0])],
        [part(0, "a", N, '{"query": "la')],
        [part(0, "a", N, A)],
    ],
    "neither index nor id": [[part(None, None, N, HALVES[0])], [part(None, None, None, HALVES[1])]],
    "an index as text": [[part("0", "a", N, HALVES[0])], [part(0, None, None, HALVES[1])]],
    "an index that counts deltas": [
        [part(0, "a", N, HALVES[0])],
        [part(0, "a", None, HALVES[1])],
    ],
    "an object": [[part(0, "a", N, {"query": "lag"})]],
    "an object after an empty one": [[part(0, "a", N, {})], [part(0, "a", None, {"query": "lag"})]],
    "parameters for arguments": [[{"index": 0, "function": {"name": N, "parameters": A}}]],
    "no function around it": [[{"index": 0, "id": "a", "name": N, "arguments": A}]],
    "not in a list": [part(0, "a", N, A)],
    "fenced": [[part(0, "a", N, f"```json\n{A}\n```")]],
    "fenced on one line": [[part(0, "a", N, f"```{A}```")]],
    "encoded twice": [[part(0, "a", N, orjson.dumps(A).decode())]],
    "with the end of a template": [[part(0, "a", N, f"{A}<|im_end|>")]],
    "with a bracket too many": [[part(0, "a", N, A + "}")]],
    "with the end of its tag": [[part(0, "a", N, f"{A}\n</tool_call>")]],
}


@pytest.mark.parametrize("deltas", ONE_CALL.values(), ids=ONE_CALL)
@pytest.mark.parametrize("tools", [TOOLS, []], ids=["offered", "unknown"])
def test_one_call_is_one_call_however_it_is_sent(deltas, tools):
    events = read(*({"tool_calls": calls} for calls in deltas), tools=tools)

    assert named(events) == [FOUND]


TWO_CALLS = {
    "one index, no ids": [[part(0, None, N, A)], [part(0, None, "datetime__now", "{}")]],
    "one index, two ids": [[part(0, "a", N, A)], [part(0, "b", "datetime__now", "")]],
    "no index, no ids": [[part(None, None, N, A)], [part(None, None, "datetime__now")]],
    "no index in one delta": [[part(None, "a", N, A), part(None, "b", "datetime__now", "{}")]],
    "no labels in one delta": [[part(None, None, N, A), part(None, None, "datetime__now")]],
    "interleaved by index": [
        [part(0, "a", N, ""), part(1, "b", "datetime__now", "")],
        [part(1, None, None, "{")],
        [part(0, None, None, HALVES[0])],
        [part(1, None, None, "}")],
        [part(0, None, None, HALVES[1])],
    ],
    "interleaved by id": [
        [part(None, "a", N, "")],
        [part(None, "b", "datetime__now", "")],
        [part(None, "a", None, HALVES[0])],
        [part(None, "b", None, "{}")],
        [part(None, "a", None, HALVES[1])],
    ],
    "one id for all": [[part(0, "a", N, A)], [part(1, "a", "datetime__now", "{}")]],
    "one id and no index": [[part(None, "a", N, A)], [part(None, "a", "datetime__now", "{}")]],
    "the second without arguments first": [
        [part(0, "a", N, A)],
        [part(1, "b", "datetime__now", None)],
    ],
    "index from one": [[part(1, "a", N, A)], [part(2, "b", "datetime__now", "{}")]],
}


@pytest.mark.parametrize("deltas", TWO_CALLS.values(), ids=TWO_CALLS)
def test_two_calls_stay_two(deltas):
    events = read(*({"tool_calls": calls} for calls in deltas))

    assert named(events) == [FOUND, TIME]
    assert len({call.id for call in calls_of(events)}) == 2


@pytest.mark.parametrize("labels", [(0, None, 0, None), (None, "a", None, "b"), (0, "a", 1, "b")])
def test_one_tool_may_be_called_twice(labels):
    first, second = (f'{{"query":"{word}"}}' for word in ("a", "b"))
    deltas = [[part(*labels[:2], N, first)], [part(*labels[2:], N, second)]]

    events = read(*({"tool_calls": calls} for calls in deltas))

    assert named(events) == [(N, {"query": "a"}), (N, {"query": "b"})]


@pytest.mark.parametrize("arguments", ["", None, "null", "{}", {}, [], "[]", " ", "None", '""'])
def test_a_tool_without_arguments_needs_none(arguments):
    events = read({"tool_calls": [part(0, "a", "datetime__now", arguments)]})

    assert named(events) == [TIME]


@pytest.mark.parametrize("arguments", ['{"query": ', "[1]", '"text"', "nonsense", '{"a":1} and', 5])
def test_arguments_that_are_none_are_told_to_the_model(arguments):
    (call,) = calls_of(read({"tool_calls": [part(0, "a", N, arguments)]}))

    assert (call.arguments, bool(call.invalid)) == ({}, True)


def test_line_feeds_in_strings_are_forgiven():
    assert named(read({"tool_calls": [part(0, "a", N, '{"query": "a\nb"}')]})) == [
        (N, {"query": "a\nb"})
    ]


@pytest.mark.parametrize("key", ["delta", "message"])
def test_the_old_function_call_is_read(key):
    deltas = [{"function_call": {"name": N, "arguments": HALVES[0]}}]
    deltas.append({"function_call": {"arguments": HALVES[1]}})
    if key == "message":
        deltas = [
            {"role": "assistant", "content": None, "function_call": {"name": N, "arguments": A}}
        ]
    documents = [{"choices": [{key: delta}]} for delta in deltas]
    documents.append({"choices": [{"delta": {}, "finish_reason": "function_call"}]})
    made = AnswerReader(Limits(), Question(OfferedTools(TOOLS)))
    blocks = [b"data: " + orjson.dumps(document) + b"\n\n" for document in documents]

    assert named([event for block in blocks for event in made.feed(block)] + made.end({})) == [
        FOUND
    ]


@pytest.mark.parametrize("finish", ["stop", "tool_calls", "function_call", "eos", "tool_use"])
def test_calls_count_whatever_the_reason_of_the_end(finish):
    assert named(read({"tool_calls": [part(0, "a", N, A)]}, finish=finish)) == [FOUND]


def test_a_reason_without_a_call_is_no_call():
    events = read({"content": "Hello"}, finish="tool_calls")

    assert (calls_of(events), text_of(events)) == ([], "Hello")


@pytest.mark.parametrize("arguments", ["", '{"query": "la'])
def test_a_call_that_was_cut_off_is_not_made(arguments):
    events = read({"tool_calls": [part(0, "a", N, arguments)]}, finish="length")

    (call,) = calls_of(events)
    assert "cut off" in call.invalid


def test_a_whole_call_at_the_longest_length_is_made():
    assert named(read({"tool_calls": [part(0, "a", N, A)]}, finish="length")) == [FOUND]


def test_ids_of_earlier_turns_are_not_used_again():
    earlier = ChatMessage("assistant", "", tool_calls=[ToolCall("call_0", N, {})])

    events = read({"tool_calls": [part(0, "call_0", N, A)]}, messages=[earlier])

    (call,) = calls_of(events)
    assert call.id
    assert call.id != "call_0"


@pytest.mark.parametrize(
    "name",
    [
        "semantic__query",
        "semantic.query",
        "semantic-query",
        "semantic_query",
        "semanticQuery",
        "Semantic__Query",
        "functions.semantic__query",
        "functions.semantic.query",
        "functions.semantic__query:3",
        "tools.semantic__query",
        "default_api.semantic__query",
        "default_api:semantic__query",
        "functions:semantic__query",
        "semantic/query",
        " semantic__query ",
        "semantic__query<|channel|>commentary",
        "semantic__query<|channel|>json",
        "semantic.query<|constrain|>json",
        "functions.semantic__query<|channel|>commentary",
        "semantic__query commentary",
        '"semantic__query"',
    ],
)
def test_a_name_reaches_the_tool_that_is_meant(name):
    assert named(read({"tool_calls": [part(0, "a", name, A)]})) == [FOUND]


@pytest.mark.parametrize("name", ["semantic__search", "query", "semantic", "x<|channel|>y", "."])
def test_a_name_that_means_no_tool_stays_as_it_is(name):
    (call,) = calls_of(read({"tool_calls": [part(0, "a", name, A)]}))

    assert call.name == name


def test_a_name_that_may_mean_two_tools_means_none():
    twins = [ToolSchema("a__b_c", "", {}, "a.b_c"), ToolSchema("a-b__c", "", {}, "a-b.c")]

    (call,) = calls_of(read({"tool_calls": [part(0, "x", "a.b.c", "{}")]}, tools=twins))
    (exact,) = calls_of(read({"tool_calls": [part(0, "x", "a-b.c", "{}")]}, tools=twins))

    assert (call.name, exact.name) == ("a.b.c", "a-b.c")


# Written into the text.

JSON = '{"name": "semantic__query", "arguments": {"query": "lag"}}'
WRITTEN = {
    "hermes": f"<tool_call>\n{JSON}\n</tool_call>",
    "hermes, in one line": f"<tool_call>{JSON}</tool_call>",
    "hermes, never closed": f"<tool_call>\n{JSON}\n",
    "function_call": f"<function_call>{JSON}</function_call>",
    "a list": f"<tool_calls>[{JSON}]</tool_calls>",
    "granite": f"<|tool_call|>[{JSON}]",
    "mistral, old": f"[TOOL_CALLS][{JSON}]",
    "mistral, old, with ids": f'[TOOL_CALLS] [{JSON[:-1]}, "id": "abc123xyz"}}]',
    "mistral, new": '[TOOL_CALLS]semantic__query[ARGS]{"query": "lag"}',
    "mistral, with an id": '[TOOL_CALLS]semantic__query[CALL_ID]abc123xyz[ARGS]{"query": "lag"}',
    "mistral, v11": '[TOOL_CALLS]semantic__query{"query": "lag"}',
    "llama": '<|python_tag|>{"name": "semantic__query", "parameters": {"query": "lag"}}',
    "llama, with its end": f"<|python_tag|>{JSON}<|eom_id|>",
    "llama, with a type": (
        '<|python_tag|>{"type": "function", "name": "semantic__query", '
        '"parameters": {"query": "lag"}}'
    ),
    "llama, functions": '<function=semantic__query>{"query": "lag"}</function>',
    "qwen coder": (
        "<tool_call>\n<function=semantic__query>\n<parameter=query>\nlag\n</parameter>\n"
        "</function>\n</tool_call>"
    ),
    "qwen coder, without its wrapper": (
        "<function=semantic__query>\n<parameter=query>\nlag\n</parameter>\n</function>\n</tool_call>"
    ),
    "qwen coder, an end forgotten": (
        "<tool_call>\n<function=semantic__query>\n<parameter=query>\nlag\n</function>\n</tool_call>"
    ),
    "deepseek v3": (
        "<\uff5ctool▁calls▁begin\uff5c><\uff5ctool▁call▁begin\uff5c>function<\uff5ctool▁sep\uff5c>semantic__query\n"
        '```json\n{"query": "lag"}\n```<\uff5ctool▁call▁end\uff5c><\uff5ctool▁calls▁end\uff5c>'
    ),
    "deepseek v3.1": (
        "<\uff5ctool▁calls▁begin\uff5c><\uff5ctool▁call▁begin\uff5c>semantic__query<\uff5ctool▁sep\uff5c>"
        '{"query": "lag"}<\uff5ctool▁call▁end\uff5c><\uff5ctool▁calls▁end\uff5c>'
    ),
    "deepseek v3.2": (
        '<\uff5cDSML\uff5cfunction_calls>\n<\uff5cDSML\uff5cinvoke name="semantic__query">\n'
        '<\uff5cDSML\uff5cparameter name="query" string="true">lag</\uff5cDSML\uff5cparameter>\n'
        "</\uff5cDSML\uff5cinvoke>\n</\uff5cDSML\uff5cfunction_calls>"
    ),
    "kimi": (
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.semantic__query:0"
        '<|tool_call_argument_begin|>{"query": "lag"}<|tool_call_end|><|tool_calls_section_end|>'
    ),
    "glm": (
        "<tool_call>semantic__query\n<arg_key>query</arg_key>\n<arg_value>lag</arg_value>\n"
        "</tool_call>"
    ),
    "minimax": (
        '<minimax:tool_call>\n<invoke name="semantic__query">\n<parameter name="query">lag'
        "</parameter>\n</invoke>\n</minimax:tool_call>"
    ),
    "anthropic": (
        '<function_calls>\n<invoke name="semantic__query">\n<parameter name="query">lag'
        "</parameter>\n</invoke>\n</function_calls>"
    ),
    "gpt-oss": (
        "<|channel|>commentary to=functions.semantic__query <|constrain|>json<|message|>"
        '{"query": "lag"}<|call|>'
    ),
    "gpt-oss, its end taken": (
        "<|channel|>analysis<|message|>Search.<|end|><|start|>assistant<|channel|>commentary "
        'to=functions.semantic__query <|constrain|>json<|message|>{"query": "lag"}'
    ),
    "gpt-oss, told in the role": (
        "<|start|>assistant to=functions.semantic__query<|channel|>commentary json<|message|>"
        '{"query": "lag"}<|call|>'
    ),
    "gpt-oss, on the wrong channel": (
        '<|channel|>analysis to=functions.semantic__query code<|message|>{"query": "lag"}<|call|>'
    ),
    "nothing but an object": JSON,
    "an object over lines": '{\n "name": "semantic__query",\n "arguments": {\n "query": "lag"}\n}',
    "a fence and nothing else": f"```json\n{JSON}\n```",
    "openai's object": (
        '{"type": "function", "function": {"name": "semantic__query", '
        '"arguments": "{\\"query\\": \\"lag\\"}"}}'
    ),
    "arguments first": '{"arguments": {"query": "lag"}, "name": "semantic__query"}',
    "another spelling of the name": f"<tool_call>{JSON.replace('__', '.')}</tool_call>",
}
SIZES = pytest.mark.parametrize("size", [1, 4, 10**6], ids=["characters", "tokens", "whole"])


def pieces_of(text, size):
    return [{"content": text[start : start + size]} for start in range(0, len(text), size)]


@SIZES
@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_a_call_written_as_text_is_made(size, written):
    events = read(*pieces_of(written, size), finish="stop")

    assert (named(events), text_of(events)) == ([FOUND], "")


@SIZES
@pytest.mark.parametrize("before", ["I will search.\n\n", "<think>Search.</think>\n\n"])
@pytest.mark.parametrize("name", ["hermes", "mistral, new", "qwen coder", "kimi", "deepseek v3.1"])
def test_a_call_may_follow_words_and_thoughts(size, before, name):
    events = read(*pieces_of(before + WRITTEN[name], size), finish="stop")

    assert named(events) == [FOUND]
    assert text_of(events) == (before if "think" not in before else "")


MANY = {
    "hermes": f'<tool_call>{JSON}</tool_call>\n<tool_call>{{"name": "datetime__now"}}</tool_call>',
    "mistral": '[TOOL_CALLS]semantic__query{"query": "lag"}[TOOL_CALLS]datetime__now{}',
    "llama": f'<|python_tag|>{JSON}; {{"name": "datetime__now", "parameters": {{}}}}',
    "qwen coder": (
        "<tool_call><function=semantic__query><parameter=query>lag</parameter></function>"
        "</tool_call>\n<tool_call><function=datetime__now></function></tool_call>"
    ),
    "kimi": (
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.semantic__query:0"
        '<|tool_call_argument_begin|>{"query": "lag"}<|tool_call_end|><|tool_call_begin|>'
        "functions.datetime__now:1<|tool_call_argument_begin|>{}<|tool_call_end|>"
        "<|tool_calls_section_end|>"
    ),
    "gpt-oss": (
        "<|channel|>commentary to=functions.semantic__query <|constrain|>json<|message|>"
        '{"query": "lag"}<|call|><|start|>assistant<|channel|>commentary '
        "to=functions.datetime__now <|constrain|>json<|message|>{}<|call|>"
    ),
    "objects": f'{JSON}\n{{"name": "datetime__now", "arguments": {{}}}}',
}


@SIZES
@pytest.mark.parametrize("written", MANY.values(), ids=MANY)
def test_several_calls_written_as_text_are_made(size, written):
    assert named(read(*pieces_of(written, size), finish="stop")) == [FOUND, TIME]


def test_parameters_in_tags_have_the_types_of_their_schema():
    written = (
        "<function=semantic__query><parameter=query>\n42\n</parameter><parameter=limit>5"
        '</parameter><parameter=tags>["a"]</parameter></function>'
    )

    assert named(read({"content": written})) == [(N, {"query": "42", "limit": 5, "tags": ["a"]})]


def test_a_call_that_the_server_read_and_left_in_the_text_is_one():
    written = {"content": WRITTEN["hermes"], "tool_calls": [part(0, "a", N, A)]}

    events = read(written)

    assert (named(events), text_of(events)) == ([FOUND], "")


TEXT = {
    "another tool": f"<tool_call>{JSON.replace('semantic', 'files')}</tool_call>",
    "in a sentence": f"The page says <tool_call>{JSON}</tool_call>, which I ignore.",
    "at the end of a sentence": f"The page says <tool_call>{JSON}</tool_call>",
    "words behind it": f"<tool_call>{JSON}</tool_call>\nThat is what the page says.",
    "in a fence": f"An example:\n```\n<tool_call>{JSON}</tool_call>\n```",
    "in a fence, at the end": f"An example:\n```\n<tool_call>{JSON}</tool_call>",
    "in back quotes": f"`[TOOL_CALLS][{JSON}]`",
    "a quotation": f"> <tool_call>{JSON}</tool_call>",
    "a fence in an answer": f"Call it so:\n```json\n{JSON}\n```",
    "a fence with words behind it": f"```json\n{JSON}\n```\nThis is how it is called.",
    "an object with words behind it": f"{JSON} is a call.",
    "an object in an answer": f"It is {JSON}",
    "somebody's data": '{"name": "Alice", "age": 3}',
    "data about the tool": '{"name": "semantic__query", "uses": 3, "arguments": {}}',
    "no call at all": "<tool_call>s are how models ask for tools.",
    "talk about the tag": "<tool_call>\nis the tag that begins a call.\n",
    "an unknown function": "<function=files__delete>{}</function>",
    "a call and another tool's": (
        f"<tool_call>{JSON}</tool_call><tool_call>{JSON.replace('semantic', 'x')}</tool_call>"
    ),
    "talk about tokens": "The token <|python_tag|> begins a call.",
    "an array": "[1, 2, 3]",
    "code": "```python\nprint('hello')\n```",
}


@SIZES
@pytest.mark.parametrize("content", TEXT.values(), ids=TEXT)
def test_what_is_no_call_stays_text(size, content):
    events = read(*pieces_of(content, size), finish="stop")

    assert (calls_of(events), text_of(events)) == ([], content)


@pytest.mark.parametrize("role", ["tool", "user"])
@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_a_call_that_stands_in_what_the_model_read_is_a_quotation(role, written):
    read_before = ChatMessage(role, f"Once upon a time.\n{written}\nThe end.")

    events = read({"content": written}, messages=[read_before], finish="stop")

    assert calls_of(events) == []


def test_nothing_is_a_call_where_no_tools_are_offered():
    for written in WRITTEN.values():
        assert calls_of(read({"content": written}, tools=[], finish="stop")) == []


@pytest.mark.parametrize("name", ["hermes", "qwen coder", "kimi", "nothing but an object"])
def test_a_written_call_that_was_cut_off_is_not_made(name):
    written = WRITTEN[name]
    for end in range(1, len(written)):
        assert calls_of(read({"content": written[:end]}, finish="length")) == []


def test_a_call_in_the_reasoning_is_not_made():
    assert calls_of(read({"reasoning": WRITTEN["hermes"]}, {"content": "ok"})) == []
    assert calls_of(read({"content": f"<think>{WRITTEN['hermes']}</think>ok"})) == []


def test_an_answer_that_only_begins_like_a_call_is_not_held_back_for_long():
    made = AnswerReader(Limits(), Question(OfferedTools(TOOLS)))
    heard = []
    for piece in ['{"', "name", '": "', "Alice", '", "age', '": 3', "}"]:
        heard += made.feed(line({"content": piece}))

    assert text_of(heard) == '{"name": "Alice", "age": 3}'


def test_far_too_many_written_calls_are_text():
    content = WRITTEN["hermes"] * 65

    events = read({"content": content}, finish="stop")

    assert (calls_of(events), text_of(events)) == ([], content)


def test_a_long_call_is_not_copied_with_every_piece():
    made = AnswerText(Limits(), OfferedTools(TOOLS))
    made.take('<tool_call>{"name": "semantic__query", "arguments": {"query": "')

    for _ in range(1000):
        assert made.take("lag ") == []
        assert max(map(len, (made.held, made.call.head, made.call.tail))) <= HEAD

    assert made.call.length > 4000
    assert text_of(made.rest(was_cut=True)).endswith("lag lag ")
