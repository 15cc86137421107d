"""The tools of one run: every call is a row, and fenced text for the model."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext, override

from chat.agent.prompt import fenced
from chat.agent.tool_selection import select_tools
from chat.agent.tools import CallStart, ToolEnded, ToolOutput, ToolWaiting
from chat.agent.types import ToolSchema
from chat.enums import ToolRunStatus
from chat.runs import inputs, tool_calls
from chat.runs.citations import CitationIndex, found_ids, passages_for_model, read_passages
from chat.runs.consent import NOT_NEEDED, Consent, consent_of, context_of, is_tainted
from chat.runs.reader_numbers import numbers_of_state
from chat.runs.tool_errors import (
    error_in,
    fault_of,
    no_such_tool,
    other_tool,
    outcome_without_answer,
    refused_call,
)
from chat.runs.tool_files import ToolFiles
from mcp.enums import Approver
from mcp.services import call_tool
from youworker.core.config import config
from youworker.core.db import run_in_thread
from youworker.core.storable import storable_json, storable_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from uuid import UUID

    from chat.agent.state import AgentState, PendingCall
    from chat.agent.tools import ToolEvent
    from chat.models import ToolRun
    from chat.runs.inputs import RunInput
    from mcp.calls import CallContext, ToolInfo, ToolOutcome
    from mcp.progress import Progress


SIGN_IN_PAGE = "/account/tools"
SHORTENED = "\n[only the beginning of this answer was kept]"


class RecordingToolset:
    """Calls tools through the gateway on behalf of the run's user."""

    def __init__(self, run_input: RunInput, state: AgentState) -> None:
        run, tools = run_input.run, run_input.tools
        self.run, self.context = run, inputs.call_context(run, run_input.language)
        self.by_safe_name = {tool.safe_name: tool for tool in tools}
        self.book = CitationIndex.from_json(state.citations)
        self.book.numbers = numbers_of_state(state, self.book)
        # Who tells viewers of the run what happens during a call.
        self.tell: Callable[[str, dict[str, Any]], object] = ignore
        # Calls that another process may have begun.
        self.inherited = {pending.id for pending in state.pending_calls}
        # Why calls are not made, by their ids.
        self.refusals: dict[UUID, str] = {}
        # Every call of the run, in order.
        self.rows = {row.pk: row for row in run_input.calls}
        self.files = ToolFiles(run, self)
        self.schemas: Sequence[ToolSchema] = [
            ToolSchema(
                tool.safe_name, tool.description, tool.input_schema, tool.name, tool.is_builtin
            )
            for tool in tools
        ]

    @property
    def may_bring_files(self) -> bool:
        """Whether a result may hold files: ours answer in words."""
        return not all(tool.is_builtin for tool in self.by_safe_name.values())

    def offer(self, question: str, *, budget: int, used: Collection[str]) -> list[ToolSchema]:
        """Show the model what fits into `budget` tokens of the tools; those that are not shown.

        All of them can be called: earlier turns of the answer may have been shown others.
        """
        shown = select_tools(self.schemas, question, budget=budget, used=used)
        names = {tool.name for tool in shown}
        hidden = [tool for tool in self.schemas if tool.name not in names]
        self.schemas = shown
        return hidden

    def is_read_only(self, pending: PendingCall) -> bool:
        """Whether a call neither changes nor sends anything; only our own servers' word counts.

        What sends data outside is decided about after whatever was read before it.
        """
        tool = self.by_safe_name.get(pending.call.name)
        return tool is not None and tool.only_reads

    def refuse(self, pending: PendingCall, reason: str) -> None:
        """Have a call fail for a reason that is told to the model, instead of being made."""
        self.refusals[pending.id] = reason

    async def begin(self, pending: PendingCall) -> CallStart:
        """Write the row of a call before it is made, or find out how it stands."""
        if pending.id in self.inherited:
            found = await run_in_thread(tool_calls.take_up_call, self.run, pending.id)
            if found is not None:
                start = self.taken_up(*found)
                if start.output is None or start.output.is_error:
                    return start
                return replace(start, output=await self.add_files(start.output, found.row))
        tool = self.by_safe_name.get(pending.call.name)
        name = storable_text(tool.name if tool else pending.call.name)
        arguments = storable_json(pending.call.arguments)
        consent = NOT_NEEDED
        if tool and tool.needs_consent and not self.fault_in(pending, tool, arguments):
            consent = await run_in_thread(consent_of, self.run, tool)
        row = await run_in_thread(
            tool_calls.begin_tool_run,
            self.run,
            tool,
            name,
            arguments,
            call_id=pending.id,
            consent=consent,
        )
        self.rows[pending.id] = row
        asked = asked_about(tool, consent) if tool and consent.asks else None
        return CallStart(row.tool_name, arguments, is_waiting=consent.asks, asked=asked)

    def taken_up(self, row: ToolRun, may_call: bool) -> CallStart:  # noqa: FBT001 -- a pair
        """How a call goes on that another process began: it is never made a second time."""
        self.rows[row.pk] = row
        if may_call:
            return CallStart(row.tool_name, row.arguments)
        if row.status == ToolRunStatus.WAITING:
            return CallStart(row.tool_name, row.arguments, is_waiting=True)
        return CallStart(row.tool_name, row.arguments, output=stored_output(row))

    async def call(self, pending: PendingCall) -> ToolOutput:
        """Make one call; whatever goes wrong in it is told to the model."""
        row, tool = self.rows[pending.id], self.by_safe_name.get(pending.call.name)
        began = time.perf_counter()
        about = {"tool_run_id": str(row.pk), "tool": row.tool_name}
        context = replace(
            self.context,
            tell_progress=lambda how: self.tell("tool", progress_payload(about, how)),
            # What the tool does may be known better by now than when it was offered.
            is_tainted=partial(is_tainted, self.run),
        )
        if tool is not None and row.decision:
            context = await run_in_thread(context_of, row, tool, self.run, context)
        if row.decision and (tool is None or tool.id != row.tool_id):
            outcome = other_tool()
        else:
            outcome = await self.make_call(tool, pending, row.arguments, context)
        latency = int((time.perf_counter() - began) * 1000)
        if outcome.signs_in:
            self.tell("log", sign_in_payload(outcome.signs_in, self.context.language))
        remark = await self.files.keep(row, outcome)
        await run_in_thread(
            tool_calls.end_tool_run,
            row,
            text=outcome.text,
            is_error=outcome.is_error,
            denied=outcome.denied,
            trusted=outcome.trusted,
            code=outcome.code,
            said=outcome.said,
            latency_ms=latency,
        )
        output = await self.build_output(row.tool_name, outcome)
        if outcome.files:
            output = await self.add_files(output, row, remark)
        preview = outcome.text[: tool_calls.PREVIEW_CHARACTERS]
        output = replace(output, preview=preview, latency_ms=latency, is_error=outcome.is_error)
        if not outcome.is_error:
            return output
        words = error_in(self.run.user.language, outcome)
        return replace(output, code=outcome.code, error=words)

    async def add_files(self, output: ToolOutput, row: ToolRun, remark: str = "") -> ToolOutput:
        """An output with the files that were kept of its result."""
        told = await self.files.describe(row)
        text = "\n".join(filter(None, (output.text, told.text, remark)))
        return replace(output, text=text, images=told.images, unseen=told.unseen, files=told.shown)

    async def make_call(
        self, tool: ToolInfo | None, pending: PendingCall, arguments: Any, context: CallContext
    ) -> ToolOutcome:
        """The tool's answer, or the sentence that tells the model its mistake."""
        fault = self.fault_in(pending, tool, arguments)
        if fault or tool is None:
            return fault or no_such_tool(pending.call)
        return await call_tool(tool, arguments, context=context)

    def fault_in(
        self, pending: PendingCall, tool: ToolInfo | None, arguments: Any
    ) -> ToolOutcome | None:
        """Why a call is not made whoever allows it; None when it can be."""
        if reason := self.refusals.get(pending.id):
            return refused_call(reason)
        return fault_of(tool, pending.call, arguments)

    async def build_output(self, name: str, outcome: ToolOutcome) -> ToolOutput:
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
        passages = await run_in_thread(read_passages, found, user=self.run.user)
        sources = [self.book.enter(passage) for passage in passages]
        structured: dict[str, Any] = {"results": [source.as_json() for source in sources]}
        texts = [passages_for_model(sources, limit=limit)]
        if notes := outcome.structured.get("notes"):
            # They repeat words of the query, which may be anybody's.
            texts.append(fenced("\n".join(notes), origin=name, limit=limit))
        if outcome.structured.get("incomplete"):
            structured["incomplete"] = True
        return ToolOutput("\n".join(texts), structured)


