"""What other apps and the edges may do with tool servers and tools."""

from mcp.services.builtins import ensure_builtin_rows, sync_builtin_servers
from mcp.services.calling import call_tool, usable_tools
from mcp.services.connecting import (
    begin_connection,
    connection_states,
    finish_connection,
)
from mcp.services.consent import approvers_of, approving_groups
from mcp.services.disconnecting import remove_connection, remove_connections
from mcp.services.discovery import discover_first, discover_server, refresh_servers
from mcp.services.endpoints import load_speakers
from mcp.services.servers import (
    create_openapi_server,
    create_server,
    delete_server,
    update_server,
)
from mcp.services.tokens import lacks_sign_in
from mcp.services.tools import set_group_policy, update_tool

__all__ = [
    "approvers_of",
    "approving_groups",
    "begin_connection",
    "call_tool",
    "connection_states",
    "create_openapi_server",
    "create_server",
    "delete_server",
    "discover_first",
    "discover_server",
    "ensure_builtin_rows",
    "finish_connection",
    "lacks_sign_in",
    "load_speakers",
    "refresh_servers",
    "remove_connection",
    "remove_connections",
    "set_group_policy",
    "sync_builtin_servers",
    "update_server",
    "update_tool",
    "usable_tools",
]
