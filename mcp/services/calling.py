"""Which tools somebody may use, and using one."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from accounts.models import User
from mcp import breaker
from mcp.calls import CallContext, ToolInfo, ToolOutcome, use_call_context
from mcp.enums import Effect, Policy, Transport
from mcp.exceptions import ToolServerUnavailable
from mcp.models import Tool
from mcp.services.builtins import ensure_builtin_rows
from mcp.services.endpoints import api_gateway, endpoint_of, gateway
from mcp.tool_schemas import UnusableSchema, repaired_schema
from youworker.core.db import run_in_thread
from youworker.core.exceptions import DomainError, Forbidden
from youworker.core.storable import storable_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from mcp.transports import Endpoint

logger = logging.getLogger(__name__)

# OpenAI and Azure take no longer descriptions; staff see all of it.
LONGEST_TOLD = 1024
MOST_SCHEMAS = 5000
shown_schemas: dict[tuple[UUID, str], dict[str, Any] | None] = {}


def usable_tools(user: User, *, enable_web: bool = True) -> list[ToolInfo]:
    """The tools a model may ask for on behalf of `user`, by name.

    Without `enable_web` those that send data outside are left out. One query, unless a
    built-in server is switched off (two) or was never registered (then it is).
    """
    rows = list_allowed_tools(user)
    if ensure_builtin_rows(tool.server.slug for tool in rows):
        rows = list_allowed_tools(user)
    allowed = [tool for tool in rows if enable_web or Effect.EGRESS.value not in tool.effects]
    return [info for info in map(info_of, allowed) if info is not None]


def list_allowed_tools(user: User) -> list[Tool]:
    """The rows of tools that are usable and not denied."""
    return list(Tool.objects.allowed_to(user).with_server().by_name())


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

    server_id: UUID
    local_name: str
    endpoint: Endpoint


async def call_tool(
    tool: ToolInfo, arguments: Mapping[str, Any], *, context: CallContext
) -> ToolOutcome:
    """Call a tool on behalf of the context's user; a failure is an outcome for the model.

    Whether the user may is checked now: a tool can be switched off or change, and a user can
    be locked out, while a model thinks.
    """
    start = time.perf_counter()
    try:
        permit = await run_in_thread(authorize_call, tool, context)
        with use_call_context(context):
            outcome = await send_call(permit, arguments, context)
    except DomainError as error:
        denied = isinstance(error, Forbidden)
        outcome = ToolOutcome(storable_text(error.message), is_error=True, denied=denied)
    except Exception:
        logger.exception("calling the tool %s failed", tool.name)
        outcome = ToolOutcome("The tool failed because of a mistake of ours.", is_error=True)
    logger.info(
        "tool %s called in %d ms, %s",
        tool.name,
        (time.perf_counter() - start) * 1000,
        "error" if outcome.is_error else "ok",
    )
    return outcome


def authorize_call(tool: ToolInfo, context: CallContext) -> Permit:
    """Check the call; raises `Forbidden` with a sentence the model can pass on."""
    if not User.objects.filter(pk=context.user_id, is_active=True).exists():
        raise Forbidden("The user of this conversation may no longer use tools.")
    rows = Tool.objects.allowed_to(context.user_id).with_server()
    row = rows.filter(pk=tool.id).first()
    if row is None:
        raise Forbidden(f"The tool {tool.name!r} is switched off.")
    if row.policy_in_force == Policy.ASK and not context.approved:
        raise Forbidden(f"The user has not allowed this call of {tool.name!r}.")
    if row.server.transport != Transport.INPROCESS and not breaker.may_call(row.server_id):
        raise ToolServerUnavailable(
            f"The tool server {row.server.slug!r} failed repeatedly and rests for a while."
        )
    return Permit(row.server_id, row.local_name, endpoint_of(row.server, recipe=row.recipe or None))


async def send_call(
    permit: Permit, arguments: Mapping[str, Any], context: CallContext
) -> ToolOutcome:
    """Send the call once and keep the server's record of failures."""
    remote = permit.endpoint.transport != Transport.INPROCESS
    try:
        is_api = permit.endpoint.transport == Transport.OPENAPI
        outcome: ToolOutcome = await (api_gateway() if is_api else gateway()).call(
            permit.endpoint,
            permit.local_name,
            arguments,
            correlation_id=context.correlation_id,
        )
    except ToolServerUnavailable:
        if remote:
            await asyncio.to_thread(breaker.note_failure, permit.server_id)
        raise
    if remote:
        await asyncio.to_thread(breaker.note_answer, permit.server_id)
    return replace(outcome, text=storable_text(outcome.text), builtin=not remote)
