"""Built-in tool servers that read the web and bring documents in; names them without an SDK."""

from __future__ import annotations

from mcp.builtin.registry import Builtin, register


def register_servers() -> None:
    """Add them to the built-in ones, once for a process or as often as it is called."""
    register(Builtin("web", "The web", "chat.toolservers.web.create_server"))
    register(Builtin("ingest", "Bringing documents in", "chat.toolservers.ingest.create_server"))
