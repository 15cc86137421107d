"""Listing and calling the tools of built-in servers, in this process and in the caller's task."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from mcp.builtin.declare import BuiltinTool, Refused
from mcp.builtin.registry import build
from mcp.calls import ToolOutcome, failure
from mcp.descriptions import FoundTool, Listing
from mcp.enums import Protocol
from mcp.exceptions import ToolServerUnavailable, silence
from mcp.results import outcome_of
from youworker.core.config import config
from youworker.core.words import Sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp.descriptions import Endpoint

logger = logging.getLogger(__name__)


def listing_of(slug: str) -> Listing:
    """The tools of a built-in server."""
    found = [described(tool) for tool in build(slug).tools]
    return Listing(found, protocol=Protocol.MODERN.value)


def described(tool: BuiltinTool) -> FoundTool:
    """What is kept of a tool."""
    return FoundTool(
        name=tool.name,
        description=tool.description,
        input_schema=tool.parameters,
        reads_only=tool.hints.reads_only,
        stays_inside=not tool.hints.open_world,
    )


async def call(
    endpoint: Endpoint,
    tool: str,
    arguments: Mapping[str, Any],
    *,
    correlation_id: str,
) -> ToolOutcome:
    """Call a tool once; raises `ToolServerUnavailable` when it does not end in time.

    It runs in the request it comes from, so the correlation id is known there. Whoever is
    cancelled here cancels the tool.
    """
    known = build(endpoint.slug).tool_called(tool)
    if known is None:
        return failure(Sentence("Unknown tool: %(tool)s", {"tool": tool}), "unknown_tool")
    try:
        async with asyncio.timeout(config.mcp.call_timeout) as clock:
            said = await known.run(arguments)
    except Refused as refusal:
        return ToolOutcome(str(refusal), is_error=True, code=refusal.code, said=refusal.said)
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        # What the tool waited for was cancelled, and not this call.
        return broken_down(endpoint, tool, error)
    except Exception as error:
        if clock.expired():
            reason = silence(config.mcp.call_timeout)
            raise ToolServerUnavailable.because(endpoint.slug, reason) from error
        return broken_down(endpoint, tool, error)
    blocks = [{"type": "text", "text": said.text}]
    return outcome_of(blocks, said.structured, is_error=False, limit=config.mcp.result_bytes)


def broken_down(endpoint: Endpoint, tool: str, error: BaseException) -> ToolOutcome:
    """Log what broke; the model reads that something did, and not what."""
    logger.error("the tool %r of %r broke down", tool, endpoint.slug, exc_info=error)
    return failure(Sentence("Error executing tool %(tool)s", {"tool": tool}), "internal_error")
