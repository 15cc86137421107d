"""What happens when several things are done to one conversation at the same moment."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.db import connections, transaction

from accounts.tests.factories import UserFactory
from chat import deletion, services
from chat.agent.types import TextDelta
from chat.deletion import clear_history, wait_for_runs
from chat.enums import MessageRole, RunStatus
from chat.exceptions import RunsStopping
from chat.models import Message, Run, Session
from chat.runs import inputs, store
from chat.runs.manager import launch
from chat.runs.queue import claim_run
from chat.tests.factories import MessageFactory, RunFactory, SessionFactory
from chat.tests.fakes import ScriptedModel
from chat.tests.test_runs import watched
from youworker.core.exceptions import NotFound

pytestmark = pytest.mark.django_db(transaction=True)


def together(*acts):
    """Do all of these at once, each in a thread; what was raised."""
    raised, barrier = [], threading.Barrier(len(acts))

    def do(act):
        barrier.wait()
        try:
            act()
        except Exception as error:  # noqa: BLE001 -- looked at by the test
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=do, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def branch(message):
    found = []
    while message is not None:
        found.append(message)
        message = message.parent
    return found


def test_questions_at_the_same_moment_follow_each_other():
    session = SessionFactory()

    def ask(n):
        return lambda: services.post_message(session, text=f"question {n}", actor=session.user)

    assert together(*map(ask, range(8))) == []

    (last,) = Message.objects.filter(session=session, replies=None)
    roles = [message.role for message in branch(last)]
    assert roles == [MessageRole.ASSISTANT, MessageRole.USER] * 8


def test_the_prompt_of_a_question_has_everything_the_user_sees():
    session = SessionFactory()
    first = services.post_message(session, text="first", actor=session.user)
    assert claim_run(first.run_id, uuid4(), seconds=60)
    begun = Run.objects.get(pk=first.run_id)
    assert store.save_partials([(begun, "so far", "")]) == {begun.pk}
    services.post_message(session, text="second", actor=session.user)
    third = services.post_message(session, text="third", actor=session.user)

    run = Run.objects.get(pk=third.run_id)
    said = inputs.history(session.pk, run.question_id)

    assert [(one.role, one.content) for one in said] == [
        ("user", "third"),
        ("user", "second"),
        ("assistant", "so far"),
        ("user", "first"),
    ]


def test_a_question_follows_the_answer_that_was_made_last():
    session = SessionFactory()
    first = services.post_message(session, text="first", actor=session.user)
    services.post_message(session, text="second", actor=session.user)
    question = Message.objects.get(pk=first.message_id)
    again = services.regenerate(question, actor=session.user)

    third = services.post_message(session, text="third", actor=session.user)

    parent = Message.objects.get(pk=third.message_id).parent
    assert parent is not None
    assert (parent.run_id, parent.parent_id) == (again.run_id, first.message_id)


def test_history_follows_parents_whatever_the_clocks_of_the_processes_say():
    run = RunFactory()
    # Made by a process whose clock is ahead: its id is larger than that of the question after it.
    earlier = MessageFactory(session=run.session, content="earlier")
    run.question.parent = earlier
    run.question.save_fields("parent")
    assert earlier.pk > run.question.pk

    said = inputs.history(run.session_id, run.question_id)
    assert [one.content for one in said] == [run.question.content, "earlier"]


async def test_a_question_during_an_answer_is_answered_with_both(spoken_by):
    model = spoken_by(ScriptedModel([[TextDelta("one"), 1.5], [TextDelta("two")]]))
    session = await sync_to_async(SessionFactory)()
    post = sync_to_async(services.post_message)
    first = await post(session, text="first", actor=session.user)
    await launch(first.run_id)
    while not (await Message.objects.aget(run=first.run_id, role="assistant")).content:
        assert (await Run.objects.aget(pk=first.run_id)).status != RunStatus.SUCCEEDED
        await asyncio.sleep(0.05)

    second = await post(session, text="second", actor=session.user)
    await launch(second.run_id)
    await watched(second.run_id)
    await watched(first.run_id)

    said = [(message.role, message.content) for message in model.seen[1][1:]]
    assert said == [("user", "first"), ("assistant", "one"), ("user", "second")]


def gone(error):
    return isinstance(error, (NotFound, RunsStopping))


def test_posting_while_the_history_is_cleared_is_accepted_or_not_found(monkeypatch):
    # Nobody ends what was posted in time, and each round would wait for it.
    monkeypatch.setattr(deletion, "wait_for_runs", partial(wait_for_runs, seconds=0.2))
    user = UserFactory()
    raised = []

    for _ in range(10):
        sessions = [SessionFactory(user=user) for _ in range(4)]

        def post(session):
            def act():
                posted = services.post_message(session, text="now", actor=user)
                Run.objects.filter(pk=posted.run_id).update(status=RunStatus.STOPPED)
                services.post_message(session, text="again", actor=user)

            return act

        raised += together(*map(post, sessions), lambda: clear_history(user, actor=user))
        Run.objects.update(status=RunStatus.STOPPED)

    assert [error for error in raised if not gone(error)] == []


# The acts on a conversation, and the row each of them was given.
ACTS = {
    "post": lambda session, _: services.post_message(session, text="x", actor=session.user),
    "chat": lambda session, _: services.post_chat(text="x", session=session, actor=session.user),
    "regenerate": lambda session, answer: services.regenerate(answer, actor=session.user),
    "feedback": lambda session, answer: services.give_feedback(
        answer, rating=1, actor=session.user
    ),
    "update": lambda session, _: services.update_session(
        session, title="x", collections=[], actor=session.user
    ),
    "restore": lambda session, _: services.restore_session(session, actor=session.user),
    "delete": lambda session, _: services.delete_session(session, actor=session.user),
}


@pytest.mark.parametrize("name", ACTS)
def test_what_is_done_to_a_removed_conversation_is_not_found(name):
    run = RunFactory()
    session, answer = run.session, Message.objects.select_related("parent").get(pk=run.answer_id)
    answer.parent = run.question
    Session.all_objects.filter(pk=session.pk).hard_delete()

    with pytest.raises(NotFound):
        ACTS[name](session, answer)


@pytest.mark.parametrize("name", ["post", "regenerate"])
def test_an_act_waits_for_the_removal_that_goes_on(name):
    run = RunFactory()
    answer = Message.objects.get(pk=run.answer_id)
    answer.parent = run.question
    begun, result = threading.Event(), []

    def act():
        begun.wait()
        result.extend(together(lambda: ACTS[name](run.session, answer)))

    thread = threading.Thread(target=act)
    thread.start()
    with transaction.atomic():
        Session.all_objects.select_for_update().get(pk=run.session_id)
        begun.set()
        thread.join(0.5)
        assert thread.is_alive()
        Session.all_objects.filter(pk=run.session_id).hard_delete()
    thread.join()

    assert [type(error) for error in result] == [NotFound]


def test_a_conversation_is_deleted_while_its_answer_ends():
    figures = {"tokens_in": 1, "tokens_out": 1, "error_code": ""}
    for _ in range(10):
        run = RunFactory(status=RunStatus.RUNNING)

        raised = together(
            lambda run=run: services.delete_session(run.session, actor=run.user),
            lambda run=run: store.finish_run(run, RunStatus.SUCCEEDED, None, **figures),
            lambda run=run: services.post_message(run.session, text="x", actor=run.user),
        )

        assert [error for error in raised if not gone(error)] == []
