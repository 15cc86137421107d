"""Model servers that say too much, or what no server should: nothing stops everybody else."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from contextlib import aclosing, asynccontextmanager

import orjson
import pytest

from chat.agent.exceptions import AnswerTooLarge, ModelRefused, ModelUnavailable
from chat.agent.loop import AgentLimits, run_agent
from chat.agent.state import AgentState
from chat.agent.types import ReasoningDelta, TextDelta, Usage
from chat.llm.openai import tool_calls
from chat.llm.openai.answer_text import MOST_BLANKS, AnswerText
from chat.llm.openai.model_list import LONGEST_LIST, list_models
from chat.llm.openai.stream_reader import AnswerReader
from chat.tests.fakes import ListedTools
from chat.tests.llm_support import (
    calls_of,
    endpoint_at,
    events_of,
    model_on,
    reasoning_of,
    text_of,
    usages_of,
)
from youworker.core.per_loop import close_all
from youworker.tests.support.raw_server import listening
from youworker.upstream.client import LONGEST_ERROR
from youworker.upstream.endpoint import Limits
from youworker.upstream.errors import said_by_server

BOMB = gzip.compress(bytes(10_000_000))


def line(delta=None, **more):
    # Not orjson, which writes no number that a server may.
    document = json.dumps({"choices": [{"delta": delta or {}}], **more})
    return b"data: " + document.encode() + b"\n\n"


END = b'\ndata: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'


def reader(**limits):
    return AnswerReader(Limits(**limits))


def read(*blocks):
    made = reader()
    return [event for block in [*blocks, END] for event in made.feed(block)] + made.end({})


def fragment(index, **function):
    return {"tool_calls": [{"index": index, "function": function}]}


# What one answer may hold.


def test_thirty_thousand_calls_end_the_answer_at_the_first_too_many():
    made = reader(tool_calls=10)
    blocks = [line(fragment(number, name="f", arguments="{}")) for number in range(30_000)]

    with pytest.raises(AnswerTooLarge, match="more than 10 tools"):
        for block in blocks:
            made.feed(block)

    assert len(made.calls.drafts) == 10


def test_thirty_thousand_calls_in_one_delta_are_not_looked_at():
    made = reader()
    many = [{"index": number, "function": {"name": "f"}} for number in range(15_000)]

    with pytest.raises(AnswerTooLarge):
        made.feed(line({"tool_calls": many}))

    assert made.calls.drafts == []


def test_a_fragment_is_compared_with_as_many_calls_as_there_may_be(monkeypatch):
    compared = []
    real = tool_calls.has_place
    monkeypatch.setattr(tool_calls, "has_place", lambda *given: compared.append(1) or real(*given))
    made = reader(tool_calls=8)
    for number in range(8):
        made.feed(line(fragment(number, name=f"f{number}", arguments="")))
    compared.clear()
    for number in range(8000):
        made.feed(line(fragment(number % 8, arguments="1" if number < 8 else "")))

    assert len(compared) <= 8 * 8000
    made.feed(END)
    assert [call.name for call in calls_of(made.end({}))] == [f"f{number}" for number in range(8)]


def test_arguments_that_do_not_end_end_the_answer():
    made = reader(argument_chars=1000)
    made.feed(line({"content": "Let me see."}))

    with pytest.raises(AnswerTooLarge, match="longer than 1000 characters"):
        for _ in range(200):
            made.feed(line(fragment(0, name="f", arguments="x" * 10)))


def test_what_was_said_before_a_failure_in_the_same_block_is_given_first():
    made = reader(tool_calls=1)
    spoken = line({"content": "Half a "}) + line({"content": "sentence"})
    block = spoken + line(fragment(0, name="f")) + line(fragment(1, name="g"))

    assert text_of(made.feed(block)) == "Half a sentence"
    with pytest.raises(AnswerTooLarge):
        made.feed(line({"content": "more"}))


def test_a_line_without_end_is_not_gathered():
    made = reader()
    taken = 0

    with pytest.raises(AnswerTooLarge, match="1048576 bytes as one piece"):
        for _ in range(1000):
            made.feed(b"data: " + b"x" * 65_536)
            taken += 1

    assert taken == 15


def seconds_for(pieces):
    """The least CPU time, of several tries, to read one line of so many pieces of 16 bytes."""
    found = []
    for _ in range(5):
        made = reader(line_bytes=67_108_864)
        start = time.process_time()
        for _ in range(pieces):
            made.feed(b"x" * 16)
        found.append(time.process_time() - start)
    return min(found)


@pytest.mark.slow
def test_a_line_in_small_pieces_costs_what_its_length_says():
    # Copied with every piece it would cost sixteen times as much.
    assert seconds_for(50_000) / seconds_for(12_500) < 10


def test_an_answer_of_blanks_is_not_held_back():
    text = AnswerText(Limits())

    pieces = [piece for _ in range(50) for piece in text.take(" " * 100)]

    assert sum(len(piece.text) for piece in pieces) > MOST_BLANKS


class Endless:
    """A model that speaks for ever."""

    name = "endless"
    context_tokens = 8192

    def __init__(self, kind):
        self.kind = kind

    async def stream(self, messages, *, tools):
        while True:
            yield self.kind("word ")


@pytest.mark.parametrize("kind", [TextDelta, ReasoningDelta])
async def test_an_endless_answer_is_ended_and_what_was_said_is_kept(kind):
    heard = []

    with pytest.raises(AnswerTooLarge, match="longer than 1000 characters"):
        agent = run_agent(AgentState([]), Endless(kind), ListedTools({}), AgentLimits(3, 1000))
        async with aclosing(agent) as events:
            async for event in events:
                heard.append(event)  # noqa: PERF401 -- kept when it raises

    assert len(text_of(heard) + reasoning_of(heard)) == 1005


# What no server should say.


@pytest.mark.parametrize("count", [2**40, -5, 5.0, "5", True, None, [5]])
def test_a_count_that_cannot_be_true_is_estimated(count):
    for usage in (
        {"prompt_tokens": count, "completion_tokens": 1},
        {"prompt_tokens": 1, "completion_tokens": count},
    ):
        (found,) = usages_of(read(line({"content": "12345"}), line(usage=usage)))

        assert found.tokens_out == 2
        assert found.tokens_in >= 1


def test_a_count_that_cannot_be_true_does_not_replace_one_that_can():
    good, bad = ({"prompt_tokens": number, "completion_tokens": 3} for number in (7, -1))

    assert usages_of(read(line(usage=good, delta={"content": "a"}), line(usage=bad))) == [
        Usage(7, 3)
    ]


@pytest.mark.parametrize("index", [10**30, -1, "0", "x", True, 0.0, None, [], {}])
@pytest.mark.parametrize("identifier", ["", "id", 7, {}, [1], None, True])
def test_fragments_of_one_call_are_one_call_however_they_are_labelled(index, identifier):
    head = {"index": index, "id": identifier, "function": {"name": "f", "arguments": '{"x"'}}
    tail = {"index": index, "function": {"arguments": ":1}"}}

    (call,) = calls_of(read(line({"tool_calls": [head]}), line({"tool_calls": [tail]})))

    assert (call.name, call.arguments) == ("f", {"x": 1})
    assert call.id


@pytest.mark.parametrize("odd", ["f\x00", "f\n", "f" + "\u202e"])
def test_names_and_ids_lose_what_cannot_be_shown_and_have_an_end(odd):
    (call,) = calls_of(read(line({"tool_calls": {"id": odd, "function": {"name": odd}}})))
    long = {"id": "i" * 9999, "function": {"name": "n" * 9999}}
    (cut,) = calls_of(read(line({"tool_calls": long})))

    assert (call.id, call.name) == ("f", "f")
    assert (len(cut.id), len(cut.name)) == (200, 200)


def nested(depth):
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize("depth", [200, 300, 900, 5000])
def test_arguments_nested_deeply_are_the_model_s_mistake(depth):
    arguments = b'{"x":' + nested(depth) + b"}"
    as_text = line(fragment(0, name="f", arguments=arguments.decode()))
    as_value = line(fragment(0, name="f", arguments="@")).replace(b'"@"', arguments)

    (call,) = calls_of(read(as_text))
    found = calls_of(read(line({"content": "a"}), as_value))

    assert bool(call.invalid) == (depth > 200)
    # A line that cannot be read at all is skipped like any other.
    assert [bool(call.invalid) for call in found] == ([] if depth > 1000 else [depth > 200])
    assert all(orjson.dumps(call.arguments) for call in [call, *found])


@pytest.mark.parametrize("depth", [900, 5000])
def test_values_nested_deeply_stop_nobody(depth):
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    content = line({"content": "@"}).replace(b'"@"', deep)
    parts = line({"content": [{"text": "@"}]}).replace(b'"@"', deep)
    counts = line({}, usage="@").replace(b'"@"', deep)
    errors = b'{"error":' * 900 + b'"deep"' + b"}" * 900

    assert text_of(read(line({"content": "a"}), content, parts, counts)).startswith("a")
    with pytest.raises(ModelRefused) as refusal:
        read(b"data: " + errors + b"\n")
    assert len(refusal.value.message) < 600
    assert said_by_server({"message": "m", "error": {"error": {"detail": "inner"}}}) == "inner"


@pytest.mark.parametrize("end", [b"\r", b"\r\n", b"\n"])
def test_every_line_end_of_event_streams_is_read(end):
    lines = [b"\xef\xbb\xbf" + line({"content": "a"}).strip(), b": a comment", b"event: x", b""]
    lines += [line({"content": "\u00e9\r\n"}).strip(), b"\xff\xfe", b'data: "\xff"', b"data: {"]
    stream = end.join([*lines, b"data: [DONE]", b""])

    for size in (1, 7, len(stream)):
        blocks = [stream[start : start + size] for start in range(0, len(stream), size)]
        assert text_of(read(*blocks)) == "a\u00e9\r\n"


def test_roles_and_further_choices_change_nothing():
    first = {"delta": {"role": "user", "content": "a"}}
    more = {"index": 1, "delta": {"role": "system", "content": "b"}}
    block = b"data: " + orjson.dumps({"choices": [first, more]}) + b"\n"

    assert text_of(read(block, line({"role": "tool", "content": "c"}))) == "ac"


# What comes over the wire.


@asynccontextmanager
async def raw_server(head, *pieces, pause=0.0):
    """A server that answers every request with these bytes; gives its URL and its record."""
    record = {"sent": 0, "requests": []}

    async def answer(incoming, outgoing):
        record["requests"].append(await incoming.readuntil(b"\r\n\r\n"))
        outgoing.write(b"HTTP/1.1 " + head + b"\r\nConnection: close\r\n\r\n")
        for piece in pieces:
            outgoing.write(piece)
            await outgoing.drain()
            record["sent"] += len(piece)
            await asyncio.sleep(pause)

    async with listening(answer) as port:
        yield f"http://127.0.0.1:{port}/v1", record
        await close_all()


STREAM = b"200 OK\r\nContent-Type: text/event-stream"
PIECE = b"x" * 65_536


async def test_sixty_megabytes_as_one_line_are_not_read():
    begin = line({"content": "Once upon"}) + b"data: "
    async with raw_server(STREAM, begin, *[PIECE] * 1000) as (url, record):
        heard = []
        with pytest.raises(AnswerTooLarge):
            await events_of(model_on(url), found=heard)

    assert text_of(heard) == "Once upon"
    assert record["sent"] < 20_000_000
    assert len(record["requests"]) == 1


async def test_a_stream_of_nothing_has_an_end():
    said = line({"content": "Hello"})
    async with raw_server(STREAM, said, *[b": wait\n\n" * 500] * 1000) as (url, record):
        heard = []
        with pytest.raises(AnswerTooLarge, match="larger than 100000 bytes"):
            await events_of(model_on(url, max_answer_bytes=100_000), found=heard)

    assert text_of(heard) == "Hello"
    assert len(record["requests"]) == 1


async def test_an_answer_that_has_ended_is_not_prolonged_by_comments():
    said = line({"content": "Hello"}) + b"data: [DONE]\n\n"
    async with raw_server(STREAM, said, *[b": wait\n\n"] * 10_000, pause=0.05) as (url, record):
        # Listening to all of it would take eight minutes.
        async with asyncio.timeout(60):
            heard = await events_of(model_on(url))

    assert text_of(heard) == "Hello"
    assert record["sent"] < 50_000


async def test_a_document_without_end_is_not_gathered():
    head = b"200 OK\r\nContent-Type: application/json"
    async with raw_server(head, *[PIECE] * 1000) as (url, record):
        with pytest.raises(AnswerTooLarge):
            await events_of(model_on(url))

    assert record["sent"] < 20_000_000


@pytest.mark.parametrize("kind", [b"text/event-stream", b"application/json"])
async def test_a_packed_answer_is_neither_asked_for_nor_unpacked(kind):
    head = b"200 OK\r\nContent-Encoding: gzip\r\nContent-Type: " + kind
    async with raw_server(head, BOMB) as (url, record):
        with pytest.raises(AnswerTooLarge, match="packed"):
            await events_of(model_on(url))

    assert b"accept-encoding: identity" in record["requests"][0].lower()
    assert len(record["requests"]) == 1


async def test_an_error_without_end_is_cut():
    error = b'{"error": {"message": "no such model"}}'
    async with raw_server(b"400 Bad Request", error, *[b" " * 65_536] * 1000) as (url, record):
        with pytest.raises(ModelRefused, match="no such model"):
            await events_of(model_on(url))

    assert record["sent"] < LONGEST_ERROR + 20_000_000


async def test_a_head_without_end_is_a_broken_server():
    head = b"200 OK\r\nX-Long: " + b"x" * 10_000_000
    async with raw_server(head, b"") as (url, _record):
        with pytest.raises(ModelUnavailable):
            await events_of(model_on(url))


async def test_a_list_of_models_without_end_is_refused():
    async with raw_server(b"200 OK", b'{"data": [', *[b'{"id": "a"},' * 5000] * 1000) as (
        url,
        record,
    ):
        with pytest.raises(ModelRefused, match="too many models"):
            await list_models(endpoint_at(url))

    assert record["sent"] < LONGEST_LIST + 20_000_000


@pytest.mark.parametrize(
    ("document", "names"),
    [
        ({"data": [{"id": "a"}, {"id": 5}, {"id": {}}, {"id": ""}, {"name": "b"}, 1]}, "ab"),
        ({"data": [{"id": "b" * 201}, {"id": "c\x00"}, {"id": None}, {"id": "d"}]}, "d"),
        ({"data": {"id": "a"}}, ""),
        ({"data": "text"}, ""),
        ([1], ""),
    ],
)
async def test_names_that_are_none_are_left_out(document, names):
    async with raw_server(b"200 OK", orjson.dumps(document)) as (url, _record):
        assert await list_models(endpoint_at(url)) == list(names)


async def test_a_list_nested_deeply_is_no_list():
    async with raw_server(b"200 OK", nested(5000)) as (url, _record):
        with pytest.raises(ModelRefused, match="no list of models"):
            await list_models(endpoint_at(url))


async def test_others_go_on_while_a_server_sends_tiny_pieces():
    one = line({"content": "a"})
    tiny = b"".join(b"1\r\n%c\r\n" % byte for byte in one)
    head = STREAM + b"\r\nTransfer-Encoding: chunked"
    heard_between = []
    turns = 0

    async def others():
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    end = b"%x\r\n%b\r\n0\r\n\r\n" % (len(END), END)
    async with raw_server(head, tiny * 200, end) as (url, _record):
        ticker = asyncio.create_task(others())
        async with aclosing(model_on(url).stream([], tools=[])) as stream:
            async for event in stream:
                if isinstance(event, TextDelta):
                    heard_between.append(turns)  # noqa: PERF401 -- reads the turn of each
        ticker.cancel()

    assert len(heard_between) == 200
    # A word takes some fifty pieces here, and 128 come without a pause.
    assert max(heard_between.count(turn) for turn in set(heard_between)) <= 4
