"""Listing and calling the tools of servers through the official SDK.

Importing takes more than a second: services import this module when they need it.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anyio
import mcp_types as types
from django.utils.translation import gettext_noop
from pydantic import TypeAdapter, ValidationError

from mcp.calls import ToolOutcome, failure
from mcp.connection_pool import evict_connection
from mcp.descriptions import FoundTool, Listing
from mcp.exceptions import TokenNotTaken, ToolServerUnavailable, silence
from mcp.listings import ANSWER, MOST_TOOLS, PAGE
from mcp.progress import ProgressTeller
from mcp.promises import require_promise
from mcp.results import TOOL_ERROR, read_result
from mcp.secrecy import (
    files_without,
    hide_in_listing,
    keys_of,
    result_without,
    without_secrets,
)
from mcp.sessions import DEAD, hold_session, innermost, pool_key
from mcp.shared.exceptions import MCPError
from mcp.transports import NotLetIn
from youworker.core import tracing
from youworker.core.config import config
from youworker.core.words import Sentence
from youworker.upstream.body_limits import AnswerTooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mcp.client.session import ClientSession
    from mcp.descriptions import Endpoint
    from mcp.progress import Progress

MOST_PAGES = 100
ASKS_FOR_INPUT = Sentence("The tool asks for input that cannot be given here.")
ONLY_A_NUMBER = gettext_noop("The tool answered with the error %(number)s.")
NOT_VALID = gettext_noop("The tool's answer is not valid: %(reason)s")
RESULT: TypeAdapter[Any] = TypeAdapter(types.CallToolResult | types.InputRequiredResult)


async def list_tools(endpoint: Endpoint) -> Listing:
    """Ask a server for its tools, all pages; raises `ToolServerUnavailable`."""
    try:
        with anyio.fail_after(config.mcp.call_timeout):
            found, protocol = await hold_session(endpoint, walk_tool_pages)
    except Exception as error:
        raise unavailable(endpoint, error) from error
    found.protocol = protocol
    hide_in_listing(endpoint, found)
    return found


async def walk_tool_pages(session: ClientSession) -> Listing:
    """Walk the pages; a server that never ends them, or goes round in circles, is cut off."""
    found = Listing()
    cursor: str | None = None
    seen: set[str | None] = set()
    while cursor not in seen:
        seen.add(cursor)
        params = types.PaginatedRequestParams(cursor=cursor) if cursor else None
        page = await session.list_tools(params=params)
        add_page(found, page)
        cursor = page.next_cursor or None
        if cursor is None:
            break
        if len(seen) >= MOST_PAGES or len(found.tools) + len(found.refused) >= MOST_TOOLS:
            found.cut = True
            break
    return found


def add_page(found: Listing, page: types.ListToolsResult) -> None:
    """Add what is on a page to a listing, up to the limit."""
    about = (page.meta or {}).get(PAGE, {})
    schemas = about.get("schemas", {})
    tools = [described(tool, schemas.get(tool.name)) for tool in page.tools]
    room = MOST_TOOLS - len(found.tools)
    found.tools += tools[:room]
    found.refused += about.get("refused", [])[:MOST_TOOLS]
    found.mended += about.get("mended", [])[:MOST_TOOLS]
    found.cut = found.cut or about.get("cut", False) or len(tools) > room


def described(tool: types.Tool, schema: dict[str, Any] | None = None) -> FoundTool:
    """What is kept of a tool; without hints the worst is assumed, as the protocol says."""
    hints = tool.annotations
    return FoundTool(
        name=tool.name,
        description=tool.description or tool.title or "",
        input_schema=dict(tool.input_schema) if schema is None else schema,
        output_schema=tool.output_schema,
        reads_only=bool(hints and hints.read_only_hint),
        stays_inside=bool(hints and hints.open_world_hint is False),
    )


async def call(
    endpoint: Endpoint,
    tool: str,
    arguments: Mapping[str, Any],
    *,
    correlation_id: str,
    output_schema: Any = None,
    tell_progress: Callable[[Progress], object] | None = None,
) -> ToolOutcome:
    """Call a tool once; raises `ToolServerUnavailable` when no answer came.

    An error the server answers with is an outcome: the server is alive. The data of an answer is
    kept only if it is what the tool's `output_schema` promises. Whoever is cancelled here cancels
    the call at the server.
    """
    keys = keys_of(endpoint)
    telling = ProgressTeller(tell_progress, keys.text) if tell_progress else None

    async def send(session: ClientSession) -> Any:
        params = types.CallToolRequestParams(name=tool, arguments=dict(arguments))
        request = types.CallToolRequest(params=params)
        return await session.send_request(request, RESULT, progress_callback=telling)

    try:
        host = urlsplit(endpoint.url).hostname or ""
        with anyio.fail_after(config.mcp.call_timeout), tracing.ambient_for(host):
            result, _ = await hold_session(endpoint, send, correlation_id)
    except Exception as error:  # noqa: BLE001 -- told to the model, or raised again
        return failed_call(endpoint, error)
    if isinstance(result, types.InputRequiredResult):
        return failure(ASKS_FOR_INPUT, "input_required")
    answer = (result.meta or {}).get(ANSWER, {})
    hide = partial(result_without, endpoint, keys)
    # To look for keys in megabytes would hold up everybody else's answers.
    outcome = await asyncio.to_thread(read_result, answer, limit=config.mcp.result_bytes, hide=hide)
    if outcome.files and keys.shapes:
        outcome.files = await asyncio.to_thread(files_without, keys, outcome.files)
    if output_schema is not None and outcome.structured is not None and not outcome.is_error:
        require_promise(outcome, output_schema)
    return outcome


def failed_call(endpoint: Endpoint, error: Exception) -> ToolOutcome:
    """What a failed call means for the model; raises `ToolServerUnavailable` without an answer."""
    cause = innermost(error)
    if isinstance(cause, MCPError) and cause.code not in DEAD:
        if not (words := cause.message.strip()):
            return failure(Sentence(ONLY_A_NUMBER, {"number": cause.code}), TOOL_ERROR)
        return ToolOutcome(without_secrets(endpoint, words), is_error=True, code=TOOL_ERROR)
    if isinstance(cause, (ValidationError, RuntimeError)):
        told = without_secrets(endpoint, str(cause))
        return failure(Sentence(NOT_VALID, {"reason": told}), "invalid_result")
    if isinstance(cause, AnswerTooLarge):
        return failure(cause.sentence, "too_large")
    if isinstance(cause, TimeoutError):
        # A program that hangs would hang for the next caller as well.
        evict_connection(pool_key(endpoint))
    raise unavailable(endpoint, error) from error


def unavailable(endpoint: Endpoint, error: BaseException) -> ToolServerUnavailable:
    """The refusal for a connection that failed."""
    cause = innermost(error)
    told: str | Sentence
    if isinstance(cause, TimeoutError):
        told = silence(config.mcp.call_timeout)
    else:
        told = without_secrets(endpoint, str(cause).rstrip(".") or type(cause).__name__)
    if not isinstance(cause, NotLetIn):
        return ToolServerUnavailable.because(endpoint.slug, told)
    refusal = TokenNotTaken.because(endpoint.slug, told)
    refusal.scope = cause.scope
    return refusal
