"""The agent loop with a scripted model; no Django involved."""

from __future__ import annotations

import pytest

from chat.agent.errors import LimitReached
from chat.agent.loop import ToolOutput, TurnStarted, run_agent
from chat.agent.types import ChatMessage, TextDelta, ToolCall
from chat.tests.fakes import ListedTools, ScriptedModel


async def collected(model, tools, max_turns=4):
    messages = [ChatMessage("user", "What time is it?")]
    events = [
        event
        async for event in run_agent(model, messages, tools, max_turns=max_turns, max_chars=1000)
    ]
    return messages, events


async def test_run_agent_ends_when_the_model_only_talks():
    model = ScriptedModel([[TextDelta("It is "), TextDelta("noon.")]])

    messages, events = await collected(model, ListedTools({}))

    assert events == [TurnStarted(1), TextDelta("It is "), TextDelta("noon.")]
    assert len(messages) == 1


async def test_run_agent_gives_tool_answers_back_to_the_model():
    call = ToolCall("c1", "datetime_now", {})
    model = ScriptedModel([[TextDelta("Let me see."), call], [TextDelta("Noon.")]])
    tools = ListedTools({"datetime_now": ToolOutput("12:00", {"now": "12:00"})})

    messages, events = await collected(model, tools)

    assert [type(event).__name__ for event in events] == [
        "TurnStarted",
        "TextDelta",
        "ToolCall",
        "TurnStarted",
        "TextDelta",
    ]
    assert messages[1].tool_calls == [call]
    assert (messages[2].role, messages[2].content) == ("tool", "12:00")
    assert messages[2].structured == {"now": "12:00"}
    assert model.seen[1][-1].tool_call_id == "c1"


async def test_run_agent_calls_tools_one_at_a_time_in_order():
    calls = [ToolCall("a", "first", {}), ToolCall("b", "second", {})]
    model = ScriptedModel([calls, [TextDelta("Done.")]])
    tools = ListedTools({"first": ToolOutput("1"), "second": ToolOutput("2")})

    await collected(model, tools)

    assert tools.called == ["first", "second"]


async def test_run_agent_stops_at_the_turn_limit():
    endless = [[ToolCall(str(n), "again", {})] for n in range(10)]
    tools = ListedTools({"again": ToolOutput("once more")})

    with pytest.raises(LimitReached, match="after 3 turns"):
        await collected(ScriptedModel(endless), tools, max_turns=3)

    assert len(tools.called) == 3
