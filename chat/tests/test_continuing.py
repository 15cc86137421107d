"""Answers that broke off and are gone on with."""

from __future__ import annotations

import asyncio

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.urls import reverse

from accounts.tests.factories import UserFactory
from chat import services
from chat.agent.joining import Joint, join_answer
from chat.agent.state import AgentState
from chat.agent.tokens import tokens_of_prompt
from chat.agent.types import ChatMessage, ReasoningDelta, TextDelta, ToolCall, TurnEnd, Usage
from chat.enums import MessageRole, RunStatus
from chat.exceptions import AnswerComplete, RunActive
from chat.llm.quote.model import QuoteModel, reply
from chat.models import Citation, Message, Run, Session
from chat.runs.manager import RunManager, launch, request_stop, run_manager
from chat.tests.factories import MessageFactory, RunFactory, SessionFactory, ToolRunFactory
from chat.tests.fakes import ScriptedModel
from chat.tests.test_consumers import connected, heard, say
from chat.tests.test_runs import texts, watched
from documents.tests.factories import DocumentFactory, write
from youworker.core.exceptions import InvalidInput
from youworker.tests.support.waiting import wait_until_async

pytestmark = pytest.mark.django_db(transaction=True)

HALF = "The first half of the sentence"


@pytest.fixture
def _nothing_runs(monkeypatch):
    """Questions are queued; nobody answers them."""
    monkeypatch.setattr(RunManager, "launch", lambda _self, _run_id: None)


def broken_run(status=RunStatus.INTERRUPTED, content=HALF, **options):
    run = RunFactory(status=status, **options)
    answer = run.answer
    answer.content, answer.parent, answer.run = content, run.question, run
    answer.save()
    return run


def go_on(run, **options):
    answer = Message.objects.select_related("parent").get(pk=run.answer_id)
    return services.continue_answer(answer, actor=run.user, **options)


async def continued(run):
    """The new run, with its answer, once it is over."""
    posted = await sync_to_async(go_on)(run)
    await (await launch(posted.run_id))
    return await Run.objects.select_related("answer").aget(pk=posted.run_id)


async def test_an_answer_goes_on_where_it_broke_off_as_a_version_beside_it(spoken_by):
    model = spoken_by(ScriptedModel([[TextDelta(" and"), TextDelta(" the rest."), Usage(9, 3)]]))
    broken = await sync_to_async(broken_run)()

    run = await continued(broken)

    events = await watched(run.pk)
    former = await Message.objects.aget(pk=broken.answer_id)
    assert run.status == RunStatus.SUCCEEDED
    assert run.answer.content == texts(events) == f"{HALF} and the rest."
    assert (run.answer.parent_id, former.content) == (broken.question_id, HALF)
    assert events[-1][2]["message"]["siblings"] == [str(former.pk), str(run.answer_id)]
    question, said, wish = model.seen[0][1:]
    assert (said.role, said.content, wish.role) == ("assistant", HALF, "user")
    assert question.content == "How do replicas follow the primary?"
    assert (run.tokens_in, run.tokens_out) == (9, 3)


async def test_the_next_question_follows_the_whole_answer(spoken_by):
    model = spoken_by(ScriptedModel([[TextDelta(" and the rest.")], [TextDelta("Yes.")]]))
    run = await continued(await sync_to_async(broken_run)())
    session = await Session.objects.select_related("user").aget(pk=run.session_id)

    posted = await sync_to_async(services.post_message)(session, text="Sure?", actor=session.user)
    await (await launch(posted.run_id))

    assert [message.content for message in model.seen[1][2:]] == [
        f"{HALF} and the rest.",
        "Sure?",
    ]


async def test_tools_may_be_called_before_the_rest_is_said(spoken_by):
    call = ToolCall("c", "unknown", {})
    spoken_by(ScriptedModel([[ReasoningDelta("Hm."), call], [TextDelta(" and the rest.")]]))

    run = await continued(await sync_to_async(broken_run)())

    assert run.answer.content == f"{HALF} and the rest."
    assert run.iterations == 2


