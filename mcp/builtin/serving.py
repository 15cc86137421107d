"""Built-in tools as the SDK serves them to other hosts; imports the SDK, so it is imported late."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import ValidationError

from mcp.builtin.arguments import faults_in
from mcp.builtin.declare import READS_ONLY, Answer, described, simplified
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcp.builtin.declare import BuiltinServer, Hints


class SpeakingTool(Tool):
    """A tool that says in sentences which of its arguments are not right."""

    async def run(
        self,
        arguments: dict[str, Any],
        context: Any,
        convert_result: bool = False,  # noqa: FBT001, FBT002 -- as the library calls it
    ) -> Any:
        """Call the function; raises `ToolError`."""
        try:
            return await super().run(arguments, context, convert_result)
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                raise ToolError(" ".join(faults_in(error.__cause__))) from error.__cause__
            raise


def served(server: BuiltinServer) -> MCPServer:
    """The SDK's server of one of ours."""
    tools = [served_tool(tool.function, tool.name, hints=tool.hints) for tool in server.tools]
    return MCPServer(server.name, version="1", tools=tools)


def served_tool(
    function: Callable[..., Awaitable[Any]], name: str | None = None, *, hints: Hints = READS_ONLY
) -> Tool:
    """The SDK's tool of a function that gives an `Answer`, or a result of the SDK's."""
    tool: Tool = SpeakingTool.from_function(
        speaking(function), name=name, annotations=annotations_of(hints), structured_output=False
    )
    tool.description = described(function)
    tool.parameters = simplified(tool.parameters)
    return tool


def annotations_of(hints: Hints) -> ToolAnnotations:
    """The hints in the SDK's words."""
    return ToolAnnotations(
        read_only_hint=hints.reads_only,
        open_world_hint=hints.open_world,
        idempotent_hint=hints.idempotent,
        destructive_hint=hints.destructive,
    )


def speaking(function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The function, whose answers and refusals reach the host in the protocol's words."""

    @wraps(function)
    async def spoken(**arguments: Any) -> Any:
        try:
            said = await function(**arguments)
        except DomainError as error:
            raise ToolError(error.message) from error
        return result_of(said) if isinstance(said, Answer) else said

    return spoken


def result_of(said: Answer, *, is_error: bool = False) -> CallToolResult:
    """An answer as the SDK sends it."""
    return CallToolResult(
        content=[TextContent(type="text", text=said.text)],
        structured_content=said.structured,
        is_error=is_error,
    )
