"""A server that gives its tools one page at a time."""

import anyio
from mcp_types import ListToolsResult, Tool

from mcp.server import Server
from mcp.server.stdio import stdio_server

NAMES = ["one", "two", "three"]


async def pages(context, params):
    """One tool, and where the next one is."""
    place = int(params.cursor or 0) if params else 0
    following = str(place + 1) if place + 1 < len(NAMES) else None
    tool = Tool(name=NAMES[place], input_schema={"type": "object"})
    return ListToolsResult(tools=[tool], next_cursor=following)


async def serve():
    """Answer until nobody asks any more."""
    server = Server("paged", on_list_tools=pages)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


if __name__ == "__main__":
    anyio.run(serve)