async def test_sources_keep_their_numbers_as_far_as_they_may_still_be_read(spoken_by):
    model = spoken_by(ScriptedModel([[TextDelta(" Also [1].")]]))

    def cited():
        run = broken_run(content="The notice period is three months [1].")
        document = DocumentFactory(owner=run.user)
        (passage,) = write(document, "The notice period is three months.")
        (foreign,) = write(DocumentFactory(), "A secret of somebody else.")
        for index, (found, source) in enumerate([(passage, document), (foreign, None)], 1):
            Citation.objects.create(
                message=run.answer,
                index=index,
                document=source,
                passage=found,
                title="T",
                quote="q",
                supported=True,
            )
        ToolRunFactory(session=run.session, run=run, message=run.answer, result_preview="found it")
        return run

    run = await continued(await sync_to_async(cited)())

    wish = model.seen[0][-1].content
    assert "The notice period is three months." in wish
    assert "A secret of somebody else." not in wish
    assert "found it" in wish
    assert run.answer.content == "The notice period is three months [1]. Also [1]."
    assert [one.index async for one in Citation.objects.filter(message=run.answer)] == [1]


async def test_a_stop_of_the_rest_keeps_both_and_it_goes_on_again(spoken_by):
    turns = [[TextDelta(" and more"), 600.0], [TextDelta(" and the end.")]]
    spoken_by(ScriptedModel(turns))
    posted = await sync_to_async(go_on)(await sync_to_async(broken_run)())
    task = await launch(posted.run_id)

    async def saved():
        return (await Message.objects.aget(run=posted.run_id, role="assistant")).content

    await wait_until_async(saved)
    await request_stop(posted.run_id)
    await task
    stopped = await Run.objects.select_related("answer", "user").aget(pk=posted.run_id)

    run = await continued(stopped)

    assert (stopped.status, stopped.answer.content) == (RunStatus.STOPPED, f"{HALF} and more")
    assert run.answer.content == f"{HALF} and more and the end."


async def test_a_process_that_ends_before_the_first_word_loses_nothing(spoken_by):
    model = spoken_by(ScriptedModel([[600.0], [TextDelta(" and the rest.")]]))
    posted = await sync_to_async(go_on)(await sync_to_async(broken_run)())
    await launch(posted.run_id)
    await wait_until_async(lambda: model.seen)

    for task in run_manager().tasks:
        task.cancel()
    await asyncio.gather(*run_manager().tasks, return_exceptions=True)
    parked = await Run.objects.aget(pk=posted.run_id)
    await (await launch(posted.run_id))

    run = await Run.objects.select_related("answer").aget(pk=posted.run_id)
    assert parked.status == RunStatus.QUEUED
    assert run.answer.content == f"{HALF} and the rest."
    assert texts(await watched(run.pk)) == run.answer.content


async def test_the_built_in_model_adds_what_is_missing_of_its_answer(spoken_by):
    spoken_by(QuoteModel())
    whole = reply([ChatMessage("user", "hello")], [])

    def broken():
        run = broken_run(content=whole[:15])
        run.question.content = "hello"
        run.question.save()
        return run

    run = await continued(await sync_to_async(broken)())

    assert run.answer.content == whole
    assert len(whole) > 15


async def test_a_long_answer_and_its_calls_leave_room_in_a_small_window(spoken_by):
    model = ScriptedModel([[TextDelta(" and the end.")]])
    model.context_tokens = 2000
    spoken_by(model)

    def broken():
        run = broken_run(content="word " * 5000)
        for number in range(30):
            ToolRunFactory(
                session=run.session,
                run=run,
                message=run.answer,
                result_preview="x" * 500,
                arguments={"n": number},
            )
        return run

    run = await continued(await sync_to_async(broken)())

    assert run.answer.content == "word " * 5000 + " and the end."
    assert sum(map(tokens_of_prompt, model.seen[0])) < 2000


def test_what_is_being_continued_is_not_continued_twice():
    broken = broken_run()
    key = {"idempotency_key": "k"}

    first, second, third = go_on(broken, **key), go_on(broken, **key), go_on(broken)

    assert {first.run_id} == {second.run_id, third.run_id} == {first.run_id}
    assert [first.is_new, second.is_new, third.is_new] == [True, False, False]
    assert Message.objects.filter(parent=broken.question).count() == 2


@pytest.mark.parametrize(
    ("status", "code", "refusal"),
    [
        (RunStatus.RUNNING, "", RunActive),
        (RunStatus.QUEUED, "", RunActive),
        (RunStatus.WAITING_APPROVAL, "", RunActive),
        (RunStatus.SUCCEEDED, "", AnswerComplete),
        (RunStatus.SUCCEEDED, "answer_cut", None),
        (RunStatus.STOPPED, "", None),
        (RunStatus.FAILED, "turn_limit_reached", None),
        (RunStatus.INTERRUPTED, "interrupted", None),
    ],
)
def test_only_what_broke_off_is_continued(status, code, refusal):
    broken = broken_run(status, error_code=code)

    if refusal is None:
        assert go_on(broken).is_new
    else:
        with pytest.raises(refusal):
            go_on(broken)


