"""Calls of a run: limits, repetitions, and reading ones side by side; no Django involved."""

from __future__ import annotations

import asyncio

import pytest

from chat.agent.calls import MOST_ALIKE, REPEATED
from chat.agent.exceptions import CallLimitReached, LimitReached, TokenLimitReached
from chat.agent.loop import AgentLimits, run_agent
from chat.agent.state import AgentState
from chat.agent.tools import ToolEnded, ToolOutput, ToolStarted, ToolWaiting
from chat.agent.types import ChatMessage, TextDelta, ToolCall, Usage
from chat.tests.fakes import ListedTools, ScriptedModel
from youworker.tests.support.waiting import wait_until_async


class Bench(ListedTools):
    """Tools that take as many seconds as their argument says, and know how many ran at once."""

    def __init__(self, answers, **options):
        super().__init__(answers, **options)
        self.under_way = self.most_under_way = self.given_up = 0

    async def call(self, pending):
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(pending.call.arguments.get("seconds", 0))
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        finally:
            self.under_way -= 1
        return await super().call(pending)


def asked():
    return AgentState([ChatMessage("user", "What time is it?")])


def call(number, name="read", **arguments):
    return ToolCall(f"c{number}", name, arguments)


async def collected(state, model, tools, **limits):
    chosen = AgentLimits(**{"max_turns": 9, "max_chars": 1000, **limits})
    return [event async for event in run_agent(state, model, tools, chosen)]


def results(state):
    return [message.content for message in state.messages if message.role == "tool"]


async def test_reading_calls_of_one_turn_are_made_side_by_side_and_answered_in_order():
    calls = [call(0, seconds=0.2), call(1, seconds=0.1), call(2, seconds=0.0)]
    tools, state = Bench({"read": ToolOutput("read")}), asked()
    tools.reading = {"read"}

    events = await collected(
        state, ScriptedModel([calls, [TextDelta("Done.")]]), tools, calls_at_once=4
    )

    ended = [event.id for event in events if isinstance(event, ToolEnded)]
    started = [event.id for event in events if isinstance(event, ToolStarted)]
    assert tools.most_under_way == 3
    assert ended == started[::-1]
    answered = [message.tool_call_id for message in state.messages if message.role == "tool"]
    assert answered == ["c0", "c1", "c2"]


async def test_no_more_calls_than_allowed_are_under_way():
    calls = [call(number, seconds=0.02, n=number) for number in range(6)]
    tools = Bench({"read": ToolOutput("read")})
    tools.reading = {"read"}

    await collected(asked(), ScriptedModel([calls, [TextDelta("Done.")]]), tools, calls_at_once=2)

    assert tools.most_under_way == 2
    assert len(tools.called) == 6


async def test_a_call_that_changes_something_is_made_alone():
    calls = [call(0), call(1, "write", seconds=0.02), call(2), call(3, n=1)]
    tools = Bench({"read": ToolOutput("read"), "write": ToolOutput("written")})
    tools.reading = {"read"}

    await collected(asked(), ScriptedModel([calls, [TextDelta("Done.")]]), tools, calls_at_once=4)

    assert tools.called == ["read", "write", "read", "read"]
    assert tools.most_under_way == 2


async def test_a_stop_gives_up_all_calls_that_are_under_way():
    tools = Bench({"read": ToolOutput("read")})
    tools.reading = {"read"}
    model = ScriptedModel([[call(0, seconds=60), call(1, seconds=61)]])
    running = asyncio.create_task(collected(asked(), model, tools, calls_at_once=4))
    await wait_until_async(lambda: tools.under_way == 2)

    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert (tools.under_way, tools.given_up) == (0, 2)


async def test_calls_that_wait_do_not_hold_up_their_neighbours():
    calls = [call(0, "send"), call(1), call(2, n=2)]
    tools = Bench({"read": ToolOutput("read"), "send": ToolOutput("sent")}, asking=["send"])
    tools.reading = {"read", "send"}
    state = asked()

    events = await collected(state, ScriptedModel([calls]), tools, calls_at_once=4)

    assert sum(isinstance(event, ToolWaiting) for event in events) == 1
    assert [pending.call for pending in state.pending_calls] == calls[:1]
    assert results(state) == ["read", "read"]


async def test_the_same_call_is_refused_the_third_time_and_the_model_is_told():
    turns = [[call(number, place="Rome")] for number in range(3)]
    model = ScriptedModel([*turns, [TextDelta("It is noon.")]])
    tools, state = ListedTools({"read": ToolOutput("12:00")}), asked()

    await collected(state, model, tools)

    assert len(tools.called) == MOST_ALIKE
    assert results(state) == ["12:00", "12:00", REPEATED]
    assert model.seen[-1][-1].content == REPEATED


async def test_the_same_call_three_times_in_one_turn_is_refused_once():
    model = ScriptedModel([[call(number) for number in range(3)], [TextDelta("So.")]])
    tools, state = ListedTools({"read": ToolOutput("12:00")}), asked()
    tools.reading = {"read"}

    await collected(state, model, tools, calls_at_once=4)

    assert results(state) == ["12:00", "12:00", REPEATED]


async def test_other_arguments_are_another_call():
    turns = [[call(number, page=number)] for number in range(4)]
    tools = ListedTools({"read": ToolOutput("text")})

    await collected(asked(), ScriptedModel([*turns, [TextDelta("So.")]]), tools)

    assert len(tools.called) == 4


async def test_what_was_repeated_before_a_takeover_counts_after_it():
    state, tools = asked(), ListedTools({"read": ToolOutput("12:00")})
    with pytest.raises(IndexError):
        await collected(state, ScriptedModel([[call(0)], [call(1)]]), tools)
    moved = AgentState.from_json(state.to_json())

    await collected(moved, ScriptedModel([[call(2)], [TextDelta("So.")]]), tools)

    assert results(moved)[-1] == REPEATED
    assert len(tools.called) == 2


async def test_no_call_above_the_limit_is_made_and_the_text_stays():
    turns = [[TextDelta("Looking."), *(call(n, n=n) for n in range(5))]]
    state, tools = asked(), ListedTools({"read": ToolOutput("text")})
    tools.reading = {"read"}

    with pytest.raises(CallLimitReached, match="after 3 tool calls") as caught:
        await collected(state, ScriptedModel(turns), tools, max_calls=3, calls_at_once=4)

    assert len(tools.called) == 3
    assert state.text == "Looking."
    assert isinstance(caught.value, LimitReached)


async def test_the_limit_of_tokens_ends_the_run_before_the_next_turn():
    turns = [[call(n, n=n), Usage(400, 200)] for n in range(5)]
    state, tools = asked(), ListedTools({"read": ToolOutput("text")})

    with pytest.raises(TokenLimitReached, match="after 1000 tokens"):
        await collected(state, ScriptedModel(turns), tools, max_tokens=1000)

    assert (state.turn, len(tools.called)) == (2, 2)
