"""Which tools somebody may use, and using one."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from accounts.models import User
from mcp import breaker
from mcp.builtin.registry import build, registered
from mcp.calls import CallContext, ToolInfo, ToolOutcome, failure, refusal, use_call_context
from mcp.enums import Authorization, Effect, Transport
from mcp.exceptions import SignInNeeded, TokenNotTaken, ToolServerUnavailable
from mcp.models import Tool
from mcp.services.builtins import ensure_builtin_rows
from mcp.services.consent import require_consent
from mcp.services.endpoints import endpoint_of, speaker_for
from mcp.services.tokens import find_token, note_refusal, require_sign_in, sign_in_needed
from mcp.tool_schemas import UnusableSchema, repaired_schema
from youworker.core import tracing
from youworker.core.db import run_in_thread
from youworker.core.exceptions import DomainError, Forbidden
from youworker.core.storable import storable_text
from youworker.core.words import Sentence

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from mcp.descriptions import Endpoint
    from mcp.models import Server

logger = logging.getLogger(__name__)
# Not by the name of this module, which the SDK shares, whose lines are not shown.
calls_logger = logging.getLogger("youworker.tool_calls")

# OpenAI and Azure take no longer descriptions; staff see all of it.
LONGEST_TOLD = 1024
MOST_SCHEMAS = 5000
OUR_MISTAKE = Sentence("The tool failed because of a mistake of ours.")
shown_schemas: dict[tuple[UUID, str], dict[str, Any] | None] = {}


def usable_tools(user: User, *, enable_web: bool = True) -> list[ToolInfo]:
    """The tools a model may ask for on behalf of `user`, by name.

    Without `enable_web` those that send data outside are left out. One query, unless a
    built-in server is switched off (two) or was never registered (then it is).
    """
    rows = list_allowed_tools(user)
    if ensure_builtin_rows(tool.server.slug for tool in rows):
        rows = list_allowed_tools(user)
    allowed = [tool for tool in rows if enable_web or not says_egress(tool)]
    return [info for info in map(info_of, allowed) if info is not None]


def list_allowed_tools(user: User) -> list[Tool]:
    """The rows of tools that are usable and not denied."""
    return list(Tool.objects.allowed_to(user).with_server().by_name())


def says_egress(tool: Tool) -> bool:
    """Whether staff, or else the tool's server, say that it sends data outside."""
    return Effect.EGRESS.value in tool.effects if tool.egress is None else tool.egress


def info_of(tool: Tool) -> ToolInfo | None:
    """A row as callers see it; None when no model server would take its schema."""
    schema = shown_schema(tool)
    if schema is None:
        return None
    return ToolInfo(
        id=tool.pk,
        name=tool.name,
        safe_name=tool.safe_name,
        description=tool.description[:LONGEST_TOLD] or tool.local_name,
        input_schema=schema,
        server=tool.server.slug,
        policy=tool.policy_in_force,
        effects=tuple(tool.effects),
        is_builtin=tool.server.builtin,
        needs_admin=tool.needs_admin,
        has_consequences=tool.has_consequences,
        form_hash=tool.form_hash,
        signs_in=tool.server.authorization == Authorization.OAUTH,
    )


def shown_schema(tool: Tool) -> dict[str, Any] | None:
    """The schema models are shown of this form of a tool; None when there is none."""
    key = (tool.pk, tool.schema_hash)
    if key not in shown_schemas:
        if len(shown_schemas) >= MOST_SCHEMAS:
            shown_schemas.clear()
        try:
            shown_schemas[key] = repaired_schema(tool.input_schema)
        except UnusableSchema as error:
            logger.warning("the tool %s is left out: %s", tool.name, error)
            shown_schemas[key] = None
    return shown_schemas[key]


@dataclass(frozen=True, slots=True)
class Permit:
    """A tool that may be called now, and where."""

    server: Server
    local_name: str
    endpoint: Endpoint
    output_schema: Any = None
    only_computes: bool = False


async def call_tool(
    tool: ToolInfo, arguments: Mapping[str, Any], *, context: CallContext
) -> ToolOutcome:
    """Call a tool on behalf of the context's user; a failure is an outcome for the model.

    Whether the user may is checked now: a tool can be switched off or change, and a user can
    be locked out, while a model thinks.
    """
    start = time.perf_counter()
    with tracing.span("tool call", server=tool.server, tool_id=tool.id) as span:
        outcome = await try_call(tool, arguments, context)
        span.note(outcome=result_of(outcome), run_id=context.run_id, user_id=context.user_id)
    report_call(tool, outcome, context, time.perf_counter() - start)
    return outcome


