"""Queued runs: how many a model server gets, whose turn it is, and how soon they are taken up."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from uuid import uuid4

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from rest_framework.test import APIClient

from accounts.tests.factories import UserFactory
from chat import approvals, services
from chat.agent.types import TextDelta
from chat.direct_calls import DirectCall, begin_call, end_call
from chat.enums import RunStatus
from chat.events import begun_key, log_key
from chat.exceptions import QueueFull
from chat.llm import registry
from chat.models import Run
from chat.runs import manager, queue, sweeper
from chat.runs.leases import RunLease
from chat.runs.log.run_log import LogCipher
from chat.runs.log.writer import log_writer
from chat.runs.manager import accept, run_manager
from chat.runs.places import PlaceTeller, tell_place
from chat.runs.queue import claim_queued, claim_run, queued_places
from chat.runs.stream import view_run
from chat.tests.factories import RunFactory, SessionFactory, ToolRunFactory
from chat.tests.fakes import ScriptedModel
from youworker.core.redis import async_redis, sync_redis
from youworker.tests.support.leases import let_leases_end
from youworker.tests.support.waiting import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

SERVER = "http://models.test:8000/v1"


@pytest.fixture
def limited(configured):
    """One model server that makes two answers at a time."""
    configured("llm", base_url=SERVER, chat_model="m", max_runs=2)
    return registry.endpoint_of("m")


def waiting(user, endpoint="", count=1):
    session = SessionFactory(user=user)
    return [
        RunFactory(session=session, user=user, status=RunStatus.QUEUED, endpoint=endpoint).pk
        for _ in range(count)
    ]


def claim_apart(limit):
    try:
        return claim_queued(uuid4(), limit, seconds=60)
    finally:
        connection.close()


def ask(session, **options):
    return services.post_message(session, text="How?", actor=session.user, **options)


async def told(run_id):
    async with asyncio.timeout(PATIENCE_SECONDS):
        return [event.type async for batch in view_run(run_id) for event in batch]


def test_models_asked_without_the_agent_take_room_at_their_server(limited):
    user = UserFactory()
    waiting(user, limited, 2)
    calls = [DirectCall(user.pk, None, limited) for _ in range(2)]
    begin_call(calls[0])
    try:
        assert len(claim_queued(uuid4(), 5, seconds=60)) == 1
        begin_call(calls[1])
        assert claim_queued(uuid4(), 5, seconds=60) == []
    finally:
        for call in calls:
            end_call(call)


# Whose turn it is.


def test_everybody_comes_first_once_before_anybody_comes_twice():
    many, one, other = (UserFactory() for _ in range(3))
    first, second, third = waiting(many, count=3)
    (late,), (later,) = waiting(one), waiting(other)

    # One at a time, so that what runs counts for those who wait.
    order = [claim_queued(uuid4(), 1, seconds=60)[0] for _ in range(5)]

    assert order == [first, late, later, second, third]


def test_at_one_look_turns_are_taken_too():
    many, one = UserFactory(), UserFactory()
    first, _, _ = waiting(many, count=3)
    (late,) = waiting(one)

    assert set(claim_queued(uuid4(), 2, seconds=60)) == {first, late}


def test_a_look_that_nobody_heard_the_answer_of_is_repeated():
    (mine, other), token = waiting(UserFactory(), count=2), uuid4()

    assert claim_queued(token, 1, seconds=60) == [mine]
    assert set(claim_queued(token, 1, seconds=60)) == {mine, other}


# How many a model server gets.


def test_a_full_server_gets_no_more_and_the_others_do(limited):
    user = UserFactory()
    waiting(user, limited, count=4)
    (elsewhere,) = waiting(user, "other.test/v1")
    (built_in,) = waiting(user)

    taken = claim_queued(uuid4(), 10, seconds=60)

    here = Run.objects.filter(endpoint=limited, status=RunStatus.RUNNING)
    assert here.count() == 2
    assert {elsewhere, built_in} < set(taken)
    assert len(taken) == 4


def test_processes_that_look_together_do_not_overfill_a_server(limited):
    for _ in range(6):
        waiting(UserFactory(), limited)

    with ThreadPoolExecutor(4) as pool:
        taken = [pk for part in pool.map(claim_apart, [2] * 8) for pk in part]

    assert len(taken) == len(set(taken)) == 2
    assert Run.objects.filter(status=RunStatus.RUNNING).count() == 2


def test_questions_accepted_together_do_not_overfill_a_server(limited):
    sessions = [SessionFactory() for _ in range(6)]

    def ask_apart(session):
        try:
            return ask(session, lease=RunLease()).status
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(ask_apart, sessions))

    assert sorted(found) == [RunStatus.QUEUED] * 4 + [RunStatus.RUNNING] * 2


def test_a_new_question_does_not_overtake_those_that_wait(limited):
    waiting(UserFactory(), limited)

    assert ask(SessionFactory(), lease=RunLease()).status == RunStatus.QUEUED


def test_a_run_named_by_its_id_waits_for_room_like_any_other(limited):
    first, second, third = (waiting(UserFactory(), limited)[0] for _ in range(3))

    assert claim_run(first, uuid4(), seconds=60)
    assert not claim_run(third, uuid4(), seconds=60)
    assert claim_run(second, uuid4(), seconds=60)
    assert not claim_run(third, uuid4(), seconds=60)


def test_a_queue_has_a_bound_at_which_many_are_refused_before_first_ones(configured):
    configured("llm", base_url=SERVER, chat_model="m", max_runs=1, max_queued=2)
    many, one, other = (UserFactory() for _ in range(3))
    waiting(many, "models.test:8000/v1", count=2)

    with pytest.raises(QueueFull) as refusal:
        ask(SessionFactory(user=many), lease=RunLease())
    assert (refusal.value.status, refusal.value.wait) == (429, 10)
    for user in (one, other):
        assert ask(SessionFactory(user=user), lease=RunLease()).status == RunStatus.QUEUED
    with pytest.raises(QueueFull):
        ask(SessionFactory(), lease=RunLease())
    assert Run.objects.count() == 4

    configured("llm", max_queued=0)
    assert ask(SessionFactory(user=many), lease=RunLease()).status == RunStatus.QUEUED


def test_a_full_queue_is_told_over_http_with_a_time(configured):
    configured("llm", base_url=SERVER, chat_model="m", max_runs=1, max_queued=1)
    session = SessionFactory()
    waiting(session.user, "models.test:8000/v1")
    client = APIClient()
    client.force_authenticate(session.user)

    for path, body in (
        (f"/v1/sessions/{session.pk}/messages", {"text": "How?"}),
        ("/v1/chat", {"text": "How?", "stream": True}),
    ):
        answer = client.post(path, body, format="json")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5"), answer.content
        assert answer.json()["errors"][0]["code"] == "queue_full"


def test_without_a_limit_nothing_is_locked_or_counted(configured, django_assert_num_queries):
    configured("llm", base_url=SERVER, max_runs=0)

    with django_assert_num_queries(0):
        assert queue.may_begin("models.test:8000/v1")


def test_the_name_of_a_server_has_no_password(configured):
    configured("llm", base_url="http://ada:secret@models.test:8000/v1", chat_model="m")

    assert registry.endpoint_of("m") == "models.test:8000/v1"
    assert registry.endpoint_of("quote") == ""


def test_of_several_servers_the_one_that_lists_the_model_counts(configured, monkeypatch):
    configured("llm", base_url="http://a.test/v1,http://b.test/v1", chat_model="")
    monkeypatch.setattr(registry, "last_listed", {"http://b.test/v1": ("big:latest",)})

    assert registry.endpoint_of("big") == "b.test/v1"
    assert registry.endpoint_of("unknown") == "a.test/v1"
    assert registry.endpoint_of("") == "b.test/v1"


# How soon.


async def test_a_queued_run_wakes_a_process(spoken_by, patient):
    spoken_by(ScriptedModel([[TextDelta("Here.")]]))
    session = await sync_to_async(SessionFactory)()

    posted = await sync_to_async(ask)(session)

    assert posted.status == RunStatus.QUEUED
    assert (await told(posted.run_id))[-1] == "done"


async def test_room_at_a_server_wakes_a_process(spoken_by, patient, configured):
    configured("llm", base_url=SERVER, chat_model="m", max_runs=1)
    spoken_by(ScriptedModel([[TextDelta("a"), 0.3], [TextDelta("b")]]))
    sessions = [await sync_to_async(SessionFactory)() for _ in range(2)]

    posted = [
        await sync_to_async(accept)(
            lambda lease, session=session: ask(session, lease=lease), manager=patient
        )
        for session in sessions
    ]
    ends = await asyncio.gather(*(told(one.run_id) for one in posted))

    assert [one.status for one in posted] == [RunStatus.RUNNING, RunStatus.QUEUED]
    assert [end[-1] for end in ends] == ["done", "done"]


async def test_a_full_process_takes_up_what_waits_when_it_has_room(spoken_by, patient, configured):
    configured("agent", runs_per_process=1)
    spoken_by(ScriptedModel([[TextDelta("a"), 0.3], [TextDelta("b")]]))
    sessions = [await sync_to_async(SessionFactory)() for _ in range(2)]

    posted = [
        await sync_to_async(accept)(
            lambda lease, session=session: ask(session, lease=lease), manager=patient
        )
        for session in sessions
    ]
    ends = await asyncio.gather(*(told(one.run_id) for one in posted))

    assert [one.status for one in posted] == [RunStatus.RUNNING, RunStatus.QUEUED]
    assert [end[-1] for end in ends] == ["done", "done"]
    assert patient.promised == 0


async def test_a_process_that_drains_ends_its_runs_and_leaves_further_ones(spoken_by, patient):
    spoken_by(ScriptedModel([[TextDelta("a"), 0.3, TextDelta("b")]]))
    sessions = [await sync_to_async(SessionFactory)() for _ in range(2)]

    def accepted(session):
        return accept(lambda lease: ask(session, lease=lease), manager=patient)

    first = await sync_to_async(accepted)(sessions[0])
    draining = asyncio.create_task(patient.drain(60))
    await asyncio.sleep(0)
    late = await sync_to_async(accepted)(sessions[1])
    await draining
    rows = {run.pk: run async for run in Run.objects.all()}

    assert (first.status, late.status) == (RunStatus.RUNNING, RunStatus.QUEUED)
    assert rows[first.run_id].status == RunStatus.SUCCEEDED
    assert rows[late.run_id].status == RunStatus.QUEUED
    assert (patient.tasks, patient.promised) == ([], 0)


async def test_a_process_drains_for_so_long_only(spoken_by, patient):
    spoken_by(ScriptedModel([[TextDelta("a"), 600.0]]))
    session = await sync_to_async(SessionFactory)()
    await sync_to_async(accept)(lambda lease: ask(session, lease=lease), manager=patient)

    await patient.drain(0.2)

    assert len(patient.tasks) == 1


async def test_who_was_late_for_a_run_takes_nothing_from_who_has_it(spoken_by, monkeypatch):
    spoken_by(ScriptedModel([[0.5, TextDelta("Here.")]]))
    posted = await sync_to_async(ask)(await sync_to_async(SessionFactory)())
    here, taken = run_manager(), threading.Event()

    def come_late(*_, **__):
        taken.wait(20)
        return False

    monkeypatch.setattr(manager, "claim_run", come_late)
    late = here.launch(posted.run_id)
    await here.take_queued()
    taken.set()

    assert await late is None
    assert {posted.run_id} == set(here.stops) == set(here.leases) == set(here.running)
    assert (await here.running[posted.run_id])["status"] == "succeeded"


@pytest.fixture
def announced(monkeypatch):
    """How often processes were woken."""
    calls = []
    for module in (queue, sweeper, approvals, services.questions):
        monkeypatch.setattr(module, "announce_queued", lambda: calls.append(1))
    return calls


def test_what_the_sweeper_queues_is_announced(announced):
    run = RunFactory(status=RunStatus.RUNNING, lease_token=uuid4())
    run.answer.content = ""
    run.answer.save_fields("content")
    let_leases_end(Run.objects.all())

    assert sweeper.interrupt_stalled_runs() == 0
    assert (Run.objects.get().status, announced) == (RunStatus.QUEUED, [1])


def test_what_a_decision_queues_is_announced(announced):
    run = RunFactory(status=RunStatus.WAITING_APPROVAL, state={"v": 1})
    row = ToolRunFactory(run=run, user=run.user, status="waiting")

    approvals.decide_call(Run.objects.all(), row.pk, decision="allow", actor=run.user)

    assert (Run.objects.get().status, announced) == (RunStatus.QUEUED, [1])


# Places, told to those who wait.


async def events_of(run_id):
    rows = await async_redis().xrange(log_key(run_id))
    cipher = LogCipher(run_id)
    return [(e.seq, e.type, orjson.loads(e.data)) for e in map(cipher.open, rows)]


def queued(position):
    return {"status": "queued", "position": position}


async def test_places_are_told_and_told_again_when_they_change():
    first, second, _ = await sync_to_async(waiting)(await sync_to_async(UserFactory)(), count=3)
    tellers = [PlaceTeller(), PlaceTeller()]

    for teller in tellers * 2:
        await sync_to_async(teller.tell)()
    assert await events_of(second) == [(1, "run", queued(2))]
    assert await sync_to_async(claim_run)(first, uuid4(), seconds=60)
    for teller in tellers:
        await sync_to_async(teller.tell)()

    assert await events_of(first) == [(1, "run", queued(1))]
    assert await events_of(second) == [(1, "run", queued(2)), (2, "run", queued(1))]


async def test_those_who_watch_see_their_place_and_then_the_answer(spoken_by, configured):
    configured("agent", runs_per_process=1)
    spoken_by(ScriptedModel([[TextDelta("One"), 1.5], [TextDelta("Two")]]))
    here = run_manager()
    here.serve()
    session = await sync_to_async(SessionFactory)()
    first = await sync_to_async(ask)(session)
    await sync_to_async(wait_until)(
        Run.objects.filter(pk=first.run_id, status=RunStatus.RUNNING).exists
    )
    second = await sync_to_async(ask)(session)

    events = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        async with aclosing(view_run(second.run_id)) as batches:
            async for batch in batches:
                events += [(e.seq, e.type, orjson.loads(e.data)) for e in batch]

    assert [seq for seq, _, _ in events] == list(range(1, len(events) + 1))
    states = [(data["status"], data.get("position")) for _, kind, data in events if kind == "run"]
    assert states[0] == ("queued", 1)
    assert states[1:] == [("running", None), ("succeeded", None)]
    assert events[-1][1] == "done"


async def test_who_looked_before_a_run_began_tells_nothing_into_its_log():
    (run_id,) = await sync_to_async(waiting)(await sync_to_async(UserFactory)())
    log = await log_writer().open(run_id)

    await sync_to_async(tell_place)(run_id, 3)
    log.text("Hello")
    await log.flush()

    assert [kind for _, kind, _ in await events_of(run_id)] == ["token"]
    await sync_to_async(sync_redis().delete)(begun_key(run_id))
    await sync_to_async(tell_place)(run_id, 3)
    assert [kind for _, kind, _ in await events_of(run_id)] == ["token"]
    await log.close()


async def test_an_ended_log_tells_no_place():
    (run_id,) = await sync_to_async(waiting)(await sync_to_async(UserFactory)())
    await sync_to_async(sweeper.stop_run)(run_id)

    await sync_to_async(tell_place)(run_id, 1)

    assert [kind for _, kind, _ in await events_of(run_id)] == ["done"]


def test_each_model_server_has_a_queue_of_its_own_where_room_is_limited(limited):
    one, other = UserFactory(), UserFactory()
    first, second = waiting(one, limited, count=2)
    (elsewhere,) = waiting(other, "http://other.test:8000/v1")

    assert queued_places(9) == {first: 1, second: 2, elsewhere: 1}
    assert queued_places(1, only=second) == {second: 2}


def test_without_limits_there_is_one_queue():
    first, second = waiting(UserFactory(), "http://a.test/v1", count=2)
    (other,) = waiting(UserFactory(), "http://b.test/v1")

    assert queued_places(9) == {first: 1, other: 2, second: 3}


def test_a_queued_run_says_its_place_over_http():
    first, second = waiting(UserFactory(), count=2)
    client = APIClient()
    client.force_authenticate(Run.objects.get(pk=first).user)

    assert [client.get(f"/v1/runs/{pk}").json()["position"] for pk in (first, second)] == [1, 2]
    claim_run(first, uuid4(), seconds=60)
    assert client.get(f"/v1/runs/{first}").json()["position"] is None
