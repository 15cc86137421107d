"""Answers with the reader's numbers, from the model to the log, the rows and the last event."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from chat import services
from chat.agent.state import AgentState
from chat.agent.types import Retraction, TextDelta, ToolCall
from chat.enums import RunStatus
from chat.events import text_said
from chat.llm.quote.model import QuoteModel
from chat.runs.citations import CitationIndex
from chat.runs.manager import launch, request_stop
from chat.runs.reader_numbers import numbers_of_state
from chat.runs.stream import view_run
from chat.tests.factories import SessionFactory
from chat.tests.fakes import ScriptedModel
from chat.tests.run_support import stored
from chat.tests.test_runs import texts, watched
from documents.models import Passage
from documents.services import replace_passages
from documents.tests.factories import CollectionFactory, DocumentFactory
from documents.types import PassageDraft
from youworker.tests.support.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)

TEXTS = ("The primary sends its log.", "Vacuum reclaims storage.", "Backups run at night.")


@pytest.fixture
def shelf():
    """A conversation, and the passages its user may read."""
    session = SessionFactory()
    document = DocumentFactory(
        title="Manual", collection=CollectionFactory(owner=session.user), owner=session.user
    )
    drafts = [PassageDraft(n, text, "", 1, n * 50, 0) for n, text in enumerate(TEXTS)]
    with transaction.atomic():
        replace_passages(document.pk, drafts, language="en", pages=None)
    return session, list(Passage.objects.filter(document=document).order_by("ordinal"))


@pytest.fixture
def finding(monkeypatch, shelf):
    """Let every tool of ours find these passages, in their order."""
    from chat.runs import toolset
    from mcp.calls import ToolOutcome

    found = {"results": [{"chunk_id": str(passage.pk)} for passage in shelf[1]]}

    async def make_call(*_):
        return ToolOutcome("found", structured=found, builtin=True)

    monkeypatch.setattr(toolset.RecordingToolset, "make_call", make_call)


async def asked(session, text="How?"):
    posted = await sync_to_async(services.post_message)(session, text=text, actor=session.user)
    await launch(posted.run_id)
    return posted.run_id


def search(number=1):
    return ToolCall(f"call_{number}", "semantic_query", {"query": "log"})


SAID = "Storage is reclaimed by vacuum [2]. Milk is white [1, 2]. See [99] and `a[1]`, [3](x)."
READ = "Storage is reclaimed by vacuum [1]. Milk is white [2][1]. See [99] and `a[1]`, [3](x)."


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
async def test_an_answer_begins_with_one_however_it_is_cut(size, spoken_by, shelf, finding):
    pieces = [TextDelta(SAID[at : at + size]) for at in range(0, len(SAID), size)]
    model = spoken_by(ScriptedModel([[search()], pieces]))
    session, passages = shelf

    run_id = await asked(session)
    events = await watched(run_id)
    run = await stored(run_id)

    message = events[-1][2]["message"]
    assert texts(events) == run.answer.content == message["content"] == READ
    assert message["unsupported"] == run.answer.unsupported == [{"start": 36, "end": 57}]
    assert READ[36:57] == "Milk is white [2][1]."
    cited = [data for _, kind, data in events if kind == "citation"]
    assert cited == message["citations"]
    assert [one["index"] for one in cited] == [1, 2]
    assert [one["chunk_id"] for one in cited] == [str(passages[1].pk), str(passages[0].pk)]
    assert [one["quote"] for one in cited] == [TEXTS[1], TEXTS[0]]
    assert [one["start"] for one in cited] == [50, 0]
    assert [one["end"] for one in cited] == [50 + len(TEXTS[1]), len(TEXTS[0])]
    # The model goes on with its own numbers.
    assert "[1]\n" in model.seen[1][-1].content


async def test_the_quote_model_begins_with_one_as_well(spoken_by, shelf, finding):
    spoken_by(QuoteModel())
    run_id = await asked(shelf[0], "When do backups run, and what reclaims storage?")
    events = await watched(run_id)

    message = events[-1][2]["message"]
    quotes = [one["quote"] for one in message["citations"]]
    assert set(quotes) == {TEXTS[2], TEXTS[1]}
    assert [one["index"] for one in message["citations"]] == [1, 2]
    assert message["content"].endswith(f"“{quotes[0]}” [1]\n\n“{quotes[1]}” [2]")
    assert message["unsupported"] == []


async def test_the_numbers_go_on_over_turns(spoken_by, shelf, finding):
    spoken_by(
        ScriptedModel(
            [
                [search()],
                [TextDelta("First [3]."), search(2)],
                [TextDelta("Then [1"), TextDelta("] and [3].")],
            ]
        )
    )

    run_id = await asked(shelf[0])
    events = await watched(run_id)

    assert texts(events) == "First [1].\n\nThen [2] and [1]."
    assert [one["index"] for one in events[-1][2]["message"]["citations"]] == [1, 2]


@pytest.mark.parametrize(
    ("tail", "read"), [("[", "["), ("[2", "[2"), ("[2]", "[1]"), ("`a[2]", "`a[1]")]
)
async def test_what_is_held_back_at_a_stop_is_said(tail, read, spoken_by, shelf, finding):
    spoken_by(ScriptedModel([[search()], [TextDelta("So "), TextDelta(tail), 600.0]]))

    run_id = await asked(shelf[0])
    # What comes behind the first text comes before it is written.
    async with asyncio.timeout(PATIENCE_SECONDS), aclosing(view_run(run_id)) as batches:
        async for batch in batches:
            if any(event.type == "token" for event in batch):
                break
    await request_stop(run_id)
    events = await watched(run_id)
    run = await stored(run_id)

    assert run.status == RunStatus.STOPPED
    assert texts(events) == run.answer.content == f"So {read}"


async def test_text_that_was_reasoning_leaves_no_numbers(spoken_by, shelf, finding):
    thought = [TextDelta("I think [2, 3] of "), 0.2, TextDelta("[1"), Retraction()]
    spoken_by(ScriptedModel([[TextDelta("Wait."), search()], [*thought, TextDelta("So [3].")]]))

    run_id = await asked(shelf[0])
    events = await watched(run_id)
    run = await stored(run_id)

    said = text_said((kind, data) for _, kind, data in events)
    assert said == run.answer.content == "Wait.\n\nSo [1]."
    assert run.answer.reasoning.endswith("I think [1][2] of [1")
    assert texts(events, "reasoning") == run.answer.reasoning
    (citation,) = events[-1][2]["message"]["citations"]
    assert citation["quote"] == TEXTS[2]


def test_states_of_former_versions_go_on_with_the_numbers_that_were_shown():
    state = AgentState([], text="See [3] and [1], [7]; `a[2]`.").to_json()
    del state["numbers"]
    old = AgentState.from_json(state)
    book = CitationIndex(sources=[None] * 4)

    assert numbers_of_state(old, book) == {1: 1, 3: 3}


def test_a_stored_state_keeps_the_numbers():
    state = AgentState([], text="See [1].", numbers=[(5, 1), (2, 2)])

    again = AgentState.from_json(state.to_json())

    assert numbers_of_state(again, CitationIndex()) == {5: 1, 2: 2}
