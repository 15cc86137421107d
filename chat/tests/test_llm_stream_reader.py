from __future__ import annotations

import contextlib
import itertools

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.agent.exceptions import ModelRefused, ModelUnavailable
from chat.agent.types import TextDelta, ToolCall
from chat.llm.openai.stream_reader import AnswerReader
from chat.tests.llm_support import calls_of, reasoning_of, text_of, usages_of
from youworker.upstream.endpoint import Limits


def line(delta=None, finish=None, **more):
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return b"data: " + orjson.dumps({"choices": choices, **more}) + b"\n\n"


END = b"\n" + line({}, "stop")


def read(*blocks):
    reader = AnswerReader(Limits())
    events = [event for block in [*blocks, END] for event in reader.feed(block)]
    return events + reader.end({"messages": [{"role": "user", "content": "x" * 40}]})


STREAM = (
    line({"role": "assistant", "content": ""})
    + line({"content": "Größe "})
    + line({"content": "ok 🙂"})
    + line({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}]})
    + line({}, "tool_calls")
    + line(usage={"prompt_tokens": 5, "completion_tokens": 2})
    + b"data: [DONE]\n\n"
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_stream_means_the_same_wherever_the_network_cuts_it(places):
    cuts = sorted({0, len(STREAM), *places})
    blocks = [STREAM[start:end] for start, end in itertools.pairwise(cuts)]

    events = read(*blocks)

    assert text_of(events) == "Größe ok 🙂"
    assert calls_of(events) == [ToolCall("c", "f", {})]
    assert [(usage.tokens_in, usage.tokens_out) for usage in usages_of(events)] == [(5, 2)]


def test_windows_line_ends_and_missing_spaces_are_read():
    events = read(b'data:{"choices":[{"delta":{"content":"a"}}]}\r\n\r\n', b"data:[DONE]\r\n")

    assert events[0] == TextDelta("a")


def test_last_line_without_its_end_is_read():
    assert text_of(read(line({"content": "a"}) + line({"content": "b"}).rstrip())) == "ab"


def test_content_in_parts_is_joined():
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}, "odd", {"type": "x"}]

    assert text_of(read(line({"content": parts}))) == "ab"
    assert text_of(read(line({"content": {"odd": 1}}))) == "{'odd': 1}"


@pytest.mark.parametrize("usage", [{"prompt_tokens": 5}, {"prompt_tokens": None}, {}])
def test_incomplete_usage_is_estimated(usage):
    (found,) = usages_of(read(line({"content": "12345"}), line(usage=usage)))

    assert found.tokens_out == 2
    assert found.tokens_in >= 10


@pytest.mark.parametrize("step", [1, 2, 5, 100])
@pytest.mark.parametrize(
    ("content", "thought", "answer"),
    [
        ("<think>six < seven</think>\n\n42 <b>", "six < seven", "42 <b>"),
        ("\n<think>\nhm\n</think>ok", "\nhm\n", "ok"),
        ("<think>never ends </thi", "never ends </thi", ""),
        ("a <think>b</think>", "", "a <think>b</think>"),
        ("<thin", "", "<thin"),
        (" <table>", "", " <table>"),
        ("", "", ""),
    ],
)
def test_reasoning_in_tags_is_kept_apart(step, content, thought, answer):
    pieces = [content[start : start + step] for start in range(0, len(content), step)]

    events = read(*(line({"content": piece}) for piece in pieces), line({}, "stop"))

    assert (reasoning_of(events), text_of(events)) == (thought, answer)


def test_calls_with_one_index_and_different_ids_are_two():
    first = {"index": 0, "id": "a", "function": {"name": "f", "arguments": '{"x":1}'}}
    second = {"index": 0, "id": "b", "function": {"name": "g", "arguments": '{"y":2}'}}

    calls = calls_of(read(line({"tool_calls": [first]}), line({"tool_calls": [second]})))

    assert [(call.name, call.arguments) for call in calls] == [("f", {"x": 1}), ("g", {"y": 2})]


def test_id_repeated_in_every_delta_is_one_call():
    pieces = [
        {"index": 0, "id": "a", "function": {"name": "f", "arguments": '{"x"'}},
        {"index": 0, "id": "a", "function": {"name": "f", "arguments": ":1}"}},
    ]

    (call,) = calls_of(read(*(line({"tool_calls": [piece]}) for piece in pieces)))

    assert call.arguments == {"x": 1}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [("", {}), (None, {}), ('"{\\"x\\": 1}"', {"x": 1}), ({"x": 1}, {"x": 1})],
)
def test_arguments_are_read_in_every_shape(arguments, expected):
    delta = {"id": "a", "function": {"name": "f", "arguments": arguments}}

    (call,) = calls_of(read(line({"tool_calls": delta})))

    assert (call.arguments, call.invalid) == (expected, "")


def test_remains_without_a_name_are_dropped():
    delta = {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}, "odd"]}

    assert calls_of(read(line(delta), line({}, "stop"))) == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "no such model", "code": 404}, ModelRefused),
        ({"message": "overloaded", "code": 503}, ModelUnavailable),
        ("plain words", ModelRefused),
    ],
)
def test_error_before_the_first_token_is_sorted_by_who_must_act(error, kind):
    with pytest.raises(kind, match=r"no such model|overloaded|plain words"):
        read(b"data: " + orjson.dumps({"error": error}) + b"\n\n")


@given(st.binary(max_size=200))
def test_garbage_never_raises_anything_unforeseen(garbage):
    reader = AnswerReader(Limits())
    try:
        reader.feed(b"data: " + garbage + b"\n")
        reader.end({})
    except (ModelUnavailable, ModelRefused):
        pass


@pytest.mark.parametrize(
    "document",
    [
        [1],
        "text",
        {"choices": [None]},
        {"choices": "x"},
        {"choices": [{"delta": "x"}]},
        {"choices": [{"delta": {"tool_calls": ["x"]}}]},
        {"choices": [{"delta": {"content": 5}}]},
        {"usage": [1]},
        {"choices": {}},
        {"error": [1]},
    ],
)
def test_document_of_the_wrong_shape_is_skipped_or_refused(document):
    reader = AnswerReader(Limits())
    with contextlib.suppress(ModelRefused):
        reader.feed(b"data: " + orjson.dumps(document) + b"\n")
