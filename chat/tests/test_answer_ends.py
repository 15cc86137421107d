"""How runs end, by what a model server really sends: what is kept, and what the user is told."""

from __future__ import annotations

import orjson
import pytest
from asgiref.sync import sync_to_async

from chat.agent.types import ReasoningDelta, Retraction, TextDelta, ToolCall, TurnEnd
from chat.enums import RunStatus, ToolRunStatus
from chat.events import text_said
from chat.models import ToolRun
from chat.runs.sweeper import read_log
from chat.tests.fakes import ScriptedModel
from chat.tests.llm_support import model_on
from chat.tests.run_support import stored
from chat.tests.test_runs import ask, texts, watched
from youworker.core.per_loop import close_all
from youworker.tests.support.model_server import ModelServer, Turn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def server():
    with ModelServer() as running:
        yield running
        await close_all()


def sse(*documents, done=True):
    lines = [b"data: " + orjson.dumps(document) + b"\n\n" for document in documents]
    return b"".join(lines) + (b"data: [DONE]\n\n" if done else b"")


def chunk(delta, finish=None):
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


SAID, THOUGHT = chunk({"content": "The answer "}), chunk({"reasoning_content": "Hm. "})


def end(reason):
    return chunk({}, reason)


ENDS = {
    "complete": (sse(THOUGHT, SAID, end("stop")), "succeeded", "", "", "The answer "),
    "no mark": (sse(SAID, end("stop"), done=False), "succeeded", "", "", "The answer "),
    "cut at its length": (
        sse(SAID, end("length")),
        "succeeded",
        "answer_cut",
        "LLM_MAX_OUTPUT_TOKENS",
        "The answer ",
    ),
    "only thoughts": (sse(THOUGHT, end("stop")), "failed", "empty_answer", "only thought", ""),
    "thoughts at its length": (
        sse(THOUGHT, end("length")),
        "failed",
        "empty_answer",
        "used up the longest length of an answer for thinking",
        "",
    ),
    "thoughts that are never closed": (
        sse(chunk({"content": "<think>Hm. "}), end("stop")),
        "failed",
        "empty_answer",
        "only thought",
        "",
    ),
    "nothing": (sse(chunk({"content": ""}), end("stop")), "failed", "empty_answer", "empty", ""),
    "nothing but the mark": (sse(), "failed", "empty_answer", "empty", ""),
    "blanks": (
        sse(chunk({"content": " \n"}), end("stop")),
        "failed",
        "empty_answer",
        "empty",
        " \n",
    ),
    "a call that is none": (sse(end("tool_calls")), "failed", "empty_answer", "empty", ""),
    "filtered": (sse(end("content_filter")), "failed", "content_filtered", "kept", ""),
    "filtered after words": (
        sse(SAID, end("content_filter")),
        "failed",
        "content_filtered",
        "cut the answer off",
        "The answer ",
    ),
    "an error at once": (
        sse({"error": {"message": "no memory", "code": 400}}),
        "failed",
        "model_refused",
        "no memory",
        "",
    ),
    "an error after words": (
        sse(SAID, {"error": {"message": "no memory"}}),
        "failed",
        "model_unavailable",
        "broke off: no memory",
        "The answer ",
    ),
    "an error of llama.cpp": (
        sse(SAID, done=False) + b'error: {"code":400,"message":"the context is full"}\n\n',
        "failed",
        "model_unavailable",
        "the context is full",
        "The answer ",
    ),
    "an error of Ollama": (
        b'{"message":{"content":"The answer "},"done":false}\n{"error":"no memory"}\n',
        "failed",
        "model_unavailable",
        "no memory",
        "The answer ",
    ),
    "an error as the reason": (
        sse(SAID, end("error")),
        "failed",
        "model_unavailable",
        "'error'",
        "The answer ",
    ),
    "no end": (sse(SAID, done=False), "failed", "model_unavailable", "broke off", "The answer "),
    "the middle of a line": (
        sse(SAID, SAID, end("stop"))[:150],
        "failed",
        "model_unavailable",
        "broke off",
        "The answer ",
    ),
    "a page": (b"<html><title>Login</title>", "failed", "model_refused", "web page: Login", ""),
    "thoughts without a beginning": (
        sse(chunk({"content": "Hm.\n</think>\n\nThe answer "}), end("stop")),
        "succeeded",
        "",
        "",
        "The answer ",
    ),
}


