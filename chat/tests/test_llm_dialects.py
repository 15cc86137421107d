"""Answers of model servers, byte for byte: every framing, every way to end and to fail."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import orjson
import pytest

from chat.agent.exceptions import AgentError, ModelRefused, ModelUnavailable
from chat.agent.types import TurnEnd
from chat.llm.openai.stream_reader import AnswerReader
from chat.tests.llm_support import calls_of, events_of, model_on, reasoning_of, text_of, usages_of
from youworker.core.per_loop import close_all
from youworker.tests.support.model_server import ModelServer, Turn
from youworker.upstream.endpoint import Limits

KEY = "a-key-of-the-server"


class Heard(NamedTuple):
    """What an answer says."""

    text: str = "Grüße 🙂"
    thought: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()


@pytest.fixture
async def server():
    with ModelServer() as running:
        yield running
        await close_all()


def chunk(delta=None, finish=None, **more):
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    document = {"id": "x", "object": "chat.completion.chunk", "choices": [choice], **more}
    return orjson.dumps(document)


def sse(*documents, end=b"\n\n", field=b"data: ", done=True):
    lines = [field + document + end for document in documents]
    return b"".join(lines) + (field + b"[DONE]" + end if done else b"")


ONE, TWO, STOP = chunk({"content": "Grüße "}), chunk({"content": "🙂"}), chunk({}, "stop")
ROLE = chunk({"role": "assistant", "content": ""})
COUNTS = orjson.dumps({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}})
PARTS = (ROLE, ONE, TWO, STOP)
CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}
MESSAGE = {"role": "assistant", "content": "Grüße 🙂"}
WHOLE = {
    "id": "x",
    "object": "chat.completion",
    "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2},
}
PRETTY = orjson.dumps(WHOLE, option=orjson.OPT_INDENT_2)


def over_lines(document):
    """One event whose document stands in several lines of data."""
    pretty = orjson.dumps(orjson.loads(document), option=orjson.OPT_INDENT_2)
    return b"".join(b"data: " + line + b"\n" for line in pretty.split(b"\n")) + b"\n"


def ollama(*messages, **last):
    rows = [{"model": "m", "message": message, "done": False} for message in messages]
    rows.append({"model": "m", "message": {"role": "assistant", "content": ""}, "done": True})
    rows[-1] |= {"done_reason": "stop", "prompt_eval_count": 3, "eval_count": 2, **last}
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


COMPLETE = {
    "as specified": sse(*PARTS, COUNTS),
    "a byte-order mark": b"\xef\xbb\xbf" + sse(*PARTS),
    "CRLF": sse(*PARTS, end=b"\r\n\r\n"),
    "CR": sse(*PARTS, end=b"\r\r"),
    "mixed line ends": sse(ROLE, ONE, end=b"\r\n\n", done=False) + sse(TWO, STOP, end=b"\r\n\r"),
    "no blank behind the colon": sse(*PARTS, field=b"data:"),
    "more blanks": sse(*PARTS, field=b"data:  "),
    "no blank lines": sse(*PARTS, end=b"\n"),
    "a mark with blanks": sse(*PARTS, done=False) + b"data: [DONE]  \n\n",
    "a mark without its blank": sse(*PARTS, done=False) + b"data:[DONE]\n\n",
    "a mark without anything": sse(*PARTS, done=False) + b"[DONE]\n",
    "no mark": sse(*PARTS, done=False),
    "no mark, no last line end": sse(*PARTS, done=False).rstrip(),
    "a mark but no reason": sse(ROLE, ONE, TWO),
    "comments": b": ping\n\n:\n\n"
    + sse(ROLE)[:-14]
    + b": OPENROUTER PROCESSING\n\n"
    + sse(ONE, TWO, STOP),
    "names, ids and pauses": b"retry: 5\nid: 1\nevent: message\n" + sse(*PARTS),
    "a name for each": sse(*PARTS, field=b"event: chunk\nid: 7\ndata: "),
    "several lines of data": b"".join(map(over_lines, PARTS)) + b"data: [DONE]\n\n",
    "several lines with CRLF": b"".join(map(over_lines, PARTS)).replace(b"\n", b"\r\n"),
    "indented fields": sse(*PARTS, field=b"  data: "),
    "garbage between": sse(ROLE, ONE, done=False)
    + b"data: {broken\n\nnonsense\n\ndata:\n\nevent: x\n\ndata\n\n"
    + sse(TWO, STOP),
    "garbage without blank lines": sse(ROLE, ONE, end=b"\n", done=False)
    + b"data: {broken\nnonsense\n"
    + sse(TWO, STOP, end=b"\n"),
    "empty choices": sse(ROLE, b'{"choices":[]}', ONE, b'{"choices":null}', TWO, STOP, COUNTS),
    "empty deltas": sse(
        b'{"choices":[{"index":0,"delta":null,"finish_reason":null}]}',
        b'{"choices":[{"index":0,"finish_reason":null}]}',
        b'{"choices":[null]}',
        *PARTS,
    ),
    "an error that is none": sse(*(part[:-1] + b',"error":null}' for part in PARTS)),
    "counts with each": sse(
        *(part[:-1] + b',"usage":{"prompt_tokens":3,"completion_tokens":2}}' for part in PARTS)
    ),
    "the message again at the end": sse(
        ROLE,
        ONE,
        TWO,
        orjson.dumps(
            {"choices": [{"index": 0, "delta": {}, "message": MESSAGE, "finish_reason": "stop"}]}
        ),
    ),
    "the old completions": sse(
        b'{"choices":[{"text":"Gr\xc3\xbc\xc3\x9fe ","finish_reason":null}]}',
        b'{"choices":[{"text":"\xf0\x9f\x99\x82","finish_reason":null}]}',
        b'{"choices":[{"text":"","finish_reason":"stop"}]}',
    ),
    "half characters": sse(
        ROLE,
        ONE,
        rb'{"choices":[{"index":0,"delta":{"content":"\ud83d"},"finish_reason":null}]}',
        rb'{"choices":[{"index":0,"delta":{"content":"\ude42"},"finish_reason":null}]}',
        STOP,
    ),
    "one document": orjson.dumps(WHOLE),
    "one document over lines": PRETTY,
    "one document over lines with CRLF": PRETTY.replace(b"\n", b"\r\n"),
    "one document with a mark": b"\xef\xbb\xbf" + orjson.dumps(WHOLE) + b"\n",
    "one document as an event": sse(orjson.dumps(WHOLE), done=False),
    "lines of JSON": b"".join(part + b"\n" for part in PARTS),
    "Ollama's own": ollama(
        {"role": "assistant", "content": "Grüße "}, {"role": "assistant", "content": "🙂"}
    ),
    "Ollama's own as one": orjson.dumps(
        {"message": MESSAGE, "done": True, "prompt_eval_count": 3, "eval_count": 2}
    ),
    "Ollama's generate": b'{"response":"Gr\xc3\xbc\xc3\x9fe ","done":false}\n'
    b'{"response":"\xf0\x9f\x99\x82","done":false}\n{"response":"","done":true}\n',
}
KINDS = ["text/event-stream", "text/plain", "application/json", "application/x-ndjson", ""]


def heard(events):
    calls = tuple((call.name, call.arguments) for call in calls_of(events))
    return Heard(text_of(events), reasoning_of(events), calls)


def read(*blocks):
    made = AnswerReader(Limits())
    return [event for block in blocks for event in made.feed(block)] + made.end({})


@pytest.mark.parametrize("answer", COMPLETE.values(), ids=COMPLETE)
async def test_an_answer_is_read_in_every_framing(server, answer):
    server.script(*(Turn(raw=answer, content_type=kind) for kind in KINDS))

    for _ in KINDS:
        assert heard(await events_of(model_on(server.base_url))) == Heard()


@pytest.mark.parametrize("answer", COMPLETE.values(), ids=COMPLETE)
@pytest.mark.parametrize("size", [1, 2, 7])
def test_an_answer_is_the_same_in_small_reads(answer, size):
    blocks = [answer[start : start + size] for start in range(0, len(answer), size)]

    assert heard(read(*blocks)) == Heard()


@pytest.mark.parametrize("answer", COMPLETE.values(), ids=COMPLETE)
def test_an_answer_in_two_reads_is_the_same_wherever_it_is_cut(answer):
    for place in range(len(answer)):
        assert heard(read(answer[:place], answer[place:])) == Heard(), place


@pytest.mark.parametrize("answer", COMPLETE.values(), ids=COMPLETE)
def test_an_answer_that_breaks_off_is_complete_or_a_failure_at_every_byte(answer):
    whole, ends = Heard().text, set()
    for place in range(len(answer)):
        made = AnswerReader(Limits())
        events = []
        try:
            events += made.feed(answer[:place])
            events += made.end({})
            made.read(())
        except ModelUnavailable:
            ends.add("failed")
            assert whole.startswith(text_of(events)), place
        else:
            ends.add("complete")
            assert text_of(events) == whole, place

    assert "failed" in ends


async def test_counts_are_read_in_every_dialect(server):
    names = ["as specified", "counts with each", "one document", "Ollama's own"]
    server.script(*(Turn(raw=COMPLETE[name]) for name in names))

    for _ in names:
        (usage,) = usages_of(await events_of(model_on(server.base_url)))
        assert (usage.tokens_in, usage.tokens_out) == (3, 2)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (sse(ONE.replace(b"Gr", b"Gr\xff"), TWO, STOP), "Gr\ufffdüße 🙂"),
        (sse(ONE, TWO[:-40] + TWO[-40:], STOP).replace("🙂".encode(), b"\xf0\x9f"), "Grüße \ufffd"),
        (sse(ONE.replace(b"Gr", b"a\tb\x01"), TWO, STOP), "a\tb\x01üße 🙂"),
        (orjson.dumps(WHOLE).replace(b"Gr", b"Gr\xfe"), "Gr\ufffdüße 🙂"),
        (ollama({"content": "ab"}).replace(b"ab", b"a\xffb"), "a\ufffdb"),
        (sse(chunk({"content": "ab"}).replace(b"ab", rb"a\ud83db"), STOP), "a\ufffdb"),
        (sse(chunk({"content": "ab"}).replace(b'"index":0', b'"index":NaN'), STOP), "ab"),
    ],
)
def test_bytes_that_are_none_cost_only_themselves(answer, text):
    assert text_of(read(answer)) == text


def test_ollama_tells_reasoning_and_calls_in_its_own_words():
    calls = [{"function": {"name": "f", "arguments": {"x": 1}}}]
    answer = ollama(
        {"role": "assistant", "content": "", "thinking": "hm"},
        {"role": "assistant", "content": "", "tool_calls": calls},
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "g"}}]},
    )

    assert heard(read(answer)) == Heard("", "hm", (("f", {"x": 1}), ("g", {})))


def test_a_whole_document_has_reasoning_and_calls():
    message = {"role": "assistant", "content": None, "reasoning": "hm", "tool_calls": [CALL]}
    answer = orjson.dumps({"choices": [{"message": message, "finish_reason": "tool_calls"}]})

    assert heard(read(answer)) == Heard("", "hm", (("f", {"x": 1}),))


def test_a_whole_document_needs_no_reason_to_be_whole():
    assert heard(read(orjson.dumps({"choices": [{"message": MESSAGE}]}))) == Heard()


# What is no answer.

ERRORS: dict[str, tuple[bytes, str]] = {
    "an object": (b'{"error":{"message":"out of memory","code":400}}', "out of memory"),
    "a text": (b'{"error":"out of memory"}', "out of memory"),
    "an error beside choices": (
        b'{"choices":[{"delta":{"content":""},"finish_reason":"error"}],'
        b'"error":{"code":502,"message":"out of memory"}}',
        "out of memory",
    ),
    "an error in the choice": (
        b'{"choices":[{"error":{"message":"out of memory"},"finish_reason":"error"}]}',
        "out of memory",
    ),
    "only a reason": (
        b'{"choices":[{"delta":{},"finish_reason":"error"}]}',
        "ended the answer with",
    ),
    "an abort": (b'{"choices":[{"delta":{},"finish_reason":"abort"}]}', "ended the answer"),
    "vLLM": (b'{"object":"error","message":"out of memory","code":400}', "out of memory"),
    "FastAPI": (b'{"detail":"out of memory"}', "out of memory"),
    "FastAPI, a form": (b'{"detail":[{"loc":["body"],"msg":"out of memory"}]}', "out of memory"),
    "Anthropic": (b'{"type":"error","error":{"message":"out of memory"}}', "out of memory"),
    "Google": (b'[{"error":{"code":400,"message":"out of memory"}}]', "out of memory"),
    "Cloudflare": (b'{"success":false,"errors":[{"message":"out of memory"}]}', "out of memory"),
    "a gateway": (b'{"message":"out of memory"}', "out of memory"),
    "MiniMax": (
        b'{"base_resp":{"status_code":1004,"status_msg":"out of memory"}}',
        "out of memory",
    ),
    "Spring": (
        b'{"timestamp":1,"status":500,"error":"out of memory","path":"/v1"}',
        "out of memory",
    ),
}
FRAMES = {
    "data": b"data: %s\n\n",
    "data and the mark": b"data: %s\n\ndata: [DONE]\n\n",
    "an event": b"event: error\ndata: %s\n\n",
    "an event with CRLF": b"event:error\r\ndata:%s\r\n\r\n",
    "a field": b"error: %s\n\n",
    "a field and the mark": b"error: %s\n\ndata: [DONE]\n\n",
    "a line": b"%s\n",
    "no line": b"%s",
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_a_failure_in_every_frame(frame, name):
    error, said = ERRORS[name]

    with pytest.raises(AgentError, match=said):
        read(frame % error)


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("name", ERRORS)
def test_an_error_after_words_keeps_them(frame, name):
    error, said = ERRORS[name]
    made = AnswerReader(Limits())
    events = made.feed(sse(ROLE, ONE, done=False))

    with pytest.raises(ModelUnavailable, match=said):
        for step in (
            partial(made.feed, frame % error),
            partial(made.end, {}),
            partial(made.read, ()),
        ):
            events += step()

    assert text_of(events) == "Grüße "


@pytest.mark.parametrize("said", [b"out of memory", b'"out of memory"', b"{out of memory"])
def test_an_event_called_error_may_hold_plain_words(said):
    with pytest.raises(AgentError, match="out of memory"):
        read(b"event: error\ndata: " + said + b"\n\n")


@pytest.mark.parametrize("kind", [*KINDS, "text/html"])
async def test_a_page_is_no_answer(server, kind):
    page = b"<!DOCTYPE html>\n<html><head><title>502 &amp; more</title></head><body>x</body></html>"
    server.script(*[Turn(raw=page, content_type=kind)] * 3)

    with pytest.raises(ModelRefused, match="web page: 502 & more"):
        await events_of(model_on(server.base_url))


async def test_plain_words_are_no_answer(server):
    server.script(*[Turn(raw=b"upstream connect error\n", content_type="text/plain")] * 3)

    with pytest.raises(ModelUnavailable, match="upstream connect error"):
        await events_of(model_on(server.base_url))

    assert len(server.chats) == 3


@pytest.mark.parametrize(
    "error",
    [
        b'{"error":{"message":"overloaded","code":503}}',
        b'{"error":{"message":"please wait","code":"429"}}',
        b'{"error":{"message":"no","type":"server_error"}}',
        b'{"error":"Rate limit reached"}',
        b'{"object":"error","message":"no","code":500}',
    ],
)
async def test_an_error_that_may_pass_is_tried_again_before_the_first_word(server, error):
    server.script(Turn(raw=b"data: " + error + b"\n\n"), Turn(text="At last."))

    assert text_of(await events_of(model_on(server.base_url))) == "At last."


async def test_an_error_with_a_status_of_success_tells_no_key(server):
    error = b'{"error":{"message":"no such key: ' + KEY.encode() + b'"}}'
    server.script(Turn(raw=error, content_type="application/json"))

    with pytest.raises(ModelRefused, match=r"no such key: \[key\]$"):
        await events_of(model_on(server.base_url, api_key=KEY))


async def test_a_refusal_by_status_tells_no_key(server):
    server.script(Turn(status=401, message=f"no such key: {KEY}"))

    with pytest.raises(ModelRefused, match=r"no such key: \[key\]$"):
        await events_of(model_on(server.base_url, api_key=KEY))


def test_an_error_after_the_end_changes_nothing():
    assert heard(read(sse(*PARTS, b'{"error":"too late"}'))) == Heard()


@pytest.mark.parametrize(
    "document",
    [
        b'{"type":"ping"}',
        b'{"id":"x","object":"chat.completion.chunk","choices":[]}',
        b'{"choices":[],"prompt_filter_results":[{"prompt_index":0}]}',
        b'{"usage":{"prompt_tokens":1}}',
        b'{"error":null}',
        b'{"error":""}',
        b'{"error":{}}',
        b'{"base_resp":{"status_code":0,"status_msg":""}}',
        b"{}",
        b"[]",
        b"null",
        b"5",
    ],
)
def test_documents_that_say_nothing_are_no_errors(document):
    assert heard(read(sse(ROLE, document, ONE, document, TWO, document, STOP))) == Heard()


@pytest.mark.parametrize(
    ("reason", "stop"),
    [
        ("stop", None),
        ("end_turn", None),
        ("eos_token", None),
        ("length", "length"),
        ("max_tokens", "length"),
        ("MAX_TOKENS", "length"),
        ("model_length", "length"),
        ("content_filter", "filter"),
        ("SAFETY", "filter"),
        ("refusal", "filter"),
        ("sensitive", "filter"),
    ],
)
def test_the_reason_of_an_end_is_told(reason, stop):
    events = read(sse(ONE, chunk({}, reason)))

    assert [event.reason for event in events if isinstance(event, TurnEnd)] == [stop][: bool(stop)]


def test_ollama_tells_the_reason_of_an_end():
    events = read(ollama({"content": "a"}, done_reason="length"))

    assert [event.reason for event in events if isinstance(event, TurnEnd)] == ["length"]


@pytest.mark.parametrize("stray", [b"<", b"{", b"[", b"x"])
def test_a_body_without_end_or_meaning_is_not_kept(stray):
    made = AnswerReader(Limits(line_bytes=100_000))
    failure = None
    for _ in range(200):
        try:
            made.feed((stray + b"x" * 998 + b"\n") * 10)
        except AgentError as error:
            failure = error
            break

    assert len(made.stream.loose) <= 210_000
    assert (failure is not None) == (stray in b"{[")
