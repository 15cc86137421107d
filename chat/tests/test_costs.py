"""What a question may cost: statements are counted, BEGIN and COMMIT as well."""

import asyncio
import logging
import threading
from collections import Counter
from unittest.mock import patch
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import CaptureQueriesContext
from psycopg import _queries

from accounts.tests.factories import UserFactory
from chat import services
from chat.agent.types import TextDelta, Usage
from chat.enums import RunStatus
from chat.models import Message, Run
from chat.rendering import done_payload
from chat.runs import inputs, store
from chat.runs.leases import RunLease
from chat.runs.manager import accept, run_manager
from chat.runs.sweeper import interrupt_stalled_runs
from chat.tests.factories import RunFactory, SessionFactory
from chat.tests.fakes import ScriptedModel
from quotas.models import TokenUsage
from youworker.core.exceptions import NotFound
from youworker.tests.support.leases import let_leases_end
from youworker.tests.support.waiting import PATIENCE_SECONDS, wait_until_async

pytestmark = pytest.mark.django_db(transaction=True)


def ask(session, lease=None, **options):
    return services.post_message(session, text="How?", actor=session.user, lease=lease, **options)


@pytest.mark.parametrize("earlier", [0, 3])
def test_a_post_takes_five_statements_at_most(earlier):
    session = SessionFactory()
    for _ in range(earlier):
        ask(session)

    with CaptureQueriesContext(connection) as found:
        posted = ask(session, RunLease())

    assert posted.status == RunStatus.RUNNING
    assert len(found) <= 5, [query["sql"][:90] for query in found]


def test_what_is_stored_of_a_question_is_what_its_process_goes_on_with():
    session = SessionFactory()
    ask(session)

    run = ask(session, RunLease(), model="some", options={"language": "it"}).claimed

    for made in (run, run.question, run.answer):
        stored = type(made).objects.get(pk=made.pk)
        names = [field.attname for field in made._meta.concrete_fields]
        # The database's clock says when a lease ends, and the sweeper who is under suspicion.
        compared = [name for name in names if not name.startswith("lease_")]
        assert {n: getattr(stored, n) for n in compared} == {n: getattr(made, n) for n in compared}


def test_the_driver_keeps_what_it_makes_of_the_statement_of_a_question(monkeypatch):
    session = SessionFactory()
    taken_apart = []
    split = _queries._split_query  # noqa: SLF001 -- psycopg's own
    monkeypatch.setattr(
        _queries, "_split_query", lambda *given: taken_apart.append(given[0]) or split(*given)
    )
    ask(session, RunLease())
    taken_apart.clear()

    ask(session, RunLease())

    assert taken_apart == []


def test_a_conversation_is_read_in_one_statement_however_long_it_is(django_assert_num_queries):
    session = SessionFactory()
    for _ in range(4):
        posted = ask(session)
    question = Message.objects.get(pk=posted.message_id)

    with django_assert_num_queries(1):
        said = inputs.history(session.pk, question.pk)

    assert [one.role for one in said] == ["user"] * 4  # their answers are empty so far


def test_an_end_takes_five_statements_at_most():
    run = RunFactory(status=RunStatus.RUNNING, lease_token=uuid4())
    TokenUsage.objects.all().delete()
    figures = {"tokens_in": 1, "tokens_out": 2, "iterations": 1}

    with CaptureQueriesContext(connection) as found:
        assert store.finish_run(run, RunStatus.SUCCEEDED, None, **figures)

    assert len(found) <= 5, [query["sql"][:90] for query in found]


class Statements(logging.Handler):
    def __init__(self):
        super().__init__()
        self.by_thread = Counter()

    def emit(self, record):
        self.by_thread[threading.current_thread().name.rpartition("_")[0]] += 1


