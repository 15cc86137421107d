"""A server that gives its tools one page at a time."""

from mcp_types import ListToolsResult, Tool

from mcp.server import Server

NAMES = ["one", "two", "three"]


async def pages(context, params):
    """One tool, and where the next one is."""
    place = int(params.cursor or 0) if params else 0
    following = str(place + 1) if place + 1 < len(NAMES) else None
    tool = Tool(name=NAMES[place], input_schema={"type": "object"})
    return ListToolsResult(tools=[tool], next_cursor=following)


def create_server() -> Server:
    """The server."""
    return Server("paged", on_list_tools=pages)
