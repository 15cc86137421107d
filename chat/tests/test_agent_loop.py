"""The agent loop with a scripted model; no Django involved."""

from __future__ import annotations

import orjson
import pytest

from chat.agent.exceptions import AnswerTooLarge, LimitReached
from chat.agent.loop import AgentLimits, Checkpoint, Suspended, TurnStarted, run_agent
from chat.agent.state import AgentState, UnknownState
from chat.agent.tools import ToolEnded, ToolOutput, ToolRequested, ToolStarted, ToolWaiting
from chat.agent.types import ChatMessage, ReasoningDelta, TextDelta, ToolCall, Usage
from chat.tests.fakes import ListedTools, ScriptedModel

NOON = ToolOutput("12:00", {"now": "12:00"})


def asked():
    return AgentState([ChatMessage("user", "What time is it?")])


async def collected(state, model, tools, max_turns=4, max_chars=1000):
    limits = AgentLimits(max_turns, max_chars)
    return [event async for event in run_agent(state, model, tools, limits)]


def kinds(events):
    return [type(event) for event in events]


def moved(state):
    """The state as another process reads it."""
    return AgentState.from_json(orjson.loads(orjson.dumps(state.to_json())))


async def test_run_agent_ends_when_the_model_only_talks():
    state, model = asked(), ScriptedModel([[TextDelta("It is "), TextDelta("noon.")]])

    events = await collected(state, model, ListedTools({}))

    assert events == [TurnStarted(1), TextDelta("It is "), TextDelta("noon.")]
    assert len(state.messages) == 1
    assert (state.text, state.turn) == ("It is noon.", 1)


async def test_run_agent_gives_tool_answers_back_to_the_model():
    call = ToolCall("c1", "datetime_now", {})
    first = [TextDelta("Let me see."), ReasoningDelta("Hm."), call, Usage(5, 2)]
    model = ScriptedModel([first, [TextDelta("Noon."), Usage(9, 1)]])
    state = asked()

    events = await collected(state, model, ListedTools({"datetime_now": NOON}))

    assert kinds(events) == [
        TurnStarted,
        TextDelta,
        ReasoningDelta,
        ToolRequested,
        Usage,
        Checkpoint,
        ToolStarted,
        ToolEnded,
        Checkpoint,
        TurnStarted,
        TextDelta,
        TextDelta,
        Usage,
    ]
    assert state.messages[1].tool_calls == [call]
    assert (state.messages[2].role, state.messages[2].content) == ("tool", "12:00")
    assert state.messages[2].structured == {"now": "12:00"}
    assert model.seen[1][-1].tool_call_id == "c1"
    assert (state.text, state.reasoning) == ("Let me see.\n\nNoon.", "Hm.")
    assert state.text == "".join(e.text for e in events if isinstance(e, TextDelta))
    assert (state.tokens_in, state.tokens_out, state.pending_calls) == (14, 3, [])


async def test_run_agent_calls_tools_one_at_a_time_in_order():
    calls = [ToolCall("a", "first", {}), ToolCall("b", "second", {})]
    model = ScriptedModel([calls, [TextDelta("Done.")]])
    tools = ListedTools({"first": ToolOutput("1"), "second": ToolOutput("2")})

    await collected(asked(), model, tools)

    assert tools.called == ["first", "second"]


async def test_run_agent_stops_at_the_turn_limit():
    endless = [[ToolCall(str(n), "again", {"page": n})] for n in range(10)]
    tools = ListedTools({"again": ToolOutput("once more")})

    with pytest.raises(LimitReached, match="after 3 turns"):
        await collected(asked(), ScriptedModel(endless), tools, max_turns=3)

    assert len(tools.called) == 3


async def test_calls_that_need_nobody_are_made_before_the_agent_waits_for_the_others():
    calls = [ToolCall("a", "send", {"to": "all"}), ToolCall("b", "now", {})]
    model = ScriptedModel([[TextDelta("I would send it."), *calls]])
    tools = ListedTools({"send": ToolOutput("sent"), "now": NOON}, asking=["send"])
    state = asked()

    events = await collected(state, model, tools)

    assert kinds(events)[-4:] == [ToolWaiting, ToolStarted, ToolEnded, Suspended]
    assert tools.called == ["now"]
    assert [pending.call for pending in state.pending_calls] == calls[:1]


async def test_a_state_goes_on_elsewhere_and_nothing_happens_twice():
    calls = [ToolCall("a", "send", {"to": "all"}), ToolCall("b", "now", {})]
    tools = ListedTools({"send": ToolOutput("sent"), "now": NOON}, asking=["send"])
    state = asked()
    await collected(state, ScriptedModel([[TextDelta("So."), *calls, Usage(5, 2)]]), tools)

    state, later = moved(state), ScriptedModel([[TextDelta("Sent."), Usage(7, 1)]])
    assert kinds(await collected(state, later, tools)) == [ToolWaiting, Suspended]
    tools.allowed.add(state.pending_calls[0].id)
    state = moved(state)
    events = await collected(state, later, tools)

    assert kinds(events)[:4] == [ToolStarted, ToolEnded, Checkpoint, TurnStarted]
    assert tools.called == ["now", "send"]
    assert [message.content for message in later.seen[0][-2:]] == ["12:00", "sent"]
    assert later.seen[0][-2].structured == {"now": "12:00"}
    assert (state.turn, state.text) == (2, "So.\n\nSent.")
    assert (state.tokens_in, state.tokens_out) == (12, 3)


async def test_the_characters_of_earlier_turns_count_after_a_resumption():
    state = AgentState([ChatMessage("user", "On?")], text="x" * 900, reasoning="y" * 90)

    with pytest.raises(AnswerTooLarge):
        await collected(state, ScriptedModel([[TextDelta("z" * 20)]]), ListedTools({}))


@pytest.mark.parametrize(
    "data", [None, "[damaged]", {}, {"v": 2}, {"v": 1}, {**AgentState([]).to_json(), "messages": 7}]
)
def test_what_is_no_state_of_ours_is_refused(data):
    with pytest.raises(UnknownState):
        AgentState.from_json(data)
