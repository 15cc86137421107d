"""What tools answer, in words."""

from __future__ import annotations

import json

import orjson
import pytest
from pydantic import ValidationError

from mcp.calls import ToolFile
from mcp.descriptions import Endpoint
from mcp.exceptions import ToolServerUnavailable
from mcp.gateway import call
from mcp.listings import deliver_nameless_errors
from mcp.results import NO_REASON, NO_WORDS, read_result
from mcp.tests.scripts import JSON, SSE, Hangup, answered, reply, usual
from mcp.wire import read_message
from youworker.core.per_loop import close_all
from youworker.core.storable import storable_json, storable_text


@pytest.fixture(autouse=True)
async def _closed_links():
    yield
    await close_all()


TEXT = {"type": "text", "text": "Look:"}
IMAGE = {"type": "image", "data": "aGk=", "mimeType": "image/png"}
RESULTS = {
    "nothing": ({}, NO_WORDS),
    "no blocks": ({"content": []}, NO_WORDS),
    "null": ({"content": None}, NO_WORDS),
    "empty text": ({"content": [{"type": "text", "text": ""}]}, NO_WORDS),
    "blank text": ({"content": [{"type": "text", "text": " \n"}]}, NO_WORDS),
    "text without text": ({"content": [{"type": "text"}]}, NO_WORDS),
    "an error without words": ({"content": [], "isError": True}, NO_REASON),
    "text": ({"content": [TEXT]}, "Look:"),
    "two texts": ({"content": [TEXT, TEXT]}, "Look:\nLook:"),
    "a number for text": ({"content": [{"type": "text", "text": 7}]}, "7"),
    "words without a block": ({"content": "plain words"}, "plain words"),
    "words in a list": ({"content": ["plain", "words"]}, "plain\nwords"),
    "a block without a list": ({"content": TEXT}, "Look:"),
    "numbers": ({"content": [7, None, [1]]}, "7\n[1]"),
    "a picture": ({"content": [IMAGE]}, "[image image/png]"),
    "a picture without a type": ({"content": [{"type": "image"}]}, "[image]"),
    "a sound": ({"content": [{"type": "audio", "mimeType": "audio/wav"}]}, "[audio audio/wav]"),
    "an unknown kind": ({"content": [{"type": "smell", "data": "x"}]}, "[smell]"),
    "an unknown kind with text": ({"content": [{"type": "note", "text": "hi"}]}, "hi"),
    "a kind that is none": ({"content": [{"type": 7}, {"x": 1}]}, "[content]\n[content]"),
    "an unknown kind beside text": ({"content": [{"type": "smell"}, TEXT]}, "[smell]\nLook:"),
    "a file with text": (
        {"content": [{"type": "resource", "resource": {"uri": "f:1", "text": "in it"}}]},
        "[file f:1]\nin it",
    ),
    "a file with bytes": (
        {"content": [{"type": "resource", "resource": {"uri": "f:1", "blob": "aGk="}}]},
        "[file f:1]",
    ),
    "a file that is none": ({"content": [{"type": "resource", "resource": 7}]}, "[file]"),
    "a link": (
        {"content": [{"type": "resource_link", "name": "Plan", "uri": "f:2"}]},
        "[Plan: f:2]",
    ),
    "data": ({"structuredContent": {"a": 1}}, '{"a":1}'),
    "data beside a picture": (
        {"content": [IMAGE], "structuredContent": {"a": 1}},
        '[image image/png]\n{"a":1}',
    ),
    "data beside blank text": (
        {"content": [{"type": "text", "text": ""}], "structuredContent": {"a": 1}},
        '{"a":1}',
    ),
    "data beside text": ({"content": [TEXT], "structuredContent": {"a": 1}}, "Look:"),
    "data that is a list": ({"content": [], "structuredContent": [1, 2]}, "[1,2]"),
    "data that is a number": ({"structuredContent": 0}, "0"),
    "data that is text": ({"structuredContent": "x"}, '"x"'),
    "the form of older servers": ({"toolResult": {"a": 1}}, '{"toolResult":{"a":1}}'),
    "data as it is": ({"temperature": 21}, '{"temperature":21}'),
    "NUL": ({"content": [{"type": "text", "text": "a\x00b"}]}, "ab"),
    "an error in words": ({"content": [TEXT], "isError": "true"}, "Look:"),
    "an error that is none": ({"content": [TEXT], "isError": "maybe"}, "Look:"),
}


