"""Several model servers: which one answers when others fail, and what is told and counted."""

import asyncio
import socket
import time
from dataclasses import replace

import pytest
from asgiref.sync import sync_to_async

from chat import services
from chat.agent.exceptions import ModelRefused, ModelUnavailable
from chat.agent.types import ChatMessage, Notice
from chat.enums import RunStatus
from chat.llm import registry as registry_module
from chat.llm.circuit import Circuit, circuit
from chat.llm.fallback import FallbackModel
from chat.llm.registry import Registry
from chat.models import Run
from chat.runs import room
from chat.runs.manager import launch
from chat.runs.queue import move_run
from chat.tests.factories import RunFactory, SessionFactory
from chat.tests.llm_support import QUICK_RETRY, endpoint_at, events_of, model_on, text_of
from youworker.core.per_loop import close_all
from youworker.tests.support.model_server import ModelServer, Turn
from youworker.tests.support.ports import free_port
from youworker.tests.support.waiting import PATIENCE_SECONDS

FAULTS = {
    "500": Turn(status=500),
    "429": Turn(status=429, retry_after="30"),
    "503": Turn(status=503),
    "its key is wrong": Turn(status=401, message="invalid api key"),
    "its key may not": Turn(status=403, message="no access to this model"),
    "no model": Turn(status=404, message="model 'm' not found"),
    "silent before its head": Turn(hang="headers"),
    "silent before its first word": Turn(hang="first"),
    "broken before its first word": Turn(text="a b c", cut=0),
    "an error in its stream": Turn(error="out of memory"),
}


@pytest.fixture(autouse=True)
def _no_memory(monkeypatch):
    monkeypatch.setattr(registry_module, "last_listed", {})


@pytest.fixture
async def pair():
    """Two servers that both have the model `m`."""
    with (
        ModelServer(models=("m",), default=Turn(text="I am the first.")) as first,
        ModelServer(models=("m", "n"), default=Turn(text="I am the second.")) as second,
    ):
        yield first, second
        await close_all()


def dead_url():
    return f"http://127.0.0.1:{free_port()}/v1"


def both(*servers, **changes):
    quick = {"first_token_timeout": 0.3, "connect_timeout": 0.5, **changes}
    return FallbackModel([model_on(server.base_url, "m", **quick) for server in servers])


def notices_of(events):
    return [event.text for event in events if isinstance(event, Notice)]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_the_next_server_answers_for_one_that_fails_before_its_first_word(pair, fault):
    first, second = pair
    first.script(fault)

    began = time.monotonic()
    events = await events_of(both(first, second))

    assert text_of(events) == "I am the second."
    (told,) = notices_of(events)
    assert told.startswith("127.0.0.1 did not answer: The model")
    assert told.endswith(" Now m (127.0.0.1) answers.")
    # It is not asked again while somebody else can answer.
    assert (len(first.chats), len(second.chats)) == (1, 1)
    assert time.monotonic() - began < 2


async def test_a_server_that_is_away_is_left_out_for_a_while_and_tried_again(pair, monkeypatch):
    first, second = pair
    first.script(Turn(status=500))

    await events_of(both(first, second))
    events = await events_of(both(first, second))
    assert (text_of(events), len(first.chats)) == ("I am the second.", 1)
    assert len(notices_of(events)) == 1

    circuit.until[both(first, second).candidates[0].endpoint.address] = 0.0
    events = await events_of(both(first, second))
    assert (text_of(events), notices_of(events)) == ("I am the first.", [])


async def test_after_the_first_word_nobody_else_goes_on(pair):
    first, second = pair
    first.script(Turn(text="a b c d e f", cut=3))
    found = []

    with pytest.raises(ModelUnavailable):
        await events_of(both(first, second), found=found)

    assert text_of(found) == "a b c "
    assert second.chats == []


async def test_what_a_server_refuses_is_not_asked_of_the_next_one(pair):
    first, second = pair
    first.script(Turn(status=400, message="the prompt is too long"))

    with pytest.raises(ModelRefused, match="too long"):
        await events_of(both(first, second))

    assert second.chats == []


