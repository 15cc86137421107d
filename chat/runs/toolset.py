"""The tools of one run: every call is a row, an event, and fenced text for the model."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from chat.agent.loop import ToolOutput
from chat.agent.prompt import fenced
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

    from chat.models import Run, ToolRun
    from chat.runs.eventlog import RunLog


class RecordingToolset:
    """Calls tools through the gateway on behalf of the run's user."""

    def __init__(
        self, run: Run, tools: Sequence[ToolInfo], context: CallContext, log: RunLog
    ) -> None:
        self.run, self.context, self.log = run, context, log
        self.by_safe_name = {tool.safe_name: tool for tool in tools}
        self.book = PassageBook()
        self.schemas: Sequence[ToolSchema] = [
            ToolSchema(tool.safe_name, tool.description, tool.input_schema, tool.name)
            for tool in tools
        ]

    async def call(self, call: ToolCall) -> ToolOutput:
        """Carry out one call; whatever goes wrong in it is told to the model."""
        tool = self.by_safe_name.get(call.name)
        name = storable_text(tool.name if tool else call.name)
        arguments = storable_json(call.arguments)
        row = await in_thread(records.begin_tool_run, self.run, tool, name, arguments)
        self.tell(row, "start", args=arguments)
        start = time.perf_counter()
        outcome = await self.outcome(tool, call, arguments)
        latency = int((time.perf_counter() - start) * 1000)
        await in_thread(
            records.end_tool_run,
            row,
            text=outcome.text,
            is_error=outcome.is_error,
            denied=outcome.denied,
            latency_ms=latency,
        )
        self.tell(
            row,
            "error" if outcome.is_error else "end",
            latency_ms=latency,
            result_preview=outcome.text[: records.PREVIEW_CHARACTERS],
        )
        return await self.for_model(name, outcome)

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

    def tell(self, row: ToolRun, status: str, **details: Any) -> None:
        """Put the call into the event log."""
        event = {"tool_run_id": str(row.pk), "tool": row.tool_name, "status": status, **details}
        self.log.emit("tool", event)