@pytest.mark.parametrize("name", RESULTS)
def test_the_model_always_gets_words(name):
    answer, words = RESULTS[name]

    outcome = read_result(answer, limit=1000)

    assert outcome.text == words
    assert outcome.is_error == ("error" in name and "none" not in name)


def test_a_huge_picture_is_named_and_huge_text_is_cut():
    picture = {"content": [{**IMAGE, "data": "A" * 5_000_000}]}
    text = {"content": [{"type": "text", "text": "data:image/png;base64," + "A" * 5_000_000}]}

    assert read_result(picture, limit=1000).text == "[image image/png]"
    assert len(read_result(text, limit=1000).text) < 1200


@pytest.mark.parametrize("name", RESULTS)
async def test_whatever_a_program_answers_arrives_in_words(scripted_argv, name):
    answer, words = RESULTS[name]
    script = {"tools/call": answered(f'"result": {json.dumps(answer)}')}

    outcome = await call(program(scripted_argv, script), "echo", {}, correlation_id="")

    assert outcome.text == words


def program(argv, script):
    return Endpoint("odd", "stdio", argv=(*argv, json.dumps(script)), protocol="handshake")


DEEP = "[" * 150 + "]" * 150
RAW = {
    "half a character": (
        '"result": {"content": [{"type": "text", "text": "a\\ud800b"}]}',
        "a\ufffdb",
    ),
    "the other half": ('"result": {"content": [{"type": "text", "text": "\\udfff"}]}', "\ufffd"),
    "halves in names": ('"result": {"structuredContent": {"k\\ud800": 1}}', '{"k\ufffd":1}'),
    "a pair": ('"result": {"content": [{"type": "text", "text": "\\ud83d\\ude00"}]}', "\U0001f600"),
    "bytes that are no text": (
        '"result": {"content": [{"type": "text", "text": "\xff"}]}',
        "\ufffd",
    ),
    "no number": ('"result": {"structuredContent": {"a": NaN}}', '{"a":"nan"}'),
    "a huge number": (f'"result": {{"structuredContent": {{"k": 1{"0" * 400}}}}}', None),
    "deep data": (f'"result": {{"structuredContent": {{"k": {DEEP}}}}}', None),
    "a result that is a number": ('"result": 7', "7"),
    "a result that is a list": ('"result": [1, 2]', "[1,2]"),
    "a result that is text": ('"result": "done"', "done"),
    "no result": ('"result": null', NO_WORDS),
    "neither": ('"x": 1', NO_WORDS),
    "no error beside a result": ('"error": null, "result": {"content": ["fine"]}', "fine"),
}


@pytest.mark.parametrize("name", RAW)
@pytest.mark.parametrize("over", ["stdio", "json", "sse"])
async def test_bytes_no_library_would_send_cost_no_time_and_no_call(
    scripted_argv, http_script, name, over, mcp_limits
):
    mcp_limits(call_timeout=20.0)
    member, words = RAW[name]
    endpoint = program(scripted_argv, {"tools/call": answered(member)})
    if over != "stdio":
        endpoint = Endpoint("odd", "http", url=http_script.url, protocol="handshake")

        def answer(request, message):
            if message.get("method") != "tools/call":
                return usual(request, message)
            body = answered(member).replace("$ID", str(message["id"])).encode("latin-1")
            return (200, SSE, b"data: " + body + b"\n\n") if over == "sse" else (200, JSON, body)

        http_script.answer = answer

    outcome = await call(endpoint, "echo", {}, correlation_id="")

    assert words is None or outcome.text == words
    assert outcome.text
    assert storable_text(outcome.text) == outcome.text
    assert storable_json(outcome.structured) == outcome.structured
    assert orjson.dumps(outcome.structured)


