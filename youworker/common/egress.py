"""Which addresses the product may connect to on behalf of a user."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from ipaddress import IPv4Address, IPv6Address

from youworker.common.config import config
from youworker.common.exceptions import DomainError, UpstreamUnavailable

Address = IPv4Address | IPv6Address
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class EgressRefused(DomainError):
    """The address is not public, and no operator allowed it."""

    code, status = "egress_refused", 403


async def permitted_addresses(host: str, port: int) -> list[Address]:
    """Resolve `host` once; the addresses that may be connected to, best first.

    Raises `EgressRefused` when there is none, and `UpstreamUnavailable` for unknown names.
    """
    found = await resolve(host, port)
    permitted = [one for one in found if is_public(one) or operator_allows(host, one)]
    if not permitted:
        raise EgressRefused(f"{host} is not a public address.")
    return permitted


async def resolve(host: str, port: int) -> list[Address]:
    """Every address of `host`, without repetition."""
    loop = asyncio.get_running_loop()
    try:
        rows = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UpstreamUnavailable(f"The host {host} is not known.") from error
    # A zone (`%eth0`) says how to reach an address, not which one it is.
    texts = dict.fromkeys(str(row[4][0]).partition("%")[0] for row in rows)
    return [ipaddress.ip_address(text) for text in texts]


def is_public(address: Address) -> bool:
    """Whether the address, or the ones it stands for, belong to the open Internet."""
    inner = wrapped(address)
    if inner:
        return all(is_public(one) for one in inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def wrapped(address: Address) -> list[Address]:
    """IPv4 addresses that an IPv6 address stands for: mapped, 6to4, Teredo, NAT64."""
    if isinstance(address, IPv4Address):
        return []
    inner: list[Address | None] = [address.ipv4_mapped, address.sixtofour]
    inner += address.teredo or ()
    if address in NAT64:
        inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in inner if one is not None]


def operator_allows(host: str, address: Address) -> bool:
    """Whether `EGRESS_ALLOW` names the host or a network of the address."""
    return any(entry_allows(entry, host, address) for entry in allowed_entries())


def allowed_entries() -> tuple[str, ...]:
    """The networks and host names an operator opened."""
    return config.security.egress_allow


def entry_allows(entry: str, host: str, address: Address) -> bool:
    """Whether one entry, a network or a host name, covers the destination."""
    try:
        network = ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return entry.lower().rstrip(".") == host.lower().rstrip(".")
    real = getattr(address, "ipv4_mapped", None) or address
    return real.version == network.version and real in network
