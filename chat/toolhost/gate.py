"""What every call of a tool from another host passes: rights at the moment of use, and a record."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from mcp_types import CallToolResult, TextContent

from accounts.models import User
from mcp.calls import current_call_context
from mcp.enums import Policy
from mcp.models import Tool
from mcp.naming import qualified_name
from quotas.enums import UsageKind, UsageOutcome
from quotas.services import record_usage
from youworker import audit
from youworker.core.db import run_in_thread
from youworker.core.exceptions import DomainError, Forbidden

if TYPE_CHECKING:
    from mcp.calls import CallContext

LONGEST_NAME = 64


class Gate:
    """Stands before the tools of one server; those of built-in ones follow their policies.

    `names` are the tools there are: nothing else is written down.
    """

    def __init__(self, slug: str, names: frozenset[str], *, has_policies: bool) -> None:
        self.slug, self.names, self.has_policies = slug, names, has_policies

    async def __call__(self, ctx: Any, call_next: Any) -> Any:
        """Let a message through; calls of tools are checked first and recorded last."""
        if ctx.method != "tools/call" or ctx.request_id is None:
            return await call_next(ctx)
        params = ctx.params if isinstance(ctx.params, dict) else {}
        local = params.get("name")
        if local not in self.names:
            return await call_next(ctx)
        context, name = current_call_context(), qualified_name(self.slug, local)
        began, outcome = time.perf_counter(), UsageOutcome.FAILED
        try:
            if self.has_policies:
                await run_in_thread(require_allowed, name, context)
            result = await call_next(ctx)
            outcome = UsageOutcome.FAILED if is_error(result) else UsageOutcome.SUCCEEDED
        except Forbidden as error:
            outcome = UsageOutcome.DENIED
            result = refused(error)
        finally:
            milliseconds = int((time.perf_counter() - began) * 1000)
            # Also of a call that is broken off, in which nothing can be waited for.
            await asyncio.shield(run_in_thread(record_call, name, context, outcome, milliseconds))
        return result


def require_allowed(name: str, context: CallContext) -> None:
    """Raise `Forbidden` for a tool that staff switched off, or deny to the user.

    One that asks the user first is asked about by the other host, whose user has just said so.
    Nobody says so for the admins of a group: what they are asked about is called in YouWorker only.
    """
    rows = Tool.objects.with_policy_for(context.user_id)
    row = rows.select_related("server").filter(name=name).first()
    # Where the tools were never registered nobody can have decided about them.
    if row is None:
        return
    usable = row.enabled and row.server.enabled and row.policy_in_force != Policy.DENY
    if not usable:
        raise Forbidden("The tool %(name)s is switched off.", name=name)
    if row.policy_in_force == Policy.ASK and row.needs_admin:
        raise Forbidden("An admin of a group is asked about the tool %(name)s.", name=name)


def record_call(name: str, context: CallContext, outcome: UsageOutcome, milliseconds: int) -> None:
    """Audit and count a call; nothing of what was said."""
    user = User.objects.filter(pk=context.user_id).first()
    if user is None:
        return
    results = {UsageOutcome.SUCCEEDED: "ok", UsageOutcome.DENIED: "denied"}
    audit.record(
        "tool.call", actor=user, result=results.get(outcome, "failed"), via="mcp", tool_name=name
    )
    record_usage(
        UsageKind.TOOL_CALL,
        user.pk,
        key_id=context.key_id,
        name=name[:LONGEST_NAME],
        outcome=outcome,
        duration_ms=milliseconds,
    )


def is_error(result: Any) -> bool:
    """Whether a tool answered that it failed."""
    if isinstance(result, dict):
        return bool(result.get("isError"))
    return bool(getattr(result, "is_error", False))


def refused(error: DomainError) -> CallToolResult:
    """A refusal as the answer of the tool."""
    return CallToolResult(content=[TextContent(type="text", text=error.message)], is_error=True)
