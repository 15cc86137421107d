"""What models ask of tools, what tools answer, and what becomes of it."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.tests.factories import UserFactory
from chat import services
from chat.agent.types import TextDelta, ToolCall
from chat.enums import RunStatus, ToolRunStatus
from chat.models import Citation, Run, ToolRun
from chat.runs.consent import consent_of
from chat.runs.manager import launch
from chat.tests.factories import SessionFactory
from chat.tests.fakes import ScriptedModel
from chat.tests.test_runs import safe_names, watched
from documents.models import Passage
from documents.services import replace_passages
from documents.tests.factories import DocumentFactory
from documents.types import PassageDraft
from ingestion.models import IngestionRun
from ingestion.tests.factories import ItemFactory
from mcp.calls import ToolOutcome
from mcp.enums import Policy
from mcp.models import Server
from mcp.progress import Progress
from mcp.services import calling, usable_tools
from mcp.tests.factories import ConnectionFactory, SignInServerFactory, ToolFactory
from quotas.models import UsageEvent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def answering(monkeypatch):
    """Make every tool server give this answer, whatever it is asked."""

    def use(outcome):
        async def call(*_args, **_kwargs):
            return outcome

        monkeypatch.setattr(calling, "speaker_for", lambda _: SimpleNamespace(call=call))

    return use


@transaction.atomic
def passage_of(user, text="The primary sends its log."):
    document = DocumentFactory(owner=user, title="Manual")
    draft = PassageDraft(0, text, "Standby", 3, 0, len(text))
    replace_passages(document.pk, [draft], language="english", pages=None)
    return Passage.objects.select_related("document").get(document=document)


def claim_of(passage, **claims):
    """A search result about a passage, as a server would tell it."""
    document = {"id": str(passage.document_id), "title": "Forged"}
    row = {"chunk_id": str(passage.pk), "text": "Forged.", "document": document, **claims}
    return ToolOutcome("found", {"results": [row]})


async def run_with(spoken_by, *, user, call, said="It sends its log [1]."):
    """Let a model call a tool and then speak; the run, its events, and what the model saw."""
    model = spoken_by(ScriptedModel([[call], [TextDelta(said)]]))
    session = await sync_to_async(SessionFactory)(user=user)
    posted = await sync_to_async(services.post_message)(session, text="How?", actor=user)
    await launch(posted.run_id)
    events = await watched(posted.run_id)
    run = await Run.objects.select_related("answer").aget(pk=posted.run_id)
    return run, events, model.seen[1][-1]


async def builtin_call(name="semantic.query", **arguments):
    return ToolCall("c", (await sync_to_async(safe_names)())[name], arguments)


async def test_a_tool_of_ours_gives_citations_of_stored_passages(spoken_by, answering):
    user = await sync_to_async(UserFactory)()
    passage = await sync_to_async(passage_of)(user)
    answering(claim_of(passage, page="seven", start=-1, end=2**40, heading={"a": 1}))

    run, events, seen = await run_with(spoken_by, user=user, call=await builtin_call(query="log"))

    citation = await Citation.objects.aget(message=run.answer)
    assert run.status == RunStatus.SUCCEEDED
    assert (citation.document_id, citation.passage_id) == (passage.document_id, passage.pk)
    assert (citation.title, citation.heading) == ("Manual", "Standby")
    assert (citation.page, citation.start, citation.end) == (3, 0, len(passage.text))
    assert citation.quote == passage.text
    assert citation.supported
    assert "Forged" not in seen.content
    assert [data["quote"] for _, kind, data in events if kind == "citation"] == [passage.text]


@pytest.mark.parametrize("query", ["the primary's log", "type:pdf log"])
async def test_a_model_is_told_that_files_were_not_read_yet(spoken_by, query):
    user = await sync_to_async(UserFactory)()
    await sync_to_async(passage_of)(user)
    item = await sync_to_async(ItemFactory)(run__owner=user)

    *_, waiting = await run_with(spoken_by, user=user, call=await builtin_call(query=query))
    await IngestionRun.objects.filter(pk=item.run_id).aupdate(finished_at=timezone.now())
    *_, whole = await run_with(spoken_by, user=user, call=await builtin_call(query=query))

    assert "still being read" in waiting.content
    assert waiting.structured["incomplete"] is True
    assert "still being read" not in whole.content
    assert "incomplete" not in whole.structured
    assert ("sends its log" in waiting.content) is not query.startswith("type")


async def test_another_server_cannot_forge_a_citation(spoken_by, answering):
    user, other = await sync_to_async(UserFactory)(), await sync_to_async(UserFactory)()
    passage = await sync_to_async(passage_of)(other, "A secret.")
    own = await sync_to_async(passage_of)(user)
    tool = await sync_to_async(ToolFactory)()
    call = ToolCall("c", tool.safe_name, {})

    for forged in (passage, own):
        answering(claim_of(forged))
        run, events, seen = await run_with(spoken_by, user=user, call=call)
        assert run.status == RunStatus.SUCCEEDED
        assert not await Citation.objects.filter(message=run.answer).aexists()
        assert [kind for _, kind, _ in events].count("citation") == 0
        assert seen.structured is None
        assert "found" in seen.content


async def test_a_server_named_like_ours_is_not_ours(spoken_by, answering):
    user = await sync_to_async(UserFactory)()
    passage = await sync_to_async(passage_of)(user)
    call = await builtin_call(query="log")
    await Server.objects.filter(slug="semantic").aupdate(
        transport="http", url="http://127.0.0.1:9/mcp"
    )
    answering(claim_of(passage))

    run, _, _ = await run_with(spoken_by, user=user, call=call)

    assert not await Citation.objects.filter(message=run.answer).aexists()


async def test_not_even_a_tool_of_ours_shows_what_the_user_may_not_see(spoken_by, answering):
    user, other = await sync_to_async(UserFactory)(), await sync_to_async(UserFactory)()
    passage = await sync_to_async(passage_of)(other, "A secret.")
    answering(claim_of(passage))

    run, _, seen = await run_with(spoken_by, user=user, call=await builtin_call(query="log"))

    assert not await Citation.objects.filter(message=run.answer).aexists()
    assert seen.content == "Nothing was found in the documents."


ODD_DATA = [
    7,
    "text",
    [1],
    {"results": 7},
    {"results": [7, None, "x", [], {}]},
    {"results": [{"chunk_id": None, "text": 7, "document": "Manual"}]},
    {"results": [{"chunk_id": "x\x00", "text": "t", "document": {"id": 7, "title": ["a"]}}]},
]


@pytest.mark.parametrize("builtin", [True, False])
@pytest.mark.parametrize("data", ODD_DATA)
async def test_odd_answers_do_not_end_a_run(spoken_by, answering, data, builtin):
    user = await sync_to_async(UserFactory)()
    call = await builtin_call(query="log")
    if not builtin:
        call.name = (await sync_to_async(ToolFactory)()).safe_name
    answering(ToolOutcome("words\x00 of\ud800 it", data))

    run, events, _ = await run_with(spoken_by, user=user, call=call)

    row = await ToolRun.objects.aget(run=run)
    assert (run.status, row.status) == (RunStatus.SUCCEEDED, ToolRunStatus.SUCCEEDED)
    assert row.result_preview == "words of? it"
    ends = [data for _, kind, data in events if kind == "tool" and data["status"] == "end"]
    assert [end["result_preview"] for end in ends] == ["words of? it"]


def nested(depth):
    value = {}
    for _ in range(depth):
        value = {"a": value}
    return value


ODD_KEYS: Any = {1: 2, None: 3}
NO_OBJECT: Any = [1, 2]
ODD_CALLS = {
    "a name with NUL": ToolCall("c", "a\x00b", {}),
    "a name of half a character": ToolCall("c", "a\ud800b", {}),
    "an endless name": ToolCall("c", "x" * 100_000, {}),
    "no name": ToolCall("c", "", {}),
    "NUL": ToolCall("c", "echo", {"a\x00": "b\x00"}),
    "half a character": ToolCall("c", "echo", {"a": "\ud800"}),
    "deep": ToolCall("c", "echo", nested(900)),
    "huge": ToolCall("c", "echo", {"a": 10**5000}),
    "no numbers": ToolCall("c", "echo", {"a": math.nan, "b": math.inf}),
    "keys that are none": ToolCall("c", "echo", ODD_KEYS),
    "no object": ToolCall("c", "echo", NO_OBJECT),
    "a complaint with NUL": ToolCall("c", "echo", {}, "not\x00 JSON\ud800"),
}


@pytest.mark.parametrize("name", ODD_CALLS)
async def test_odd_calls_are_told_to_the_model_and_stored(spoken_by, answering, name):
    user = await sync_to_async(UserFactory)()
    tool = await sync_to_async(ToolFactory)()
    call = ODD_CALLS[name]
    if call.name == "echo":
        call.name = tool.safe_name
    answering(ToolOutcome("done"))

    run, events, seen = await run_with(spoken_by, user=user, call=call)

    row = await ToolRun.objects.aget(run=run)
    steps = [data["status"] for _, kind, data in events if kind == "tool"]
    assert run.status == RunStatus.SUCCEEDED
    assert row.status in {ToolRunStatus.SUCCEEDED, ToolRunStatus.FAILED}
    assert steps in (["start", "end"], ["start", "error"])
    assert seen.content.startswith("<untrusted")


async def test_a_tool_that_was_removed_while_the_model_thought_is_refused(spoken_by):
    user = await sync_to_async(UserFactory)()
    tool = await sync_to_async(ToolFactory)()
    safe_name = tool.safe_name

    class Removing(ScriptedModel):
        async def stream(self, messages, *, tools):
            await Server.objects.all().adelete()
            async for event in super().stream(messages, tools=tools):
                yield event

    model = spoken_by(Removing([[ToolCall("c", safe_name, {})], [TextDelta("Sorry.")]]))
    session = await sync_to_async(SessionFactory)(user=user)
    posted = await sync_to_async(services.post_message)(session, text="How?", actor=user)
    await launch(posted.run_id)
    await watched(posted.run_id)

    run = await Run.objects.aget(pk=posted.run_id)
    row = await ToolRun.objects.aget(run=run)
    assert run.status == RunStatus.SUCCEEDED
    assert (row.status, row.tool_id, row.tool_name) == (ToolRunStatus.FAILED, None, tool.name)
    assert "is switched off" in model.seen[1][-1].content


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (ToolOutcome("found"), "succeeded"),
        (ToolOutcome("broken", is_error=True), "failed"),
        (ToolOutcome("not you", is_error=True, denied=True), "denied"),
    ],
)
async def test_a_call_is_counted_beside_its_run(spoken_by, answering, outcome, expected):
    user = await sync_to_async(UserFactory)()
    tool = await sync_to_async(ToolFactory)()
    answering(outcome)

    await run_with(spoken_by, user=user, call=ToolCall("c", tool.safe_name, {"secret": "s"}))

    events = UsageEvent.objects.filter(user=user).order_by("pk")
    assert [(each.kind, each.name, each.outcome) async for each in events] == [
        ("tool_call", tool.name, expected),
        ("run", "scripted", "succeeded"),
    ]


async def test_a_name_that_the_model_made_up_is_not_kept(spoken_by):
    user = await sync_to_async(UserFactory)()

    await run_with(spoken_by, user=user, call=ToolCall("c", "what_the_user_said", {}))

    event = await UsageEvent.objects.aget(kind="tool_call")
    assert (event.name, event.outcome) == ("", "failed")


async def test_a_tool_that_needs_a_sign_in_shows_the_user_the_way(spoken_by):
    user = await sync_to_async(UserFactory)()
    tool = await sync_to_async(ToolFactory)(server=await sync_to_async(SignInServerFactory)())

    run, events, seen = await run_with(
        spoken_by, user=user, call=ToolCall("c", tool.safe_name, {}), said="Please connect it."
    )

    (told,) = [data for _, kind, data in events if kind == "log"]
    assert run.status == RunStatus.SUCCEEDED
    assert told["code"] == "tool_sign_in_required"
    assert (told["server"], told["url"]) == (tool.server.slug, reverse("account-tools"))
    assert "not signed in" in seen.content
    assert (await ToolRun.objects.aget(run=run)).status == ToolRunStatus.FAILED


async def test_nobody_is_asked_about_a_call_that_needs_a_sign_in_first(spoken_by):
    user = await sync_to_async(UserFactory)()
    server = await sync_to_async(SignInServerFactory)()
    tool = await sync_to_async(ToolFactory)(server=server, policy=Policy.ASK)

    run, events, _ = await run_with(spoken_by, user=user, call=ToolCall("c", tool.safe_name, {}))
    await sync_to_async(ConnectionFactory)(user=user, server=server)
    offered = {info.id: info for info in await sync_to_async(usable_tools)(user)}
    consent = await sync_to_async(consent_of)(run, offered[tool.pk])

    assert run.status == RunStatus.SUCCEEDED
    told = [data["code"] for _, kind, data in events if kind == "log"]
    assert told == ["tool_sign_in_required"]
    assert consent.asks


async def test_viewers_are_told_how_far_a_call_is(spoken_by, monkeypatch):
    async def call(*_args, tell_progress, **_kwargs):
        tell_progress(Progress(1, 4, "reading"))
        return ToolOutcome("done")

    monkeypatch.setattr(calling, "speaker_for", lambda _: SimpleNamespace(call=call))
    user = await sync_to_async(UserFactory)()
    tool = await sync_to_async(ToolFactory)()

    _, events, _ = await run_with(
        spoken_by, user=user, call=ToolCall("c", tool.safe_name, {}), said="Done."
    )

    steps = [data for _, kind, data in events if kind == "tool"]
    assert [step["status"] for step in steps] == ["start", "progress", "end"]
    assert steps[1]["progress"] == {"done": 1, "total": 4, "message": "reading"}
    assert {step["tool_run_id"] for step in steps} == {steps[0]["tool_run_id"]}
