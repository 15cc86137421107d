"""The SDK's servers with their gates; imports the SDK, so it is imported late."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from chat.toolhost.gate import Gate
from chat.toolhost.server import create_server
from mcp.builtin.registry import registered
from mcp.builtin.serving import served
from youworker.core.exceptions import InvalidInput

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

HOST = "youworker"


def server_called(name: str) -> MCPServer:
    """A new server, by the short name of a built-in one, or `youworker` for what `/mcp` offers.

    Raises `InvalidInput` for a name that no server has.
    """
    if name == HOST:
        server = create_server()
    elif name in registered:
        from django.utils.module_loading import import_string  # noqa: PLC0415

        server = served(import_string(registered[name].factory)())
    else:
        known = ", ".join(sorted([HOST, *registered]))
        raise InvalidInput(
            "There is no server %(name)s; there are %(known)s.", name=name, known=known
        )
    names = frozenset(tool.name for tool in server._tool_manager.list_tools())  # noqa: SLF001
    server.middleware.append(Gate(name, names, has_policies=name != HOST))
    return server


def lowlevel_server(name: str) -> Any:
    """The same as transports take it."""
    # One line for each request says nothing that the access log does not.
    logging.getLogger("mcp.server.streamable_http_manager").setLevel(logging.WARNING)
    return server_called(name)._lowlevel_server  # noqa: SLF001 -- transports take nothing else
