"""Refusals of this app."""

from youworker.core.exceptions import Conflict, UpstreamUnavailable


class ToolServerUnavailable(UpstreamUnavailable):
    """The server could not be reached, broke off or took too long."""

    code = "tool_server_unavailable"


class ServerSlugExists(Conflict):
    """Another server has this short name."""

    code = "mcp_server_exists"


class ToolChanged(Conflict):
    """The tool is no longer the one that was looked at."""

    code = "tool_changed"
