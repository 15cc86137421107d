"""Who is really calling, by which address, what trusted proxies say, and where a key stands."""

from __future__ import annotations

import ipaddress
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from youworker.core.config import config

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

    from django.http import HttpRequest

    Address = IPv4Address | IPv6Address
    Network = IPv4Network | IPv6Network
    Scope = MutableMapping[str, Any]
    Header = tuple[bytes, bytes]

# By what others say their traces go on here (W3C), and what else they would have passed on.
TRACES = {"traceparent", "tracestate", "baggage"}
# True in the scope of a connection that came through a trusted proxy.
TRUSTED = "youworker.trusted_proxy"
# True where a proxy that is not trusted passed it on: the peer's address is that proxy's.
PASSED_ON = "youworker.passed_on"
# What proxies of all makes say about the client and about who has signed in.
PREFIXES = ("x-forwarded-", "x-authentik-", "x-auth-request-", "x-remote-", "x-webauth-", "remote-")
NAMES = {"forwarded", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip"}


def absolute_url(request: HttpRequest, path: str) -> str:
    """One of our paths as browsers reach it, by the address that this request came to."""
    url = request.build_absolute_uri(path)
    # A proxy that says nothing of TLS does not change what browsers see.
    return url.replace("http://", "https://", 1) if config.security.https else url


class ProxyHeadersMiddleware:
    """Cleans the scope of a connection before anybody reads it.

    From a trusted proxy, the client's address and scheme are taken out of `X-Forwarded-For` and
    `X-Forwarded-Proto`. From anybody else, such headers are dropped, and so are the proxy's
    sign-in headers and those of traces. Names with underscores are always dropped: CGI-style names
    make them equal to the dashed ones, which is how forged headers get past proxies.
    """

    def __init__(self, inner: Callable[..., Awaitable[None]]) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if "headers" in scope:
            scope = clean_scope(scope)
        await self.inner(scope, receive, send)


def clean_scope(scope: Scope) -> Scope:
    """The scope as the rest of the product may believe it."""
    headers = [pair for pair in scope["headers"] if b"_" not in pair[0]]
    client = scope.get("client")
    peer = parsed(client[0]) if client else None
    if peer is None or not in_networks(peer, trusted_proxies()):
        # Programs of all kinds send these, so they say nothing about a proxy.
        said = [pair for pair in headers if lowered(pair[0]) not in TRACES]
        kept = [pair for pair in said if not spoken_by_proxies(pair[0])]
        cleaned = {**scope, **client_of(scope, peer), "headers": kept, TRUSTED: False}
        return {**cleaned, PASSED_ON: len(kept) < len(said)}
    return {
        **scope,
        **client_of(scope, forwarded_client(peer, headers)),
        "headers": without_doubled_sign_in(headers),
        "scheme": forwarded_scheme(scope, headers),
        TRUSTED: True,
        PASSED_ON: False,
    }


def client_of(scope: Scope, address: Address | None) -> dict[str, Any]:
    """The client's address in its one spelling: no zone, and IPv4 is never written as IPv6."""
    if address is None:
        return {}
    host, port = scope["client"]
    return {"client": [str(address), port if parsed(host) == address else 0]}


def without_doubled_sign_in(headers: list[Header]) -> list[Header]:
    """All headers, but none about who has signed in when one of those comes twice.

    A proxy that adds its own line below the client's has not cleaned what the client sent.
    """
    ours = sign_in_headers()
    lines = Counter(lowered(name) for name, _value in headers)
    if not any(lines[name] > 1 for name in ours):
        return headers
    return [pair for pair in headers if lowered(pair[0]) not in ours]


def spoken_by_proxies(name: bytes) -> bool:
    """Whether only a proxy may send a header."""
    text = lowered(name)
    return text.startswith(PREFIXES) or text in NAMES or text in sign_in_headers()


def sign_in_headers() -> frozenset[str]:
    """The lower-case names of headers by which a proxy says who has signed in."""
    identity = config.identity
    names = (
        identity.sso_user_header,
        identity.sso_email_header,
        identity.sso_name_header,
        identity.sso_groups_header,
    )
    return frozenset(name.lower().replace("_", "-") for name in names)


def forwarded_client(peer: Address, headers: Iterable[Header]) -> Address:
    """The nearest address that is not a trusted proxy; whatever stands before it is hearsay.

    Somebody who calls from inside the trusted networks is taken for one more proxy, and believed:
    those networks must hold nothing but proxies.
    """
    found = peer
    values = [value for name, value in headers if lowered(name) == "x-forwarded-for"]
    chain = b",".join(values).decode("latin-1").split(",") if values else []
    for text in reversed(chain):
        address = parsed(text.strip())
        if address is None:
            return found
        found = address
        if not in_networks(address, trusted_proxies()):
            return found
    return found


def forwarded_scheme(scope: Scope, headers: Iterable[Header]) -> str:
    """The scheme the client used, as the nearest proxy says."""
    values = [value for name, value in headers if lowered(name) == "x-forwarded-proto"]
    said = values[-1].decode("latin-1").split(",")[-1].strip().lower() if values else ""
    if scope["type"] == "websocket":
        said = {"http": "ws", "https": "wss"}.get(said, said)
        return said if said in {"ws", "wss"} else str(scope.get("scheme", "ws"))
    return said if said in {"http", "https"} else str(scope.get("scheme", "http"))


def lowered(name: bytes) -> str:
    """A header's name as it is compared."""
    return name.decode("latin-1").lower()


def parsed(text: str) -> Address | None:
    """An address, with or without a port; IPv4 inside IPv6 counts as IPv4."""
    bare = text.partition("]")[0].removeprefix("[") if text.startswith("[") else text
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


# Bounded, because people choose the networks of their keys.
@lru_cache(maxsize=1024)
def networks_of(entries: tuple[str, ...]) -> tuple[Network, ...]:
    """Parsed networks; a single address is a network of its own."""
    return tuple(ipaddress.ip_network(entry, strict=False) for entry in entries)


def trusted_proxies() -> tuple[Network, ...]:
    """The networks whose word counts."""
    return networks_of(config.security.trusted_proxies)


def shown_key(authorization: str, x_api_key: str | None) -> str | None:
    """The key of `Authorization: Bearer …`, else that of `X-API-Key`; none when neither is there.

    A bearer without a token is an empty key, which opens nothing.
    """
    scheme, _space, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else x_api_key