def asked_about(tool: ToolInfo, consent: Consent) -> dict[str, Any]:
    """What viewers are told about a question, beside the call itself."""
    return {
        "server": tool.server,
        "reason": consent.reason,
        "approver": Approver.ADMIN if consent.groups else Approver.USER,
        "groups": list(consent.groups),
        "can_remember": consent.can_remember,
    }


def ignore(kind: str, about: dict[str, Any]) -> None:
    """Tell nobody."""


def tool_payload(event: ToolEvent) -> dict[str, Any]:
    """What viewers are told about a call."""
    about = {"tool_run_id": str(event.id), "tool": event.tool}
    if isinstance(event, ToolEnded):
        output = event.output
        status = "error" if output.is_error else "end"
        figures = {
            "latency_ms": output.latency_ms,
            "result_preview": output.preview,
            "files": list(output.files),
        }
        if output.is_error:
            figures |= {"error": output.error, "error_code": output.code}
        return {**about, "status": status, **figures}
    if isinstance(event, ToolWaiting):
        return {**about, "status": "approval", "args": event.arguments, **(event.asked or {})}
    return {**about, "status": "start", "args": event.arguments}


def progress_payload(about: dict[str, Any], how: Progress) -> dict[str, Any]:
    """What viewers are told while a tool works."""
    figures = {"done": how.done, "total": how.total, "message": how.message}
    return {**about, "status": "progress", "progress": figures}


def sign_in_payload(server: str, language: str) -> dict[str, Any]:
    """What viewers are told when a tool waits for their sign-in: where that is done."""
    with override(language):
        words = gettext("A tool needs you to sign in: see “Connected tools” of your account.")
    return {
        "level": "warning",
        "code": "tool_sign_in_required",
        "message": words,
        "server": server,
        "url": SIGN_IN_PAGE,
    }


def stored_output(row: ToolRun) -> ToolOutput:
    """What the model is told of a call that is over, though nobody here has its answer."""
    limit = config.agent.tool_result_chars
    if row.status != ToolRunStatus.SUCCEEDED:
        outcome = outcome_without_answer(row)
        text = fenced(outcome.text, origin=row.tool_name, limit=limit)
        return ToolOutput(
            text,
            is_error=True,
            preview=outcome.text,
            latency_ms=row.latency_ms,
            code=outcome.code,
            error=error_in(row.user.language, outcome),
        )
    text = fenced(row.result_preview, origin=row.tool_name, limit=limit)
    if len(row.result_preview) >= tool_calls.PREVIEW_CHARACTERS:
        text += SHORTENED
    return ToolOutput(text, preview=row.result_preview, latency_ms=row.latency_ms)
