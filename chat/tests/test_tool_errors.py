"""What readers are told of calls that failed, in their language; models are told in English."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils.translation import override

import mcp
from accounts.tests.factories import UserFactory
from chat import toolservers
from chat.agent.calls import REPEATED
from chat.agent.sentences import CUT_SHORT, NO_JSON, TOO_DEEP
from chat.agent.types import ToolCall
from chat.enums import Decision, RunStatus, ToolRunStatus
from chat.models import ToolRun
from chat.pages.showing import Call
from chat.rendering import rendered_tool_run
from chat.runs import tool_errors
from chat.runs.toolset import stored_output
from chat.tests.factories import SessionFactory, ToolRunFactory
from chat.tests.page_support import exchange
from chat.tests.test_toolset import answering, builtin_call, run_with  # noqa: F401 -- a fixture
from mcp.calls import ToolInfo, ToolOutcome, refusal
from mcp.exceptions import ToolServerUnavailable, silence
from mcp.services.calling import OUR_MISTAKE
from mcp.tests.factories import ToolFactory
from youworker import upstream
from youworker.core import exceptions
from youworker.core.words import Sentence
from youworker.upstream.fetcher import SILENT

CALL = ToolCall("c", "made_up", {})
TOOL = ToolInfo(None, "a.b", "a_b", "", {}, "a")  # type: ignore[arg-type]  # nothing looks at the id
FAILURES: dict[str, ToolOutcome | None] = {
    "made a third time": tool_errors.refused_call(REPEATED),
    "no such tool": tool_errors.fault_of(None, CALL, {}),
    "cut short": tool_errors.fault_of(TOOL, ToolCall("c", "a_b", {}, CUT_SHORT), {}),
    "too deep": tool_errors.fault_of(TOOL, ToolCall("c", "a_b", {}, TOO_DEEP), {}),
    "no JSON": tool_errors.fault_of(
        TOOL, ToolCall("c", "a_b", {}, NO_JSON % {"reason": "line 1: 7 % {0}"}), {}
    ),
    "no object": tool_errors.fault_of(TOOL, CALL, ["x"]),
    "another tool": tool_errors.other_tool(),
    "too slow": refusal(ToolServerUnavailable.because("crm", silence(60))),
    "unreachable": refusal(
        ToolServerUnavailable.because("crm", Sentence(SILENT, {"host": "h", "reason": "refused"}))
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_every_failure_of_ours_is_told_in_italian(name: str) -> None:
    outcome = FAILURES[name]
    assert outcome is not None
    assert outcome.said is not None
    stored = Sentence.from_json(outcome.said.as_json())

    with override("it"):
        italian = str(stored)
    with override("en"):
        assert str(stored) == outcome.text
    assert italian != outcome.text
    assert outcome.is_error
    assert outcome.code


def test_the_reason_within_a_failure_is_told_in_italian_as_well() -> None:
    outcome = FAILURES["too slow"]
    assert outcome is not None
    assert outcome.text == "The tool server 'crm' is not available: no answer within 60 s."

    with override("it"):
        assert tool_errors.words_for(outcome).endswith("nessuna risposta entro 60 s.")


def test_arguments_that_are_fine_are_no_failure() -> None:
    assert tool_errors.fault_of(TOOL, CALL, {}) is None


def names_of_refusals() -> set[str]:
    """What refusals are called, also those of the rooms that tools use."""
    modules = [exceptions, mcp.exceptions]
    return {name for module in modules for name in vars(module) if name[0].isupper()}


def test_no_refusal_of_a_tool_is_worded_where_translators_do_not_see_it() -> None:
    names, found, seen = names_of_refusals() | {"PageRefused", "Sentence"}, [], 0
    for room in (mcp, toolservers, upstream):
        for path in Path(str(room.__file__)).parent.rglob("*.py"):
            if {"tests", "management"}.intersection(path.parts):
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names:
                    seen += 1
                    if node.args and isinstance(node.args[0], ast.JoinedStr):
                        found.append(f"{path}:{node.lineno}")
    assert seen > 50
    assert found == []


@pytest.mark.django_db(transaction=True)
async def test_a_refusal_is_told_to_the_model_in_english_and_to_its_reader_in_italian(
    spoken_by: Any,
) -> None:
    user = await sync_to_async(UserFactory)(language="it")
    call = await builtin_call(query="log", collections=["Nope"])

    _run, events, seen = await run_with(spoken_by, user=user, call=call)

    row = await ToolRun.objects.aget(user=user)
    (told,) = [data for _, kind, data in events if kind == "tool" and data["status"] == "error"]
    assert "There is no collection 'Nope'." in seen.content
    assert row.error == "Error executing tool query: There is no collection 'Nope'."
    assert told["error"] == "Non esiste una raccolta 'Nope'."
    assert told["result_preview"] == row.error
    assert (row.error_code, told["error_code"]) == ("invalid", "invalid")
    (shown,) = events[-1][2]["message"]["tool_runs"]
    assert (shown["error"], shown["error_code"]) == (row.error, "invalid")


@pytest.mark.django_db(transaction=True)
async def test_arguments_that_are_not_right_are_told_in_italian(spoken_by: Any) -> None:
    user = await sync_to_async(UserFactory)(language="it")
    call = await builtin_call(limit="many")

    _run, events, seen = await run_with(spoken_by, user=user, call=call)

    (told,) = [data for _, kind, data in events if kind == "tool" and data["status"] == "error"]
    assert "The argument `query` is missing." in seen.content
    assert told["error"].startswith("Manca l'argomento `query`. L'argomento `limit` non è corretto")
    assert told["error_code"] == "invalid_arguments"


@pytest.mark.django_db(transaction=True)
async def test_what_a_server_said_stays_as_it_is(spoken_by: Any, answering: Any) -> None:  # noqa: F811 -- the fixture
    user = await sync_to_async(UserFactory)(language="it")
    tool = await sync_to_async(ToolFactory)()
    said = "CUDA error: 7 % {0} %(log)s"
    answering(ToolOutcome(said, is_error=True, code="tool_error"))

    _run, events, _seen = await run_with(
        spoken_by, user=user, call=ToolCall("c", tool.safe_name, {})
    )

    row = await ToolRun.objects.aget(user=user)
    (told,) = [data for _, kind, data in events if kind == "tool" and data["status"] == "error"]
    assert (row.error, row.error_words, told["error"]) == (said, None, said)
    assert (row.error_code, told["error_code"]) == ("tool_error", "tool_error")


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "it"])
def test_the_page_tells_an_error_in_the_language_of_its_reader(
    client: Any, user: Any, language: str
) -> None:
    user.language = language
    user.save(update_fields=["language"])
    session = SessionFactory(user=user)
    _question, answer = exchange(session, status=RunStatus.SUCCEEDED)
    ToolRunFactory(
        session=session,
        message=answer,
        run=answer.run,
        user=user,
        status=ToolRunStatus.FAILED,
        error=OUR_MISTAKE.in_english(),
        error_words=OUR_MISTAKE.as_json(),
    )

    shown = client.get(f"/chat/{session.pk}").content.decode()

    with override(language):
        words = str(OUR_MISTAKE)
    assert f'<p class="error" dir="auto">{words}</p>' in shown
    assert (OUR_MISTAKE.message in shown) == (language == "en")


@pytest.mark.django_db
@pytest.mark.parametrize("words", [None, "[damaged]", {"text": "x"}])
def test_a_row_without_readable_words_shows_the_error_it_has(words: Any) -> None:
    made = ToolRunFactory(status=ToolRunStatus.FAILED, error="<b>It broke.", error_words=words)
    row = ToolRun.objects.get(pk=made.pk)

    with override("it"):
        assert Call(row).error == "<b>It broke."
    assert rendered_tool_run(row)["error_code"] == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "decision", "sentence"),
    [
        (ToolRunStatus.DENIED, Decision.DENY, tool_errors.DENIED),
        (ToolRunStatus.DENIED, Decision.TIMEOUT, tool_errors.TIMED_OUT),
        (ToolRunStatus.INTERRUPTED, "", tool_errors.UNKNOWN_OUTCOME),
    ],
)
def test_a_call_that_was_not_made_says_why(
    status: ToolRunStatus, decision: str, sentence: Sentence
) -> None:
    user = UserFactory(language="it")
    row = ToolRunFactory(user=user, status=status, decision=decision)

    output = stored_output(row)

    with override("it"):
        italian = str(sentence)
        shown = Call(row).error
    assert sentence.message in output.text
    assert (output.preview, output.error) == (sentence.message, italian)
    assert italian != sentence.message
    if status == ToolRunStatus.DENIED:
        told = rendered_tool_run(row, private=False)
        assert (told["error"], told["error_code"]) == (sentence.message, output.code)
    # Runs that were stopped leave such calls behind as well.
    assert shown == ("" if status == ToolRunStatus.INTERRUPTED else italian)


@pytest.mark.django_db
def test_a_call_that_succeeded_or_waits_has_no_error() -> None:
    for status in (ToolRunStatus.SUCCEEDED, ToolRunStatus.RUNNING, ToolRunStatus.WAITING):
        assert Call(ToolRunFactory(status=status)).error == ""
