"""Making the calls a model asked for: in order, reading ones side by side; imports no Django."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, NamedTuple

from chat.agent.exceptions import CallLimitReached
from chat.agent.sentences import TOO_MANY_CALLS, gettext_noop
from chat.agent.tools import CallStart, ToolEnded, ToolStarted, ToolWaiting
from chat.agent.types import ChatMessage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from uuid import UUID

    from chat.agent.state import AgentState, PendingCall
    from chat.agent.tools import ToolEvent, ToolOutput, Toolset
    from chat.agent.types import ToolCall

# A model that asks the same thing a third time does not read the answers.
MOST_ALIKE = 2
REPEATED = gettext_noop(
    "This call was made twice already with the same arguments, so it was not made again. Use the "
    "results you have, call it with other arguments, or answer without it."
)


class ReadyCall(NamedTuple):
    """A call that was let through, or has its output already."""

    pending: PendingCall
    start: CallStart


async def settle_calls(
    state: AgentState, toolset: Toolset, *, most: int = 0, at_once: int = 1
) -> AsyncGenerator[ToolEvent, None]:
    """Make the pending calls; those that have to wait stay pending.

    Results stand in the order of the calls. Up to `at_once` neighbours that only read are made side
    by side. Raises `CallLimitReached` before a run makes more than `most` calls, unless that is 0.
    """
    waiting: set[UUID] = set()
    while left := [pending for pending in state.pending_calls if pending.id not in waiting]:
        room = most - count_results(state) if most else len(left)
        if room <= 0:
            raise CallLimitReached(TOO_MANY_CALLS.format(count=most))
        batch = first_batch(left, toolset, most=min(room, at_once))
        ready: list[ReadyCall] = []
        for pending in batch:
            if is_repeated(pending, state):
                toolset.refuse(pending, REPEATED)
            start = await toolset.begin(pending)
            if start.is_waiting:
                waiting.add(pending.id)
                yield ToolWaiting(pending.id, start.tool, start.arguments, start.asked)
                continue
            if start.output is None:
                yield ToolStarted(pending.id, start.tool, start.arguments)
            ready.append(ReadyCall(pending, start))
        async with aclosing(finish_calls(ready, state, toolset)) as events:
            async for event in events:
                yield event


def count_results(state: AgentState) -> int:
    """How many calls of the run have their result."""
    return sum(message.role == "tool" for message in state.messages)


def first_batch(
    left: Sequence[PendingCall], toolset: Toolset, *, most: int
) -> Sequence[PendingCall]:
    """The next call, with its neighbours if all of them only read."""
    size = 0
    while size < min(most, len(left)) and toolset.is_read_only(left[size]):
        size += 1
    return left[: max(size, 1)]


def is_repeated(pending: PendingCall, state: AgentState) -> bool:
    """Whether the run made the same call with the same arguments as often as it may."""
    turns = [message.tool_calls for message in state.messages if message.tool_calls]
    if not turns:
        return False
    before = sum(is_alike(call, pending.call) for calls in turns[:-1] for call in calls)
    now = sum(is_alike(call, pending.call) for call in turns[-1])
    here = state.pending_calls.index(pending)
    later = sum(is_alike(each.call, pending.call) for each in state.pending_calls[here:])
    return before + now - later >= MOST_ALIKE


def is_alike(one: ToolCall, other: ToolCall) -> bool:
    """Whether two calls want the same."""
    return one.name == other.name and one.arguments == other.arguments


async def finish_calls(
    ready: Sequence[ReadyCall], state: AgentState, toolset: Toolset
) -> AsyncGenerator[ToolEvent, None]:
    """Make calls side by side, and give their results to the state in their order."""
    outputs: dict[UUID, ToolOutput] = {}
    unread = list(ready)
    async with aclosing(read_outputs(ready, toolset)) as ended:
        async for one, output in ended:
            outputs[one.pending.id] = output
            while unread and unread[0].pending.id in outputs:
                pending = unread.pop(0).pending
                state.messages.append(tool_message(pending.call, outputs[pending.id]))
                state.pending_calls.remove(pending)
            yield ToolEnded(one.pending.id, one.start.tool, output)


async def read_outputs(
    ready: Sequence[ReadyCall], toolset: Toolset
) -> AsyncGenerator[tuple[ReadyCall, ToolOutput], None]:
    """The outputs of calls as they come; closing it gives up those that are under way."""

    async def output_of(one: ReadyCall) -> tuple[ReadyCall, ToolOutput]:
        return one, one.start.output or await toolset.call(one.pending)

    if len(ready) == 1:
        yield await output_of(ready[0])
        return
    tasks = [asyncio.create_task(output_of(one)) for one in ready]
    try:
        for next_one in asyncio.as_completed(tasks):
            yield await next_one
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def tool_message(call: ToolCall, output: ToolOutput) -> ChatMessage:
    """The message that gives a tool's answer to the model."""
    return ChatMessage(
        "tool",
        output.text,
        tool_call_id=call.id,
        structured=output.structured,
        tool_name=call.name,
        images=list(output.images),
        unseen=output.unseen,
    )
