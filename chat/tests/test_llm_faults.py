from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chat.agent.exceptions import ModelRefused, ModelUnavailable
from chat.tests.llm_support import QUICK_RETRY, events_of, model_on, text_of
from youworker.core.per_loop import close_all
from youworker.tests.support.model_server import ModelServer, Turn
from youworker.tests.support.ports import free_port

if TYPE_CHECKING:
    from chat.agent.types import ModelEvent


@pytest.fixture
async def server():
    with ModelServer() as running:
        yield running
        await close_all()


@pytest.fixture
async def dead_url():
    yield f"http://127.0.0.1:{free_port()}/v1"
    await close_all()


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_failure_before_the_first_token_is_tried_again(server, status):
    server.script(Turn(status=status), Turn(status=status), Turn(text="At last."))

    events = await events_of(model_on(server.base_url))

    assert text_of(events) == "At last."
    assert len(server.chats) == 3


async def test_failure_that_stays_names_the_server_s_reason(server):
    server.script(*[Turn(status=503, message="model is loading")] * 3)

    with pytest.raises(ModelUnavailable, match="503: model is loading"):
        await events_of(model_on(server.base_url))

    assert len(server.chats) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_refusal_is_final_and_says_why(server, status):
    server.script(Turn(status=status, message="the model 'x' is not here"))

    with pytest.raises(ModelRefused, match="the model 'x' is not here"):
        await events_of(model_on(server.base_url))

    assert len(server.chats) == 1


async def test_retry_after_is_kept_within_the_longest_pause(server):
    server.script(Turn(status=429, retry_after="30"), Turn(text="Now."))

    start = time.perf_counter()
    events = await events_of(model_on(server.base_url))

    assert text_of(events) == "Now."
    assert 0.05 <= time.perf_counter() - start < 5


async def test_pause_that_would_outlast_the_turn_is_not_begun(server):
    server.script(Turn(status=503, retry_after="1"))
    model = model_on(server.base_url, total_timeout=0.3)
    model = replace(model, retry=replace(QUICK_RETRY, max_seconds=1.0))

    with pytest.raises(ModelUnavailable, match="busy for too long"):
        await events_of(model)


async def test_unreachable_server_is_named(dead_url):
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await events_of(model_on(dead_url))


@pytest.mark.parametrize("base_url", ["localhost:1/v1", "nonsense"])
async def test_address_that_is_none_is_an_unreachable_server(base_url):
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await events_of(model_on(base_url))
    await close_all()


async def test_cut_before_the_first_token_is_tried_again(server):
    server.script(Turn(tokens=5, cut=0), Turn(text="Second try."))

    assert text_of(await events_of(model_on(server.base_url))) == "Second try."


async def test_cut_in_the_middle_is_not_tried_again(server):
    server.script(Turn(tokens=6, cut=3), Turn(text="never asked for"))
    heard: list[ModelEvent] = []

    with pytest.raises(ModelUnavailable, match="broke off"):
        await events_of(model_on(server.base_url), found=heard)

    assert text_of(heard) == "tok tok tok "
    assert len(server.chats) == 1


async def test_stream_that_ends_without_a_word_is_tried_again(server):
    empty = Turn(text="", finish=False, done=False, usage=False)
    server.script(empty, Turn(text="Here."))

    assert text_of(await events_of(model_on(server.base_url))) == "Here."


async def test_stream_that_never_says_a_word_is_a_failure(server):
    server.script(*[Turn(text="", finish=False, done=False, usage=False)] * 3)

    with pytest.raises(ModelUnavailable, match="before it began"):
        await events_of(model_on(server.base_url))


async def test_error_inside_the_stream_ends_the_answer(server):
    server.script(Turn(text="I was saying", error="CUDA out of memory"))

    with pytest.raises(ModelUnavailable, match="CUDA out of memory"):
        await events_of(model_on(server.base_url))


@pytest.mark.parametrize("hang", ["headers", "first"])
async def test_first_token_clock_ends_a_silent_start(server, hang):
    server.script(Turn(tokens=4, hang=hang))
    model = model_on(server.base_url, first_token_timeout=0.2)

    start = time.perf_counter()
    with pytest.raises(ModelUnavailable, match=r"did not begin to answer within 0\.2 seconds"):
        await events_of(model)

    assert time.perf_counter() - start > 0.15
    # None where the clock ran out before the server had looked, as on a busy machine.
    assert len(server.chats) <= 1


async def test_idle_clock_ends_a_silence_in_the_middle(server):
    server.script(Turn(tokens=4, hang="middle"))

    with pytest.raises(ModelUnavailable, match=r"said nothing for 0\.2 seconds"):
        await events_of(model_on(server.base_url, idle_timeout=0.2))


async def test_answer_whose_stream_is_never_closed_is_complete(server):
    server.script(Turn(text="All said.", hang="end"))

    start = time.perf_counter()
    events = await events_of(model_on(server.base_url))

    assert text_of(events) == "All said."
    assert time.perf_counter() - start < 3


async def test_total_clock_ends_an_endless_answer(server):
    server.script(Turn(tokens=1000, rate=50))
    heard: list[ModelEvent] = []

    with pytest.raises(ModelUnavailable, match=r"longer than 0\.4 seconds"):
        await events_of(model_on(server.base_url, total_timeout=0.4), found=heard)

    assert 5 <= len(heard) <= 40


async def test_slow_but_steady_answer_outlives_the_shorter_clocks(server):
    # Each pause is a fortieth of a clock, so that a busy machine stretches none beyond it.
    server.script(Turn(tokens=60, rate=40))
    model = model_on(server.base_url, first_token_timeout=1.0, idle_timeout=1.0)

    assert text_of(await events_of(model)) == "tok " * 60
