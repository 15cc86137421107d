"""A tool server that behaves as badly as it is asked to; runs without the project."""

import os
import sys
import time
from pathlib import Path
from typing import Any

import anyio
from mcp_types import CallToolResult, ImageContent, TextContent, ToolAnnotations

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

server = MCPServer("tiny")
READING = ToolAnnotations(read_only_hint=True, open_world_hint=False)


@server.tool(description=os.environ.get("TINY_DESCRIPTION", "Say it again."), annotations=READING)
def echo(text: str) -> str:
    return text


@server.tool()
def add(a: int, b: int) -> dict[str, int]:
    return {"sum": a + b}


@server.tool()
async def slow(seconds: float) -> str:
    await anyio.sleep(seconds)
    return "done"


@server.tool()
def huge(size: int) -> str:
    return "é" * size


@server.tool()
def broken() -> str:
    raise ToolError("The paper tray is empty.")


@server.tool()
def die() -> str:
    os._exit(3)


@server.tool()
def surroundings() -> dict[str, object]:
    return {"env": dict(os.environ), "cwd": str(Path.cwd()), "pid": os.getpid()}


@server.tool()
def picture() -> CallToolResult:
    image = ImageContent(type="image", data="aGk=", mime_type="image/png")
    return CallToolResult(content=[TextContent(type="text", text="Look:"), image])


@server.tool()
def headers(context: Context) -> dict[str, str]:
    request: Any = context.request_context.request
    # What opens the door is hidden in an answer, unless it is told backwards.
    backwards = request.headers.get("authorization", "")[::-1]
    return {**request.headers, "backwards": backwards}


if os.environ.get("TINY_WITHOUT"):
    server.remove_tool(os.environ["TINY_WITHOUT"])

if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "http":
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[2]))
    elif len(sys.argv) > 1 and sys.argv[1] == "sse":
        server.run("sse", host="127.0.0.1", port=int(sys.argv[2]))
    elif len(sys.argv) > 1 and sys.argv[1] == "mute":
        time.sleep(600)
    else:
        server.run("stdio")
