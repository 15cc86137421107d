"""What other apps and the edges may do with tool servers and tools."""

from mcp.services.builtins import ensure_builtin_rows, sync_builtin_servers
from mcp.services.calling import call_tool, usable_tools
from mcp.services.discovery import discover_server, refresh_servers
from mcp.services.servers import (
    create_openapi_server,
    create_server,
    delete_server,
    update_server,
)
from mcp.services.tools import set_group_policy, update_tool

__all__ = [
    "call_tool",
    "create_openapi_server",
    "create_server",
    "delete_server",
    "discover_server",
    "ensure_builtin_rows",
    "refresh_servers",
    "set_group_policy",
    "sync_builtin_servers",
    "update_server",
    "update_tool",
    "usable_tools",
]
