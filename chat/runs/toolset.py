"""The tools of one run: every call is a row, and fenced text for the model."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chat.agent.prompt import fenced
from chat.agent.tools import CallStart, ToolOutput
from chat.agent.types import ToolCall, ToolSchema
from chat.runs import records
from chat.runs.passages import PassageBook, found_ids, passages_for_model, read_passages
from mcp.calls import CallContext, ToolInfo, ToolOutcome
from mcp.services import call_tool
from youworker.common.config import config
from youworker.common.db import in_thread
from youworker.common.storable import storable_json, storable_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from chat.agent.state import PendingCall
    from chat.models import Run, ToolRun


class RecordingToolset:
    """Calls tools through the gateway on behalf of the run's user."""

    def __init__(self, run: Run, tools: Sequence[ToolInfo], context: CallContext) -> None:
        self.run, self.context = run, context
        self.by_safe_name = {tool.safe_name: tool for tool in tools}
        self.book = PassageBook()
        self.rows: dict[UUID, ToolRun] = {}
        self.schemas: Sequence[ToolSchema] = [
            ToolSchema(tool.safe_name, tool.description, tool.input_schema, tool.name)
            for tool in tools
        ]

    async def begin(self, pending: PendingCall) -> CallStart:
        """Write the row of a call before it is made."""
        tool = self.by_safe_name.get(pending.call.name)
        name = storable_text(tool.name if tool else pending.call.name)
        arguments = storable_json(pending.call.arguments)
        row = await in_thread(
            records.begin_tool_run, self.run, tool, name, arguments, call_id=pending.id
        )
        self.rows[pending.id] = row
        return CallStart(row.tool_name, arguments)

    async def call(self, pending: PendingCall) -> ToolOutput:
        """Make one call; whatever goes wrong in it is told to the model."""
        row, tool = self.rows.pop(pending.id), self.by_safe_name.get(pending.call.name)
        began = time.perf_counter()
        outcome = await self.outcome(tool, pending.call, row.arguments)
        latency = int((time.perf_counter() - began) * 1000)
        await in_thread(
            records.end_tool_run,
            row,
            text=outcome.text,
            is_error=outcome.is_error,
            denied=outcome.denied,
            latency_ms=latency,
        )
        output = await self.for_model(row.tool_name, outcome)
        preview = outcome.text[: records.PREVIEW_CHARACTERS]
        return replace(output, preview=preview, latency_ms=latency, is_error=outcome.is_error)

    async def outcome(self, tool: ToolInfo | None, call: ToolCall, arguments: Any) -> ToolOutcome:
        """The tool's answer, or the sentence that tells the model its mistake."""
        if tool is None:
            return ToolOutcome(f"There is no tool {call.name!r}.", is_error=True)
        if call.invalid:
            return ToolOutcome(storable_text(call.invalid), is_error=True)
        if not isinstance(arguments, dict):
            return ToolOutcome("The arguments are not a JSON object.", is_error=True)
        return await call_tool(tool, arguments, context=self.context)

    async def for_model(self, name: str, outcome: ToolOutcome) -> ToolOutput:
        """The answer as untrusted text; passages that a tool of ours found get their numbers.

        Data of other servers goes nowhere: it could name documents the user may not see.
        """
        limit = config.agent.tool_result_chars
        if outcome.is_error:
            text = fenced(f"The tool failed: {outcome.text}", origin=name, limit=limit)
            return ToolOutput(text)
        if not outcome.builtin:
            return ToolOutput(fenced(outcome.text, origin=name, limit=limit))
        found = found_ids(outcome.structured)
        if found is None:
            return ToolOutput(fenced(outcome.text, origin=name, limit=limit), outcome.structured)
        passages = await in_thread(read_passages, found, user=self.run.user)
        sources = [self.book.enter(passage) for passage in passages]
        results = [source.as_json() for source in sources]
        return ToolOutput(passages_for_model(sources, limit=limit), {"results": results})