@pytest.mark.parametrize("name", ENDS)
async def test_an_answer_ends_as_its_server_ended_it(server, spoken_by, name):
    raw, status, code, said, content = ENDS[name]
    server.script(*[Turn(raw=raw)] * 3)
    spoken_by(model_on(server.base_url))

    run_id = await ask()
    events = await watched(run_id)
    run = await stored(run_id)

    done = events[-1][2]
    assert (run.status, run.error_code, run.answer.content) == (status, code, content)
    assert said in run.error_detail
    assert bool(run.error_detail) == bool(code)
    assert done["error"] == ({"code": code, "detail": run.error_detail} if code else None)
    assert texts(events) == content == done["message"]["content"]


async def test_reasoning_whose_end_comes_late_is_taken_back_for_everybody(spoken_by):
    turn = [TextDelta("Let me"), 0.2, TextDelta(" think."), Retraction(), TextDelta("Yes.")]
    spoken_by(ScriptedModel([turn]))

    run_id = await ask()
    events = await watched(run_id)
    run = await stored(run_id)

    assert (run.status, run.answer.content) == (RunStatus.SUCCEEDED, "Yes.")
    assert run.answer.reasoning == "Let me think."
    assert text_said((kind, data) for _, kind, data in events) == "Yes."
    assert texts(events, "reasoning") == "Let me think."


async def test_reasoning_taken_back_leaves_earlier_turns(spoken_by):
    first = [TextDelta("I look."), ToolCall("a", "nobody__knows", {})]
    second = [TextDelta("So it"), 0.2, TextDelta(" is."), Retraction(), TextDelta("Found.")]
    spoken_by(ScriptedModel([first, second]))

    run_id = await ask()
    await watched(run_id)
    run = await stored(run_id)

    assert run.answer.content == "I look.\n\nFound."
    assert run.answer.reasoning == "\n\nSo it is."


async def test_a_call_cut_off_by_the_length_is_not_made(server, spoken_by):
    call = {"index": 0, "id": "a", "function": {"name": "nobody__knows", "arguments": '{"a": "b'}}
    server.script(
        Turn(raw=sse(chunk({"tool_calls": [call]}), end("length"))), Turn(text="I cannot.")
    )
    spoken_by(model_on(server.base_url))

    run_id = await ask()
    await watched(run_id)
    run = await stored(run_id)

    assert (run.status, run.answer.content) == (RunStatus.SUCCEEDED, "I cannot.")
    row = await ToolRun.objects.aget(run=run)
    assert row.status == ToolRunStatus.FAILED


async def test_silence_after_tools_and_words_is_remarked_on(spoken_by):
    first = [TextDelta("I look."), ToolCall("a", "nobody__knows", {})]
    spoken_by(ScriptedModel([first, [ReasoningDelta("Hm."), TurnEnd("length")]]))

    run_id = await ask()
    events = await watched(run_id)
    run = await stored(run_id)

    assert (run.status, run.error_code) == (RunStatus.SUCCEEDED, "empty_answer")
    assert run.answer.content == "I look."
    (log,) = [data for _, kind, data in events if kind == "log"]
    assert log["level"] == "warning"


async def test_a_log_with_something_taken_back_reads_as_what_remained(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("Hm."), 0.2, Retraction(), TextDelta("Yes.")]]))

    run_id = await ask()
    await watched(run_id)

    assert text_said(await sync_to_async(read_log)(run_id)) == "Yes."