async def test_when_all_fail_the_last_failure_is_told_after_all_its_tries(pair):
    first, second = pair
    first.script(Turn(status=500, message="one"))
    second.script(*[Turn(status=503, message="two")] * 3)

    with pytest.raises(ModelUnavailable, match="503: two"):
        await events_of(both(first, second))

    assert (len(first.chats), len(second.chats)) == (1, 3)


@pytest.mark.parametrize(
    "question",
    [
        ChatMessage("user", "word " * 100),
        ChatMessage("user", "Read it.", attached="word " * 100),
        ChatMessage("user", "Look.", images=["data:image/png;base64,AA=="]),
    ],
    ids=["words", "file", "image"],
)
async def test_a_prompt_is_not_sent_to_a_server_whose_window_is_too_small(pair, question):
    first, second = pair
    first.script(*[Turn(status=500, message="no")] * 3)
    model = both(first, second)
    model.candidates[1] = replace(model.candidates[1], window=50)

    with pytest.raises(ModelUnavailable, match="500"):
        await events_of(model, [question])

    assert second.chats == []


async def test_later_turns_stay_with_the_server_that_answered(pair):
    first, second = pair
    first.script(Turn(status=500))
    model = both(first, second)

    await events_of(model)
    events = await events_of(model)

    assert (text_of(events), notices_of(events)) == ("I am the second.", [])
    assert model.endpoint.url == second.base_url


# Which servers stand for each other.


def registry_of(*urls, default=""):
    servers = [endpoint_at(url, connect_timeout=0.5) for url in urls]
    return Registry(servers, QUICK_RETRY, default)


async def test_servers_with_the_same_model_stand_for_each_other(pair):
    first, second = pair
    known = registry_of(first.base_url, second.base_url)

    model = await known.resolve("m")
    alone = await known.resolve("n")

    assert [each.endpoint.url for each in model.candidates] == [first.base_url, second.base_url]
    assert alone.endpoint.url == second.base_url
    assert not isinstance(alone, FallbackModel)


async def test_the_default_is_followed_by_what_the_next_server_has(pair):
    first, second = pair
    known = registry_of(first.base_url, second.base_url, default="n")

    model = await known.resolve(None)

    assert [(each.endpoint.url, each.name) for each in model.candidates] == [
        (second.base_url, "n"),
        (first.base_url, "m"),
    ]


async def test_a_default_whose_server_is_away_is_replaced_and_that_is_told(pair):
    _, second = pair
    known = registry_of(dead_url(), second.base_url, default="big")

    model = await known.resolve(None)

    assert model.name == "m"
    assert notices_of(await events_of(model)) == [
        "127.0.0.1 did not answer: It cannot be reached. Now m (127.0.0.1) answers."
    ]


@pytest.mark.parametrize("default", ["", "m"])
async def test_whoever_would_have_come_first_is_told_and_nobody_else(pair, default, monkeypatch):
    first, second = pair
    away = dead_url()
    monkeypatch.setitem(registry_module.last_listed, away, ("m",))

    known = registry_of(away, first.base_url, default=default)
    assert (await known.resolve(None)).absent == ["127.0.0.1"]
    await known.close()
    known = registry_of(first.base_url, away, second.base_url, default=default)
    assert list((await known.resolve(None)).absent) == []


async def test_a_server_that_hangs_holds_nobody_up_twice(pair):
    _, second = pair
    with socket.create_server(("127.0.0.1", 0)) as mute:
        known = registry_of(f"http://127.0.0.1:{mute.getsockname()[1]}/v1", second.base_url)
        known.listings[known.servers[0]] = registry_module.Listing((), ModelUnavailable("away"), 0)

        began = time.monotonic()
        model = await known.resolve("m")

        assert time.monotonic() - began < 1
        assert model.endpoint.url == second.base_url
        assert len(known.looks) == 1
        await known.close()
        assert known.looks == {}