ERRORS = {
    "a closed connection": ('{"code": -32000, "message": "Rate limited"}', "Rate limited"),
    "a time-out": ('{"code": -32001, "message": "Unauthorized"}', "Unauthorized"),
    "a number of its own": ('{"code": 42, "message": "No."}', "No."),
    "bad arguments": ('{"code": -32602, "message": "city is missing"}', "city is missing"),
    "an unknown tool": ('{"code": -32601, "message": "no such tool"}', "no such tool"),
    "trouble inside": ('{"code": -32603, "message": "boom"}', "boom"),
    "no code": ('{"message": "No."}', "No."),
    "a code that is text": ('{"code": "E1", "message": "No."}', "No."),
    "a sentence": ('"No."', "No."),
    "no sentence": ('{"code": -32000}', '{"code":-32000}'),
    "an empty sentence": (
        '{"code": -32603, "message": ""}',
        "The tool answered with the error -32603.",
    ),
    "half a character": ('{"code": -32000, "message": "a\\ud800"}', "a\ufffd"),
    "data": ('{"code": -32000, "message": "No.", "data": [1]}', "No."),
}


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("over", ["stdio", "http", "500"])
async def test_an_error_that_a_server_answers_with_is_no_outage(
    scripted_argv, http_script, name, over
):
    error, words = ERRORS[name]
    endpoint = program(scripted_argv, {"tools/call": answered(f'"error": {error}')})
    if over != "stdio":
        endpoint = Endpoint("odd", "http", url=http_script.url, protocol="handshake")

        def answer(request, message):
            if message.get("method") != "tools/call":
                return usual(request, message)
            body = answered(f'"error": {error}').replace("$ID", str(message["id"])).encode()
            return 500 if over == "500" else 200, JSON, body

        http_script.answer = answer

    outcome = await call(endpoint, "echo", {}, correlation_id="")

    assert (outcome.is_error, outcome.text) == (True, words)


NAMELESS = '{"jsonrpc": "2.0", "id": null, "error": {"code": -32600, "message": "unreadable"}}'


@pytest.mark.parametrize("over", ["stdio", "http"])
async def test_an_error_that_names_no_request_is_the_answer_of_the_only_one(
    scripted_argv, http_script, over, mcp_limits
):
    mcp_limits(call_timeout=20.0)
    endpoint = program(scripted_argv, {"tools/call": NAMELESS})
    if over == "http":
        endpoint = Endpoint("odd", "http", url=http_script.url, protocol="handshake")

        def answer(request, message):
            if message.get("method") == "tools/call":
                return 200, JSON, NAMELESS.encode()
            return usual(request, message)

        http_script.answer = answer

    outcome = await call(endpoint, "echo", {}, correlation_id="")

    assert (outcome.is_error, outcome.text) == (True, "unreadable")


def test_an_error_that_names_no_request_ends_none_of_several():
    ended = []

    class Dispatcher:
        def __init__(self):
            self._pending = {1: "a", 2: "b"}

        def _resolve_pending(self, name, outcome):
            ended.append((name, outcome))

    dispatcher = Dispatcher()
    deliver_nameless_errors(dispatcher)

    deliver = dispatcher._resolve_pending  # noqa: SLF001 -- the SDK has no other place
    deliver(None, "error")
    deliver(2, "fine")

    assert ended == [(None, "error"), (2, "fine")]


def hang_up(_):
    raise Hangup


