"""Posting, and what it refuses."""

from __future__ import annotations

from threading import Thread
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections

from accounts.tests.factories import UserFactory
from chat import services
from chat.enums import MessageRole, RunStatus
from chat.exceptions import RunFinished
from chat.models import Message, Run, Session
from chat.runs.inputs import scope_of
from chat.tests.factories import (
    CitationFactory,
    MessageFactory,
    RunFactory,
    SessionFactory,
    ToolRunFactory,
)
from documents.services import ensure_default_collection
from documents.tests.factories import CollectionFactory
from youworker.core.exceptions import IdempotencyMismatch, InvalidInput, NotFound

pytestmark = pytest.mark.django_db


def test_post_message_stores_the_question_and_queues_its_run():
    session = SessionFactory(title="")

    posted = services.post_message(session, text="Where is the log?", actor=session.user)

    question, answer = Message.objects.filter(session=session).in_order()
    run = Run.objects.get()
    assert (question.role, question.content) == (MessageRole.USER, "Where is the log?")
    assert (answer.role, answer.content, answer.parent_id) == ("assistant", "", question.pk)
    assert (run.pk, run.status, run.question_id) == (posted.run_id, "queued", question.pk)
    assert Session.objects.get().title == "Where is the log?"


def test_post_message_follows_the_latest_message():
    session = SessionFactory()
    first = MessageFactory(session=session)

    posted = services.post_message(session, text="And then?", actor=session.user)

    assert Message.objects.get(pk=posted.message_id).parent_id == first.pk


def test_post_message_refuses_a_parent_of_another_session():
    session = SessionFactory()

    with pytest.raises(InvalidInput):
        services.post_message(session, text="x", parent_id=MessageFactory().pk, actor=session.user)

    assert not Run.objects.exists()


@pytest.mark.parametrize("text", ["", "  \n", "x" * (services.questions.LONGEST_TEXT + 1)])
def test_post_message_refuses_texts_that_cannot_be_asked(text):
    session = SessionFactory()

    with pytest.raises(InvalidInput):
        services.post_message(session, text=text, actor=session.user)


def test_posting_again_with_the_same_key_gives_the_first_answer():
    session = SessionFactory()
    post = {"text": "once", "idempotency_key": "k1", "actor": session.user}

    first = services.post_message(session, **post)
    second = services.post_message(session, **post)

    assert (second.message_id, second.run_id) == (first.message_id, first.run_id)
    assert (first.is_new, second.is_new) == (True, False)
    assert Message.objects.filter(role="user").count() == 1


def test_posting_another_text_with_the_same_key_is_refused():
    session = SessionFactory()
    services.post_message(session, text="one", idempotency_key="k", actor=session.user)

    with pytest.raises(IdempotencyMismatch):
        services.post_message(session, text="two", idempotency_key="k", actor=session.user)


def test_the_same_key_of_another_user_is_another_key():
    for session in (SessionFactory(), SessionFactory()):
        services.post_message(session, text="one", idempotency_key="k", actor=session.user)

    assert Message.objects.filter(role="user").count() == 2


@pytest.mark.django_db(transaction=True)
def test_twin_posts_at_the_same_moment_are_stored_once():
    session = SessionFactory()
    found = []

    def post():
        try:
            posted = services.post_message(
                session, text="twice", idempotency_key="twin", actor=session.user
            )
            found.append(posted.run_id)
        finally:
            connections.close_all()

    threads = [Thread(target=post) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 6
    assert len(set(found)) == 1
    assert Message.objects.filter(role="user").count() == 1


def test_a_conversation_stays_limited_when_its_collections_are_removed():
    user = UserFactory()
    shelf = CollectionFactory(owner=user)
    session = services.create_session(collections=[shelf.pk], actor=user)
    shelf.hard_delete()

    posted = services.post_message(session, text="How?", actor=user)

    run = Run.objects.get(pk=posted.run_id)
    assert (run.options["collections"], run.options["limited"]) == ([], True)
    assert scope_of(run) == ()


def test_a_limit_ends_only_when_its_user_ends_it():
    user = UserFactory()
    session = services.create_session(collections=[CollectionFactory(owner=user).pk], actor=user)

    services.update_session(session, collections=[], actor=user)
    posted = services.post_message(session, text="How?", actor=user)

    assert not Session.objects.get().limited
    assert scope_of(Run.objects.get(pk=posted.run_id)) is None


def test_a_question_may_be_wider_than_its_conversation():
    user = UserFactory()
    session = services.create_session(collections=[CollectionFactory(owner=user).pk], actor=user)

    posted = services.post_message(session, text="How?", options={"collections": []}, actor=user)

    assert scope_of(Run.objects.get(pk=posted.run_id)) is None


@pytest.mark.parametrize("chosen", [[], [str(UUID(int=1))]])
def test_the_scope_of_a_run_of_a_former_version_is_its_collections(chosen):
    expected = tuple(map(UUID, chosen)) or None

    assert scope_of(Run(options={"collections": chosen})) == expected


def test_sessions_cannot_be_limited_to_collections_of_others():
    user = UserFactory()
    foreign = ensure_default_collection(UserFactory())

    with pytest.raises(InvalidInput):
        services.create_session(collections=[foreign.pk], actor=user)

    assert not Session.objects.exists()


def test_own_session_hides_those_of_others_and_deleted_ones():
    session = SessionFactory()
    services.delete_session(session, actor=session.user)

    with pytest.raises(NotFound):
        services.own_session(session.pk, actor=session.user)
    with pytest.raises(NotFound):
        services.own_session(SessionFactory().pk, actor=session.user)
    assert services.own_session(session.pk, deleted=True, actor=session.user) == session


def test_stop_run_refuses_what_has_ended():
    with pytest.raises(RunFinished):
        services.stop_run(RunFactory(status=RunStatus.SUCCEEDED))


def test_run_in_session_knows_only_runs_of_that_session():
    run, other = RunFactory(), RunFactory()

    assert services.run_in_session(run.session, str(run.pk)) == run.pk
    for wrong in (other.pk, uuid4(), "nonsense", None, {"$ne": 1}):
        with pytest.raises(NotFound):
            services.run_in_session(run.session, wrong)


def test_content_stands_encrypted_in_the_database():
    session = SessionFactory(title="canary title")
    message = MessageFactory(session=session, content="canary content", reasoning="canary thought")
    CitationFactory(message=message, quote="canary quote")
    ToolRunFactory(
        session=session,
        arguments={"query": "canary"},
        result_preview="canary result",
        error="canary error",
    )

    with connection.cursor() as cursor:
        cursor.execute("SELECT title FROM chat_session WHERE id = %s", [session.pk])
        stored = list(cursor.fetchone())
        cursor.execute("SELECT content, reasoning FROM chat_message WHERE id = %s", [message.pk])
        stored += cursor.fetchone()
        cursor.execute("SELECT arguments, result_preview, error FROM chat_toolrun")
        stored += cursor.fetchone()
        cursor.execute("SELECT quote FROM chat_citation")
        stored += cursor.fetchone()

    assert not any("canary" in text for text in stored)
    assert all(text.startswith("gAAAA") for text in stored)
    assert Message.objects.get().content == "canary content"
    assert Session.objects.get().title == "canary title"