async def test_a_server_that_came_back_is_found(pair):
    first, second = pair
    known = registry_of(first.base_url, second.base_url)
    known.listings[known.servers[0]] = registry_module.Listing((), ModelUnavailable("away"), 0)

    await known.resolve("m")
    await asyncio.gather(*known.looks.values())

    assert len((await known.resolve("m")).candidates) == 2


def test_rests_grow_and_one_caller_tries_first(monkeypatch):
    known, now = Circuit(), 1000.0
    monkeypatch.setattr("chat.llm.circuit.time.monotonic", lambda: now)

    assert known.may_try("a")
    known.note_failure("a")
    assert (known.is_resting("a"), known.may_try("a")) == (True, False)
    now += 6
    assert [known.may_try("a"), known.may_try("a")] == [True, False]
    known.note_failure("a")
    now += 6
    assert known.is_resting("a")
    known.note_answer("a")
    assert known.may_try("a")
    for _ in range(2000):
        known.note_failure("a")
    now += 121
    assert not known.is_resting("a")


# Runs.


@pytest.fixture
def chosen(pair, configured):
    first, second = pair
    configured("llm", base_url=f"{first.base_url},{second.base_url}", first_token_timeout=2.0)
    return pair


async def ask(**options):
    session = await sync_to_async(SessionFactory)()
    posted = await sync_to_async(services.post_message)(
        session, text="How?", actor=session.user, **options
    )
    return posted.run_id


@pytest.mark.django_db(transaction=True)
async def test_a_run_tells_who_answers_and_takes_room_there(chosen, configured):
    first, second = chosen
    configured("llm", max_runs=1)
    first.script(Turn(status=500, message="the GPU fell off"))

    result = await launch_and_end(await ask(model="m"))

    assert result["message"]["content"] == "I am the second."
    run = await Run.objects.aget()
    assert (run.status, run.model, run.endpoint) == (
        RunStatus.SUCCEEDED,
        "m",
        second.base_url.removeprefix("http://"),
    )


@pytest.mark.django_db(transaction=True)
async def test_a_run_waits_for_room_at_the_server_that_stands_in(chosen, configured, monkeypatch):
    first, second = chosen
    configured("llm", max_runs=1)
    monkeypatch.setattr(room, "LOOK_SECONDS", 0.02)
    first.script(Turn(status=500))
    address = second.base_url.removeprefix("http://")
    other = await sync_to_async(RunFactory)(status=RunStatus.RUNNING, endpoint=address)
    run_id = await ask(model="m")

    task = asyncio.create_task(launch_and_end(run_id))
    await asyncio.sleep(0.5)
    assert not task.done()
    assert second.chats == []
    await Run.objects.filter(pk=other.pk).aupdate(status=RunStatus.SUCCEEDED)

    assert (await task)["status"] == "succeeded"


@pytest.mark.django_db(transaction=True)
async def test_without_room_anywhere_the_first_failure_is_told(chosen, configured, monkeypatch):
    first, second = chosen
    configured("llm", max_runs=1, first_token_timeout=0.2)
    monkeypatch.setattr(room, "LOOK_SECONDS", 0.02)
    first.script(Turn(status=500, message="the GPU fell off"))
    address = second.base_url.removeprefix("http://")
    await sync_to_async(RunFactory)(status=RunStatus.RUNNING, endpoint=address)

    result = await launch_and_end(await ask(model="m"))

    assert result["status"] == "failed"
    assert "the GPU fell off" in result["error"]["detail"]


async def launch_and_end(run_id):
    async with asyncio.timeout(PATIENCE_SECONDS):
        task = await launch(run_id)
        return await task


@pytest.mark.django_db(transaction=True)
def test_a_run_of_somebody_else_is_not_moved():
    run = RunFactory(status=RunStatus.RUNNING, endpoint="a.test/v1")

    assert move_run(run.pk, run.pk, "b.test/v1")

    assert Run.objects.get().endpoint == "a.test/v1"
