"""From a server's row to the gateway's idea of it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import orjson

from mcp.descriptions import Endpoint
from mcp.enums import Authorization, Transport
from mcp.models import Server

if TYPE_CHECKING:
    from types import ModuleType


def speaker_for(transport: str) -> ModuleType:
    """The module that lists and calls the tools of such servers, imported on first use.

    The one that knows the SDK takes a second and 20 MB, for which many never have a use.
    """
    match transport:
        case Transport.INPROCESS:
            name = "mcp.builtin.calling"
        case Transport.OPENAPI:
            name = "mcp.openapi.speaking"
        case _:
            name = "mcp.gateway"
    return import_module(name)


def load_speakers() -> None:
    """Load what the first call of a server outside would wait for, if there are any."""
    for transport in set(Server.objects.remote().values_list("transport", flat=True)):
        speaker_for(transport)


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
    return Endpoint(
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


def oauth() -> ModuleType:
    """What signing in needs, imported on first use like the gateway."""
    from mcp.oauth import protocol as module  # noqa: PLC0415 -- see above

    return module
