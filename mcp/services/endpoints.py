"""From a server's row to the gateway's idea of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from mcp.enums import Authorization

if TYPE_CHECKING:
    from types import ModuleType

    from mcp.models import Server
    from mcp.transports import Endpoint


def gateway() -> ModuleType:
    """The module that knows the SDK, imported on first use: it takes more than a second."""
    from mcp import gateway as module  # noqa: PLC0415 -- see above

    return module


def endpoint_of(
    server: Server, *, token: str = "", document: str = "", recipe: dict[str, Any] | None = None
) -> Endpoint:
    """Where the server is, with its secrets opened and the token of whoever is signed in.

    Of an API, what is asked of it: its document, or the recipe of one request.
    """
    headers = server.secrets_called("headers")
    signs_in = server.authorization == Authorization.OAUTH
    if signs_in:
        headers = {name: text for name, text in headers.items() if name.lower() != "authorization"}
    if signs_in and token:
        headers["Authorization"] = f"Bearer {token}"
    endpoint: Endpoint = gateway().Endpoint(
        slug=server.slug,
        transport=server.transport,
        url=server.url,
        argv=tuple(server.argv),
        headers=tuple(sorted(headers.items())),
        env=tuple(sorted(server.secrets_called("env").items())),
        signs_in=signs_in,
        protocol=server.protocol,
        query=tuple(sorted(server.secrets_called("query").items())),
        base_url=server.base_url,
        document=document,
        recipe="" if recipe is None else orjson.dumps(recipe).decode(),
    )
    return endpoint


def oauth() -> ModuleType:
    """What signing in needs, imported on first use like the gateway."""
    from mcp.oauth import protocol as module  # noqa: PLC0415 -- see above

    return module


def api_gateway() -> ModuleType:
    """What the gateway does, for APIs; imported on first use because it imports the gateway."""
    from mcp.openapi import speaking  # noqa: PLC0415 -- see above

    return speaking
