"""Who is really calling: what proxies say is believed only when the operator trusts them."""

from __future__ import annotations

import ipaddress
from functools import cache
from typing import TYPE_CHECKING, Any

from youworker.common.config import config

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

    Address = IPv4Address | IPv6Address
    Network = IPv4Network | IPv6Network
    Scope = MutableMapping[str, Any]
    Header = tuple[bytes, bytes]

# Set in the scope of a connection that came through a trusted proxy.
TRUSTED = "youworker.trusted_proxy"


class TrustedPeers:
    """Cleans the scope of a connection before anybody reads it.

    From a trusted proxy, the client's address and scheme are taken out of `X-Forwarded-For` and
    `X-Forwarded-Proto`. From anybody else, such headers are dropped, and so are the proxy's
    sign-in headers. Names with underscores are always dropped: CGI-style names make them equal
    to the dashed ones, which is how forged headers get past proxies.
    """

    def __init__(self, inner: Callable[..., Awaitable[None]]) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if "headers" in scope:
            scope = cleaned(scope)
        await self.inner(scope, receive, send)


def cleaned(scope: Scope) -> Scope:
    """The scope as the rest of the product may believe it."""
    headers = [pair for pair in scope["headers"] if b"_" not in pair[0]]
    client = scope.get("client")
    peer = parsed(client[0]) if client else None
    if peer is None or not in_networks(peer, trusted_proxies()):
        return {**scope, "headers": [pair for pair in headers if not spoken_by_proxies(pair[0])]}
    fresh = {**scope, "headers": headers, TRUSTED: True}
    address = forwarded_client(peer, headers)
    if address != peer:
        fresh["client"] = [str(address), 0]
    scheme = last_value(headers, b"x-forwarded-proto")
    if scheme in {"http", "https"}:
        secure = scheme == "https"
        names = ("wss", "ws") if scope["type"] == "websocket" else ("https", "http")
        fresh["scheme"] = names[0] if secure else names[1]
    return fresh


def spoken_by_proxies(name: bytes) -> bool:
    """Whether only a proxy may send a header."""
    lowered = name.decode("latin-1").lower()
    if lowered.startswith("x-forwarded-") or lowered in {"forwarded", "x-real-ip"}:
        return True
    return lowered in sign_in_headers()


def sign_in_headers() -> set[str]:
    """The lower-case names of headers by which a proxy says who has signed in."""
    identity = config.identity
    names = (
        identity.sso_user_header,
        identity.sso_email_header,
        identity.sso_name_header,
        identity.sso_groups_header,
    )
    return {name.lower() for name in names}


def forwarded_client(peer: Address, headers: Iterable[Header]) -> Address:
    """The nearest address that is not a trusted proxy; whatever stands before it is hearsay."""
    found = peer
    values = [value for name, value in headers if name.lower() == b"x-forwarded-for"]
    chain = b",".join(values).decode("latin-1").split(",") if values else []
    for text in reversed(chain):
        address = parsed(text.strip())
        if address is None:
            return found
        found = address
        if not in_networks(address, trusted_proxies()):
            return found
    return found


def last_value(headers: Iterable[Header], wanted: bytes) -> str:
    """What the nearest proxy says in a header."""
    values = [value for name, value in headers if name.lower() == wanted]
    return values[-1].decode("latin-1").split(",")[-1].strip().lower() if values else ""


def parsed(text: str) -> Address | None:
    """An address, with or without a port; IPv4 inside IPv6 counts as IPv4."""
    bare = text.partition("]")[0].lstrip("[") if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def in_networks(address: Address, networks: Iterable[Network]) -> bool:
    """Whether one of the networks holds the address."""
    return any(address.version == each.version and address in each for each in networks)


@cache
def networks_of(entries: tuple[str, ...]) -> tuple[Network, ...]:
    """Parsed networks; a single address is a network of its own."""
    return tuple(ipaddress.ip_network(entry, strict=False) for entry in entries)


def trusted_proxies() -> tuple[Network, ...]:
    """The networks whose word counts."""
    return networks_of(config.security.trusted_proxies)