OUTAGES = {
    "the connection is closed": hang_up,
    "a gateway answers": lambda _: (502, {"Content-Type": "text/html"}, b"<h1>Bad Gateway</h1>"),
    "the server is overloaded": lambda _: (503, {}, b""),
    "the stream ends": lambda _: (200, SSE, b": nothing\n\n"),
}


@pytest.mark.parametrize("name", OUTAGES)
async def test_only_what_the_transport_says_is_an_outage(http_script, name):
    def answer(request, message):
        if message.get("method") == "tools/call":
            return OUTAGES[name](message)
        return usual(request, message)

    http_script.answer = answer

    with pytest.raises(ToolServerUnavailable):
        await call(
            Endpoint("odd", "http", url=http_script.url, protocol="handshake"),
            "echo",
            {},
            correlation_id="",
        )

    assert http_script.asked.count("tools/call") == 1


async def test_a_program_that_ends_in_a_call_is_an_outage_and_is_not_called_again(
    scripted_argv, tmp_path
):
    asked = tmp_path / "asked"
    script = json.dumps({"tools/call": "exit"})
    env = (("ASKED", str(asked)),)
    endpoint = Endpoint("odd", "stdio", argv=(*scripted_argv, script), env=env)

    with pytest.raises(ToolServerUnavailable):
        await call(endpoint, "echo", {}, correlation_id="")

    assert asked.read_text().count("tools/call") == 1


async def test_lines_that_are_no_messages_are_not_looked_at(scripted_argv):
    line = answered('"result": {"content": ["fine"]}')
    noise = "Server is listening\n[]\n7\n{}\nnull\n" + line

    outcome = await call(
        program(scripted_argv, {"tools/call": noise}), "echo", {}, correlation_id=""
    )

    assert outcome.text == "fine"


async def test_an_answer_in_a_batch_of_one_is_read(scripted_argv):
    line = "[" + answered('"result": {"content": ["fine"]}') + "]"

    outcome = await call(
        program(scripted_argv, {"tools/call": line}), "echo", {}, correlation_id=""
    )

    assert outcome.text == "fine"


@pytest.mark.parametrize(
    "line", ["", "what?", "7", "null", "[]", '"x"', "{}", '{"id": 1', "[{}, {}]"]
)
def test_what_is_no_message_is_none(line):
    with pytest.raises(ValidationError):
        read_message(line, by_name=False)


def test_a_message_of_another_side_is_left_as_it_is():
    asked = read_message('{"jsonrpc": "2.0", "id": 1, "method": "ping"}', by_name=False)
    error = reply({"id": 1}, error={"code": -32603, "message": "x"})

    assert asked.method == "ping"
    assert read_message(error, by_name=False).error.code == -32603


def test_files_are_kept_as_they_came_and_only_so_many():
    blob = {"uri": "file:///tmp/a%20b.pdf", "mimeType": "application/pdf", "blob": "aGk="}
    answer = {"content": [IMAGE, {"type": "resource", "resource": blob}, TEXT, *[IMAGE] * 10]}

    files = read_result(answer, limit=1000).files

    assert len(files) == 8
    assert files[0] == ToolFile("", "image/png", "aGk=")
    assert files[1] == ToolFile("a b.pdf", "application/pdf", "aGk=")


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image"},
        {"type": "image", "data": 7, "mimeType": "image/png"},
        {"type": "audio", "data": ""},
        {"type": "resource", "resource": {"uri": "http://[", "text": "words"}},
        {"type": "resource_link", "uri": "http://internal/", "data": "aGk="},
        {"type": "smell", "data": "aGk="},
    ],
)
def test_what_holds_no_bytes_is_no_file(block):
    assert read_result({"content": [block]}, limit=1000).files == ()


@pytest.mark.parametrize("mime", ['image/png; x="', 7, "a" * 200 + "/b", None, "text/html\nx"])
def test_a_type_that_is_none_is_not_believed(mime):
    block = {"type": "image", "data": "aGk=", "mimeType": mime}

    assert read_result({"content": [block]}, limit=1000).files[0].mime == ""