async def try_call(
    tool: ToolInfo, arguments: Mapping[str, Any], context: CallContext
) -> ToolOutcome:
    """Call a tool if the user still may; a failure is an outcome."""
    try:
        permit = await run_in_thread(authorize_call, tool, context)
        with use_call_context(context):
            outcome = await send_call(permit, arguments, context)
    except SignInNeeded as error:
        outcome = refusal(error, signs_in=tool.server)
    except DomainError as error:
        denied = isinstance(error, Forbidden)
        outcome = refusal(error, denied=denied, trusted=denied)
    except Exception:
        logger.exception("calling the tool %s failed", tool.name)
        outcome = failure(OUR_MISTAKE, "internal_error", trusted=True)
    return outcome


def result_of(outcome: ToolOutcome) -> str:
    """How a call went, in a word."""
    return "denied" if outcome.denied else "error" if outcome.is_error else "ok"


def report_call(tool: ToolInfo, outcome: ToolOutcome, context: CallContext, seconds: float) -> None:
    """Log a call: for whom, and how it went; nothing of what was said."""
    ids = {"run_id": context.run_id, "session_id": context.session_id, "user_id": context.user_id}
    calls_logger.info(
        "tool call",
        extra={
            "tool": tool.name,
            **{name: str(value) for name, value in ids.items() if value is not None},
            "result": result_of(outcome),
            "duration_ms": round(seconds * 1000, 1),
        },
    )


def authorize_call(tool: ToolInfo, context: CallContext) -> Permit:
    """Check the call; raises `Forbidden` with a sentence the model can pass on."""
    if not User.objects.filter(pk=context.user_id, is_active=True).exists():
        raise Forbidden("The user of this conversation may no longer use tools.")
    rows = Tool.objects.allowed_to(context.user_id).with_server()
    row = rows.filter(pk=tool.id).first()
    if row is None:
        raise Forbidden("The tool %(tool)r is switched off.", tool=tool.name)
    # First, for whoever has not signed in has not been asked either.
    require_sign_in(row.server, context.user_id)
    require_consent(row, context)
    if row.server.transport != Transport.INPROCESS and not breaker.may_call(row.server_id):
        raise ToolServerUnavailable(
            "The tool server %(server)r failed repeatedly and rests for a while.",
            server=row.server.slug,
        )
    server = registered.get(row.server.slug) if row.server.builtin else None
    computes = server is not None and server.computes
    # In this thread: loading it in the event loop would hold up everybody.
    if server is not None:
        build(server.slug)
    endpoint = endpoint_of(row.server, recipe=row.recipe or None)
    speaker_for(endpoint.transport)
    return Permit(row.server, row.local_name, endpoint, row.output_schema, computes)


async def send_call(
    permit: Permit, arguments: Mapping[str, Any], context: CallContext
) -> ToolOutcome:
    """Send the call once and keep the server's record of failures."""
    remote = permit.endpoint.transport != Transport.INPROCESS
    try:
        if permit.endpoint.signs_in:
            outcome = await call_signed_in(permit, arguments, context)
        elif permit.endpoint.transport in (Transport.INPROCESS, Transport.OPENAPI):
            outcome = await speaker_for(permit.endpoint.transport).call(
                permit.endpoint,
                permit.local_name,
                arguments,
                correlation_id=context.correlation_id,
            )
        else:
            outcome = await call_once(permit, permit.endpoint, arguments, context)
    except ToolServerUnavailable:
        if remote:
            await asyncio.to_thread(breaker.note_failure, permit.server.pk)
        raise
    if remote:
        await asyncio.to_thread(breaker.note_answer, permit.server.pk)
    text = storable_text(outcome.text)
    return replace(outcome, text=text, builtin=not remote, trusted=permit.only_computes)


async def call_signed_in(
    permit: Permit, arguments: Mapping[str, Any], context: CallContext
) -> ToolOutcome:
    """Call as the user, with their own token; once more with a new one where it was not taken.

    Who is not let in was not heard, so nothing is done twice. Raises `SignInNeeded`.
    """
    server, user_id = permit.server, context.user_id
    token = await find_token(server, user_id)
    try:
        endpoint = endpoint_of(server, token=token)
        return await call_once(permit, endpoint, arguments, context)
    except TokenNotTaken:
        token = await find_token(server, user_id, refused=token)
    try:
        endpoint = endpoint_of(server, token=token)
        return await call_once(permit, endpoint, arguments, context)
    except TokenNotTaken as error:
        await note_refusal(server, user_id, wanted=error.scope)
        raise sign_in_needed(server) from error


async def call_once(
    permit: Permit, endpoint: Endpoint, arguments: Mapping[str, Any], context: CallContext
) -> ToolOutcome:
    """Send the call to one endpoint."""
    outcome: ToolOutcome = await speaker_for(endpoint.transport).call(
        endpoint,
        permit.local_name,
        arguments,
        correlation_id=context.correlation_id,
        output_schema=permit.output_schema,
        tell_progress=context.tell_progress,
    )
    return outcome