async def test_an_accepted_run_is_not_read_again_and_told_from_memory(spoken_by):
    # Not over before it is looked at, however long this test waits for its turn.
    spoken_by(ScriptedModel([[TextDelta("Yes."), 0.4, Usage(3, 1)]] * 2))
    session = await sync_to_async(SessionFactory)(enable_tools=False)
    here = run_manager()

    posted = await sync_to_async(accept)(lambda lease: ask(session, lease), manager=here)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while posted.run_id not in here.running:  # noqa: ASYNC110 -- nobody announces it
            await asyncio.sleep(0)
    logger, counting = logging.getLogger("django.db.backends"), Statements()
    level = logger.level
    logger.addHandler(counting)
    logger.setLevel(logging.DEBUG)
    try:
        with patch.object(BaseDatabaseWrapper, "queries_logged", new=True):
            result = await here.running[posted.run_id]
    finally:
        logger.removeHandler(counting)
        logger.setLevel(level)

    stored = await sync_to_async(stored_payload)(posted.run_id)
    # Nothing is loaded for the first question of a conversation: what is left is the end.
    assert counting.by_thread["database-work"] == 0
    assert counting.by_thread["database-vital"] <= 5
    assert result == stored
    assert (result["status"], result["message"]["content"]) == ("succeeded", "Yes.")


def stored_payload(run_id):
    return done_payload(Run.objects.select_related("answer").get(pk=run_id))


async def test_what_readers_thought_meanwhile_is_told_at_the_end(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("Yes."), 0.4]]))
    session = await sync_to_async(SessionFactory)()
    here = run_manager()
    posted = await sync_to_async(accept)(lambda lease: ask(session, lease), manager=here)
    answer = await Message.objects.aget(run_id=posted.run_id, role="assistant")
    await sync_to_async(services.give_feedback)(answer, rating=1, comment="good", actor=None)

    result = await here.running[posted.run_id]

    assert result["message"]["feedback"] == {"rating": 1, "comment": "good"}


async def test_the_text_of_an_accepted_run_is_saved_while_it_is_made(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("So far."), 600.0]]))
    session = await sync_to_async(SessionFactory)()
    here = run_manager()
    posted = await sync_to_async(accept)(lambda lease: ask(session, lease), manager=here)

    async def saved():
        return (await Message.objects.aget(run_id=posted.run_id, role="assistant")).content

    assert await wait_until_async(saved) == "So far."


# The guarantees that hold all the same.


def test_a_run_whose_process_died_after_it_was_accepted_is_taken_up_by_others():
    posted = ask(SessionFactory(), RunLease())
    assert posted.claimed is not None
    let_leases_end(Run.objects.all())

    assert interrupt_stalled_runs() == 0

    run = Run.objects.get(pk=posted.run_id)
    assert (run.status, run.lease_token, run.takeovers) == (RunStatus.QUEUED, None, 1)


def test_nobody_posts_into_what_is_not_theirs_or_is_deleted():
    session, deleted = SessionFactory(), SessionFactory()
    deleted.soft_delete()

    with pytest.raises(NotFound):
        services.post_message(session, text="x", actor=UserFactory())
    with pytest.raises(NotFound):
        services.post_message(deleted, text="x", actor=deleted.user)
    assert not Message.objects.exists()


async def test_a_refused_question_gives_its_place_back():
    here, session = run_manager(), await sync_to_async(SessionFactory)()
    stranger = await sync_to_async(UserFactory)()

    def post(lease):
        return services.post_message(session, text="x", lease=lease, actor=stranger)

    with pytest.raises(NotFound):
        await sync_to_async(accept)(post, manager=here)
    assert here.promised == 0


def test_the_lease_of_an_accepted_run_ends_by_the_clock_of_the_database():
    posted = ask(SessionFactory(), RunLease())

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM lease_until - statement_timestamp()) FROM chat_run"
            " WHERE id = %s",
            [posted.run_id],
        )
        assert 0 < cursor.fetchone()[0] <= 20


def test_a_session_is_named_once_and_moved_to_the_front():
    session = SessionFactory(title="")
    before = session.active_at

    ask(session)
    services.post_message(session, text="Something else", actor=session.user)

    session.refresh_from_db()
    assert session.title == "How?"
    assert session.active_at > before


def test_the_collections_of_a_session_count_for_its_runs():
    from documents.tests.factories import CollectionFactory

    session = SessionFactory()
    collection = CollectionFactory(owner=session.user)
    session.collections.add(collection)

    posted = ask(session)

    assert Run.objects.get(pk=posted.run_id).options["collections"] == [str(collection.pk)]
