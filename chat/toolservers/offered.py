"""Which tool servers this app adds to the built-in ones; knows no SDK."""

from __future__ import annotations

from mcp.builtin.registry import Builtin, register


def register_servers() -> None:
    """Add them, once for a process or as often as it is called."""
    register(Builtin("web", "The web", "chat.toolservers.web.create_server"))
    register(Builtin("ingest", "Bringing documents in", "chat.toolservers.ingest.create_server"))
