"""Which addresses the product may connect to on behalf of a user."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from youworker.core.config import config
from youworker.core.exceptions import DomainError, UpstreamUnavailable

Address = IPv4Address | IPv6Address

# IANA's IPv4 special-purpose registry and the multicast space. Written out because `ipaddress` of
# Python 3.11 knows the registry of 2013. Stricter than it in 192.0.0.0/24 and in 2001::/23: some
# anycast addresses there are "globally reachable", but are the nearest router itself.
NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # behind a carrier's NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local; the metadata of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved; broadcast
    )
)
# The only space from which IANA gives out IPv6 addresses. Outside lie, among others, loopback,
# IPv4-compatible (::/96), local NAT64 (64:ff9b:1::/48), discard (100::/64), SRv6 (5f00::/16),
# unique local (fc00::/7), link-local (fe80::/10), site-local (fec0::/10) and multicast (ff00::/8).
UNICAST_6 = IPv6Network("2000::/3")
# What IANA's IPv6 special-purpose registry reserves inside of it.
NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
# Where even a server that an operator names never is, unless `EGRESS_ALLOW` says so: the link of
# the machine, at which clouds hand out its keys to whoever asks, and AWS' own address for that.
NEVER_NAMED: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("169.254.0.0/16"),
    IPv6Network("fe80::/10"),
    IPv6Network("fd00:ec2::254/128"),
)
NAT64 = IPv6Network("64:ff9b::/96")


class EgressRefused(DomainError):
    """The address is not public, and no operator allowed it."""

    code, status = "egress_refused", 403


async def find_permitted_addresses(host: str, port: int) -> list[Address]:
    """Resolve `host` once; the addresses that may be connected to, best first.

    Raises `EgressRefused` when there is none, and `UpstreamUnavailable` for unknown names.
    """
    found = await resolve_host(host, port)
    permitted = [one for one in found if is_public(one) or operator_allows(host, one)]
    if not permitted:
        raise EgressRefused(f"{host} is not a public address.")
    return permitted


async def find_named_addresses(host: str, port: int) -> list[Address]:
    """The addresses of a server that an operator named, which may be private; raises the same."""
    found = await resolve_host(host, port)
    permitted = [one for one in found if may_be_named(one) or operator_allows(host, one)]
    if not permitted:
        raise EgressRefused(f"{host} is an address at which no server is asked.")
    return permitted


def may_be_named(address: Address) -> bool:
    """Whether neither the address nor one that it stands for belongs to the machine's own link."""
    return not any(
        one.version == network.version and one in network
        for one in [address, *wrapped(address)]
        for network in NEVER_NAMED
    )


async def resolve_host(host: str, port: int) -> list[Address]:
    """Every address of `host`, without repetition."""
    loop = asyncio.get_running_loop()
    try:
        rows = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UpstreamUnavailable("The host %(host)s is not known.", host=host) from error
    # A zone (`%eth0`) says how to reach an address, not which one it is.
    texts = dict.fromkeys(str(row[4][0]).partition("%")[0] for row in rows)
    return [ipaddress.ip_address(text) for text in texts]


def is_public(address: Address) -> bool:
    """Whether the address, or the ones it stands for, belong to the open Internet."""
    inner = wrapped(address)
    if inner:
        return all(is_public(one) for one in inner)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_PUBLIC_4)
    return address in UNICAST_6 and not any(address in network for network in NOT_PUBLIC_6)


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
