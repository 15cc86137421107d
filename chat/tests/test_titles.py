"""Titles that models find after the first answer."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.urls import reverse

from accounts.tests.factories import UserFactory
from chat import services
from chat.agent.exceptions import ModelUnavailable
from chat.agent.titles import clean_title
from chat.agent.types import ReasoningDelta, TextDelta, Usage
from chat.llm import admission
from chat.llm.quote.model import QuoteModel
from chat.models import Run, Session
from chat.runs import titling
from chat.runs.manager import launch
from chat.runs.titling import titlers
from chat.tests.factories import SessionFactory
from chat.tests.fakes import ScriptedModel
from quotas.enums import UsageKind
from quotas.models import TokenUsage, UsageEvent
from youworker.core.per_loop import close_all
from youworker.tests.support.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)

ANSWER = [TextDelta("They stream its log."), Usage(10, 5)]


@pytest.fixture(autouse=True)
def _titles(configured):
    configured("agent", titles=True)


async def asked(text="How do replicas follow the primary?", session=None, user=None):
    """Ask, and wait for the answer and for the title; the conversation then."""
    actor = user or (session.user if session else await sync_to_async(UserFactory)())
    post = sync_to_async(services.post_chat)
    posted = await post(text=text, session=session, options={"enable_tools": False}, actor=actor)
    await (await launch(posted.run_id))
    await asyncio.gather(*titlers.get().tasks.values())
    return await Session.objects.select_related("user").aget(pk=posted.session_id)


async def test_a_conversation_is_named_after_its_first_answer_and_that_is_counted(spoken_by):
    name = [TextDelta("Following the "), TextDelta("primary"), Usage(40, 6)]
    model = spoken_by(ScriptedModel([ANSWER, name, ANSWER]))

    session = await asked()
    again = await asked(session=session)

    event = await UsageEvent.objects.aget(kind=UsageKind.TITLE)
    sums = await TokenUsage.objects.aget(user=session.user)
    assert (session.title, session.awaits_title) == ("Following the primary", False)
    assert again.title == "Following the primary"
    assert (event.name, event.tokens_in, event.tokens_out) == ("scripted", 40, 6)
    assert (sums.tokens_in, sums.tokens_out) == (60, 16)
    assert "language of the question" in model.seen[1][0].content
    assert "They stream its log." in model.seen[1][1].content


async def test_a_title_that_its_user_chose_meanwhile_stays(spoken_by):
    spoken_by(ScriptedModel([ANSWER, [0.4, TextDelta("Another name")]]))
    actor = await sync_to_async(UserFactory)()
    posted = await sync_to_async(services.post_chat)(
        text="How?", session=None, options={"enable_tools": False}, actor=actor
    )
    await (await launch(posted.run_id))
    session = await Session.objects.aget(pk=posted.session_id)
    await sync_to_async(services.update_session)(session, title="Mine", actor=actor)

    await asyncio.gather(*titlers.get().tasks.values())

    assert (await Session.objects.aget(pk=session.pk)).title == "Mine"
    assert await UsageEvent.objects.filter(kind=UsageKind.TITLE).aexists()


async def test_a_session_that_was_begun_with_a_title_keeps_it(spoken_by):
    model = spoken_by(ScriptedModel([ANSWER]))

    session = await asked(session=await sync_to_async(SessionFactory)(title="Mine"))

    assert (session.title, len(model.seen)) == ("Mine", 1)


@pytest.mark.parametrize("off", ["setting", "quote", "stopped"])
async def test_the_question_stays_the_title_without_a_model_that_names(spoken_by, configured, off):
    turns = [[ModelUnavailable("Down.")]] if off == "stopped" else [ANSWER]
    model = spoken_by(QuoteModel() if off == "quote" else ScriptedModel(turns))
    if off == "setting":
        configured("agent", titles=False)

    session = await asked("Who is there?")

    assert session.title == "Who is there?"
    assert off == "quote" or len(model.seen) == 1
    assert not await UsageEvent.objects.filter(kind=UsageKind.TITLE).aexists()


async def test_after_a_failure_the_next_answer_asks_again(spoken_by):
    down = [ReasoningDelta("Hm."), ModelUnavailable("Down.")]
    spoken_by(ScriptedModel([ANSWER, down, ANSWER, [TextDelta("A name")]]))

    first = await asked("Who is there?")
    second = await asked(session=first)

    assert (first.title, first.awaits_title) == ("Who is there?", True)
    assert (second.title, second.awaits_title) == ("A name", False)


async def test_a_model_that_names_nothing_is_not_asked_again(spoken_by):
    model = spoken_by(ScriptedModel([ANSWER, [TextDelta('"…"')], ANSWER]))

    first = await asked("Who is there?")
    await asked(session=first)

    assert (first.title, len(model.seen)) == ("Who is there?", 3)


async def test_people_go_first(spoken_by, monkeypatch):
    free = asyncio.Event()
    monkeypatch.setattr(admission, "model_address", lambda _model: "models.example/v1")
    monkeypatch.setattr(admission, "most_runs", lambda _address: 1)
    monkeypatch.setattr(admission, "take_batch_room", lambda _call: free.is_set())
    monkeypatch.setattr(admission, "LOOK_SECONDS", 0.02)
    model = spoken_by(ScriptedModel([ANSWER, [TextDelta("A name")]]))
    posted = await sync_to_async(services.post_chat)(
        text="How?",
        session=None,
        options={"enable_tools": False},
        actor=await sync_to_async(UserFactory)(),
    )
    await (await launch(posted.run_id))
    await asyncio.sleep(0.2)
    waited = len(model.seen)

    free.set()
    await asyncio.gather(*titlers.get().tasks.values())

    assert (waited, len(model.seen)) == (1, 2)
    assert (await Run.objects.aget(pk=posted.run_id)).finished_at is not None


async def test_a_process_that_ends_gives_its_titles_up(spoken_by):
    spoken_by(ScriptedModel([ANSWER, [600.0]]))
    posted = await sync_to_async(services.post_chat)(
        text="How?",
        session=None,
        options={"enable_tools": False},
        actor=await sync_to_async(UserFactory)(),
    )
    await (await launch(posted.run_id))

    async with asyncio.timeout(PATIENCE_SECONDS):
        await close_all()

    assert (await Session.objects.aget(pk=posted.session_id)).awaits_title


async def test_a_long_title_is_cut_between_words(spoken_by):
    spoken_by(ScriptedModel([ANSWER, [TextDelta("word " * 2500)]]))

    session = await asked()

    assert session.title == "word " * 15 + "word…"
    assert len(session.title) <= titling.TITLE_CHARACTERS + 1


@pytest.mark.parametrize(
    ("reply", "title"),
    [
        ("Notice periods", "Notice periods"),
        ('"Notice periods."', "Notice periods"),
        ("«Termini di preavviso»", "Termini di preavviso"),
        ("**Title: Notice periods**", "Notice periods"),
        ("Titolo: Termini di preavviso", "Termini di preavviso"),
        ("# Notice periods\n\nBecause it is about them.", "Notice periods"),
        ("Of **notice** periods", "Of notice periods"),
        ("\n\n  Notice   periods\n", "Notice periods"),
        ("<think>They ask\nabout it.</think>\nNotice periods", "Notice periods"),
        ("They ask.</think>Notice periods", "Notice periods"),
        ("<think>endless", ""),
        ("Notice\u202e\x00 periods\u200b", "Notice periods"),
        ("<script>alert(1)</script>", "script>alert(1)</script"),
        ("   \n\"'…'\"\n", ""),
        ("", ""),
        ("通知期限", "通知期限"),
    ],
)
def test_only_a_title_is_left_of_what_a_model_says(reply, title):
    assert clean_title(reply) == title


def test_the_page_waits_for_a_title_only_where_one_may_come(client, user, configured):
    waiting = SessionFactory(user=user, awaits_title=True)
    named = SessionFactory(user=user)

    def head(session):
        return client.get(reverse("chat-session", args=[session.pk])).content.decode()

    assert "data-awaits-title" in head(waiting)
    assert "data-awaits-title" not in head(named)
    configured("agent", titles=False)
    assert "data-awaits-title" not in head(waiting)


async def test_a_title_that_a_killed_process_began_is_given_once_by_two_others(spoken_by):
    spoken_by(ScriptedModel([ANSWER, [600.0]]))
    posted = await sync_to_async(services.post_chat)(
        text="How?",
        session=None,
        options={"enable_tools": False},
        actor=await sync_to_async(UserFactory)(),
    )
    await (await launch(posted.run_id))
    await close_all()
    run = await Run.objects.select_related("session", "user").aget(pk=posted.run_id)
    names = [[TextDelta(word), 0.1, Usage(40, 6)] for word in ("First", "Second", "Third")]
    spoken_by(ScriptedModel(names))
    said = titling.Said("How?", "They stream its log.", "scripted")

    await asyncio.gather(titling.name_session(run, said), titling.name_session(run, said))
    named = await Session.objects.aget(pk=run.session_id)
    await titling.name_session(run, said)

    after = await Session.objects.aget(pk=run.session_id)
    assert named.title in {"First", "Second"}
    assert (after.title, after.awaits_title) == (named.title, False)
