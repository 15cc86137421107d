"""Room at model servers for what has no run: who goes first, and what a killed process leaves."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.db.models.functions import Now

from accounts.tests.factories import UserFactory
from chat.agent.exceptions import ModelUnavailable
from chat.direct_calls import NOBODY, DirectCall, count_calls_by_endpoint, process_id
from chat.enums import CallKind, RunStatus
from chat.llm import admission, endpoints
from chat.llm.admission import batch_slot, forget_lost_calls, give_room, renew_rooms, take_room
from chat.llm.endpoints import Stored, StoredServer, endpoints_in_force
from chat.llm.quote.model import QuoteModel
from chat.model_servers import ModelCall
from chat.runs.queue import claim_queued, queued_places
from chat.tests.factories import RunFactory
from chat.tests.llm_support import model_on

pytestmark = pytest.mark.django_db(transaction=True)

SERVER = "http://models.test:8000/v1"
ADDRESS = "models.test:8000/v1"


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(admission, "LOOK_SECONDS", 0.02)


@pytest.fixture
def limited(configured):
    """One model server with room for so many answers."""

    def limit(most):
        configured("llm", base_url=SERVER, chat_model="m", max_runs=most)
        return model_on(SERVER)

    return limit


def run_at(address, status=RunStatus.RUNNING):
    return RunFactory(status=status, endpoint=address).pk


def call_of_another_process(address=ADDRESS):
    return ModelCall.objects.create(
        id=uuid4(),
        endpoint=address,
        kind=CallKind.DIRECT,
        process=uuid4(),
        until=admission.lease_end(20),
    )


async def test_background_work_takes_room_and_gives_it_back(limited):
    model = limited(2)

    async with batch_slot(model):
        assert count_calls_by_endpoint() == {ADDRESS: 1}
        assert await ModelCall.objects.alive().acount() == 1

    assert count_calls_by_endpoint() == {}
    assert not await ModelCall.objects.aexists()


async def test_one_place_stays_free_for_people(limited):
    model = limited(2)
    await sync_to_async(run_at)(ADDRESS)

    with pytest.raises(ModelUnavailable, match="no room for background work"):
        async with batch_slot(model, seconds=0.1):
            pytest.fail("There was no room.")

    assert count_calls_by_endpoint() == {}


async def test_whoever_waits_goes_before_background_work(limited):
    model = limited(3)
    waits = await sync_to_async(run_at)(ADDRESS, RunStatus.QUEUED)
    done = asyncio.Event()

    async def work():
        async with batch_slot(model, seconds=20):
            done.set()

    task = asyncio.create_task(work())
    await asyncio.sleep(0.1)
    assert not done.is_set()
    claimed = await sync_to_async(claim_queued)(uuid4(), 5, seconds=60)
    await asyncio.wait_for(task, 10)

    assert claimed == [waits]


async def test_a_server_with_one_place_works_in_the_background_when_it_is_free(limited):
    model = limited(1)

    async with batch_slot(model):
        waits = await sync_to_async(run_at)(ADDRESS, RunStatus.QUEUED)
        assert await sync_to_async(claim_queued)(uuid4(), 5, seconds=60) == []

    assert await sync_to_async(claim_queued)(uuid4(), 5, seconds=60) == [waits]


async def test_work_that_breaks_down_gives_its_room_back(limited):
    model = limited(1)

    with pytest.raises(ZeroDivisionError):
        async with batch_slot(model):
            raise ZeroDivisionError

    assert count_calls_by_endpoint() == {}
    assert not await ModelCall.objects.aexists()


async def test_without_a_limit_nothing_is_stored(limited):
    for model in (limited(0), QuoteModel()):
        async with batch_slot(model):
            assert not await ModelCall.objects.aexists()


def test_calls_of_other_processes_take_room(limited):
    limited(2)
    call_of_another_process()
    call_of_another_process("elsewhere.test/v1")
    call = DirectCall(UserFactory().pk, None, ADDRESS)

    assert take_room(call, CallKind.DIRECT)
    assert not take_room(DirectCall(call.user_id, None, ADDRESS), CallKind.DIRECT)
    run_at(ADDRESS, RunStatus.QUEUED)
    assert claim_queued(uuid4(), 5, seconds=60) == []

    give_room(call)
    assert len(claim_queued(uuid4(), 5, seconds=60)) == 1


def test_what_a_killed_process_leaves_takes_no_room_for_long(limited):
    limited(1)
    lost = call_of_another_process()
    ModelCall.objects.update(until=Now())
    mine = DirectCall(NOBODY, None, ADDRESS)

    assert take_room(mine, CallKind.BATCH)
    assert renew_rooms() == 1
    assert forget_lost_calls() == 1
    assert list(ModelCall.objects.values_list("process", flat=True)) == [process_id()]
    assert lost.process != process_id()
    give_room(mine)


def stored(url, **values):
    address = url.removeprefix("http://")
    plain = StoredServer(
        name=address,
        url=url,
        address=address,
        key="",
        is_configured=False,
        position=100,
        enabled=True,
        max_runs=None,
        told_runs=None,
        context_tokens=None,
    )
    return replace(plain, **values)


@pytest.mark.parametrize(
    ("setting", "row", "most"),
    [(-1, None, 2), (-1, 3, 3), (-1, 0, 0), (0, None, 0), (5, None, 5), (5, 3, 3)],
)
def test_what_a_server_tells_of_its_room_counts_where_nobody_said_anything(
    configured, monkeypatch, setting, row, most
):
    configured("llm", base_url="", max_runs=setting)
    row = stored("http://b.test/v1", max_runs=row, told_runs=2)
    monkeypatch.setattr(endpoints, "stored", Stored((row,)))

    assert endpoints.most_runs("b.test/v1") == most
    assert endpoints.most_runs("c.test/v1") == max(setting, 0)
    assert endpoints.is_room_limited() is bool(most)


def test_each_server_has_the_room_its_row_says(configured, monkeypatch):
    configured("llm", base_url=SERVER, max_runs=1)
    rows = (stored("http://b.test/v1", max_runs=3), stored("http://c.test/v1", max_runs=0))
    monkeypatch.setattr(endpoints, "stored", Stored(rows))
    assert [each.address for each in endpoints_in_force()] == [ADDRESS, "b.test/v1", "c.test/v1"]
    for address in (ADDRESS, "b.test/v1", "c.test/v1"):
        for _ in range(5):
            run_at(address, RunStatus.QUEUED)

    taken = claim_queued(uuid4(), 50, seconds=60)

    assert len(taken) == 1 + 3 + 5
    assert sorted(queued_places(50).values()) == [1, 1, 2, 2, 3, 4]