def test_questions_and_answers_from_elsewhere_are_not_continued():
    question = MessageFactory()
    told = MessageFactory(session=question.session, role=MessageRole.ASSISTANT, parent=question)

    with pytest.raises(InvalidInput):
        services.continue_answer(question, actor=question.session.user)
    with pytest.raises(AnswerComplete):
        services.continue_answer(told, actor=question.session.user)


@pytest.mark.usefixtures("_nothing_runs")
def test_the_route_begins_the_rest_and_is_nobody_elses(client, user):
    broken = broken_run(session=SessionFactory(user=user))
    path = f"/v1/messages/{broken.answer_id}/continue"

    posted = client.post(path, {}, content_type="application/json")
    run = Run.objects.get(pk=posted.json()["run"]["id"])
    again = client.post(
        f"/v1/messages/{run.answer_id}/continue", {}, content_type="application/json"
    )
    client.force_login(UserFactory())
    foreign = client.post(path, {}, content_type="application/json")

    assert posted.status_code == 202
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "run_active")
    assert foreign.status_code == 404


async def test_a_socket_continues_answers_of_its_own_conversation_only(spoken_by):
    spoken_by(ScriptedModel([[TextDelta(" and the rest.")]]))
    broken = await sync_to_async(broken_run)()
    foreign = await sync_to_async(broken_run)(session=await sync_to_async(SessionFactory)())
    session = await Session.objects.select_related("user").aget(pk=broken.session_id)
    socket, _ = await connected(session)

    await say(socket, type="continue", message_id=str(foreign.answer_id))
    refused = (await heard(socket, until="error"))[-1]
    await say(socket, type="continue", message_id=str(broken.answer_id))
    events = await heard(socket)

    assert refused["code"] == "not_found"
    told = [event["text"] for event in events if event["type"] == "token"]
    assert "".join(told) == f"{HALF} and the rest."
    await socket.disconnect()


@pytest.mark.usefixtures("_nothing_runs")
def test_the_page_offers_it_where_an_answer_broke_off(client, user):
    broken = broken_run(session=SessionFactory(user=user))
    whole = broken_run(RunStatus.SUCCEEDED, session=SessionFactory(user=user))
    url = reverse("chat-continue", args=[broken.answer_id])

    offered = client.get(reverse("chat-session", args=[broken.session_id])).content.decode()
    other = client.get(reverse("chat-session", args=[whole.session_id])).content.decode()
    answer = client.post(url)

    assert url in offered
    assert reverse("chat-continue", args=[whole.answer_id]) not in other
    assert answer.status_code == 303
    assert Message.objects.filter(parent=broken.question).count() == 2


def test_states_of_before_still_open():
    data = AgentState([], text="So").to_json()
    del data["joins"]

    assert AgentState.from_json(orjson.loads(orjson.dumps(data))).joins is False


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        ([" fox."], "The quick brown fox."),
        (["fox."], "The quick brown fox."),
        ([", red fox."], "The quick brown, red fox."),
        (["quick bro", "wn fox."], "The quick brown quick brown fox."),
        (["The quick ", "brown", " fox."], "The quick brown fox."),
        (["The quick brown"], "The quick brown"),
        (["The"], "The quick brown The"),
        ([], "The quick brown"),
    ],
)
def test_what_is_said_again_is_left_out(pieces, whole):
    joint = Joint("The quick brown")

    assert "The quick brown" + "".join(map(joint.feed, pieces)) + joint.finish() == whole


def test_the_last_words_are_recognised_behind_a_long_text():
    before = "x. " * 5000 + "It ends with these very words"
    joint = Joint(before)

    rest = "".join(map(joint.feed, ["with these ", "very words", " and ", "more"])) + joint.finish()

    assert rest == " and more"


async def test_what_was_held_back_is_told_before_the_figures():
    async def said():
        yield TextDelta("The")
        yield ReasoningDelta("Hm.")
        yield TurnEnd("length")
        yield Usage(1, 1)

    events = [event async for event in join_answer(said(), "The quick")]

    assert events == [ReasoningDelta("Hm."), TextDelta(" The"), TurnEnd("length"), Usage(1, 1)]
