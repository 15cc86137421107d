"""The client for other servers, against real servers on the loopback interface."""

import asyncio
import gzip
import ipaddress
import socket
import ssl
import time
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from youworker.core import request_context
from youworker.core.exceptions import InvalidInput, TooLarge, UpstreamUnavailable
from youworker.tests.support.raw_server import listening
from youworker.upstream import egress, guard
from youworker.upstream.egress import EgressRefused, is_public
from youworker.upstream.fetcher import Limits, fetch_url, fetch_url_async


def answer(body=b"", status="200 OK", **headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@asynccontextmanager
async def serving(respond, tls=None):
    """A server that calls `respond(head, writer)`; yields its port and what it was asked."""
    asked = []

    async def handle(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(head)
        result = respond(head, writer)
        if asyncio.iscoroutine(result):
            await result
        else:
            writer.write(result)
            with suppress(ssl.SSLError):
                await writer.drain()

    async with listening(handle, tls=tls) as port:
        yield port, asked


@pytest.fixture
def loopback_allowed(monkeypatch):
    monkeypatch.setattr(egress, "allowed_entries", lambda: ("127.0.0.0/8",))


@pytest.fixture
def names(monkeypatch):
    """Make up a name server."""

    def use(table):
        def lookup(host, port, *_, **__):
            if host not in table:
                raise socket.gaierror(-2, "Name or service not known")
            kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
            return [(*kind, (address, port)) for address in table[host]]

        monkeypatch.setattr(socket, "getaddrinfo", lookup)

    return use


async def test_fetch_gives_the_answer(loopback_allowed):
    page = answer("ciao è".encode("latin-1"), content_type="Text/HTML; charset=iso-8859-1")
    async with serving(lambda *_: page) as (port, asked):
        token = request_context.current.set("trace-1")
        found = await fetch_url_async(
            f"http://127.0.0.1:{port}/a?b=c", headers={"Accept": "text/html"}
        )
        request_context.current.reset(token)

    assert (found.status, found.text, found.content_type) == (200, "ciao è", "text/html")
    assert found.url == f"http://127.0.0.1:{port}/a?b=c"
    assert asked[0].startswith("GET /a?b=c HTTP/1.1\r\n")
    sent = asked[0].lower()
    assert f"host: 127.0.0.1:{port}\r\n" in sent
    assert "x-correlation-id: trace-1\r\n" in sent
    assert "accept: text/html\r\n" in sent


def test_fetch_works_in_synchronous_code(loopback_allowed):
    async def both():
        async with serving(lambda *_: answer(b"ok", status="404 Not Found")) as (port, _):
            return await asyncio.to_thread(fetch_url, f"http://127.0.0.1:{port}/")

    found = asyncio.run(both())

    assert (found.status, found.body) == (404, b"ok")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "2130706433"]
)
async def test_private_addresses_are_refused_without_a_connection(host):
    async with serving(lambda *_: answer(b"secret")) as (port, asked):
        with pytest.raises(EgressRefused):
            await fetch_url_async(f"http://{host}:{port}/")

    assert asked == []


async def test_a_caller_who_knows_the_host_may_say_how_it_is_found():
    home = answer(b"home")
    away = answer(status="302 Found", location="http://localhost/")
    async with serving(lambda head, _: away if "/away" in head else home) as (port, asked):
        found = await fetch_url_async(f"http://127.0.0.1:{port}/", find=egress.find_named_addresses)
        with pytest.raises(EgressRefused):
            await fetch_url_async(f"http://127.0.0.1:{port}/")
        with pytest.raises(UpstreamUnavailable):
            limits = Limits(hops=0)
            await fetch_url_async(
                f"http://127.0.0.1:{port}/away", find=egress.find_named_addresses, limits=limits
            )

    assert found.body == b"home"
    assert len(asked) == 2


async def test_a_name_that_leads_home_is_refused(names):
    async with serving(lambda *_: answer(b"secret")) as (port, asked):
        names({"innocent.example": ["127.0.0.1"]})

        with pytest.raises(EgressRefused):
            await fetch_url_async(f"http://innocent.example:{port}/")

    assert asked == []


async def test_the_name_is_resolved_once(monkeypatch, loopback_allowed):
    lookups = []

    def rebinding(host, port, *_, **__):
        lookups.append(host)
        address = "127.0.0.1" if len(lookups) == 1 else "10.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    async with serving(lambda *_: answer(b"ok")) as (port, asked):
        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        found = await fetch_url_async(f"http://site.example:{port}/")

    assert found.body == b"ok"
    assert lookups == ["site.example"]
    assert f"host: site.example:{port}" in asked[0].lower()


async def test_an_operator_may_allow_a_host_by_name(monkeypatch, names):
    monkeypatch.setattr(egress, "allowed_entries", lambda: ("Intranet.example.",))
    async with serving(lambda *_: answer(b"ok")) as (port, _):
        names({"intranet.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]})

        found = await fetch_url_async(f"http://intranet.example:{port}/")

        with pytest.raises(EgressRefused):
            await fetch_url_async(f"http://other.example:{port}/")
    assert found.body == b"ok"


async def test_a_mixed_answer_uses_the_permitted_address_only(monkeypatch, names):
    monkeypatch.setattr(egress, "allowed_entries", lambda: ("127.0.0.1/32",))
    async with serving(lambda *_: answer(b"ok")) as (port, _):
        names({"mixed.example": ["10.1.2.3", "127.0.0.1"]})

        found = await fetch_url_async(f"http://mixed.example:{port}/", limits=Limits(seconds=5))

    assert found.body == b"ok"


async def test_the_next_address_is_tried(monkeypatch, names):
    monkeypatch.setattr(egress, "allowed_entries", lambda: ("two.example",))
    async with serving(lambda *_: answer(b"ok")) as (port, _):
        names({"two.example": ["::1", "127.0.0.1"]})

        found = await fetch_url_async(f"http://two.example:{port}/")

    assert found.body == b"ok"


async def test_every_redirect_is_checked(monkeypatch, names):
    monkeypatch.setattr(egress, "allowed_entries", lambda: ("public.example",))

    async with serving(lambda head, _: redirect(head)) as (port, asked):
        names({"public.example": ["127.0.0.1"], "127.0.0.1": ["127.0.0.1"]})

        with pytest.raises(EgressRefused):
            await fetch_url_async(f"http://public.example:{port}/")

    assert len(asked) == 1


def redirect(head, status="302 Found", to="127.0.0.1"):
    port = head.lower().split("host: ")[1].split("\r\n")[0].split(":")[1]
    return answer(status=status, location=f"http://{to}:{port}/next")


async def test_redirects_are_followed_and_drop_what_is_personal(loopback_allowed, names):
    names({"one.example": ["127.0.0.1"], "two.example": ["127.0.0.1"]})

    def respond(head, _):
        if head.startswith("POST /start"):
            return redirect(head, status="303 See Other", to="two.example")
        return answer(b"arrived")

    async with serving(respond) as (port, asked):
        found = await fetch_url_async(
            f"http://one.example:{port}/start",
            method="post",
            content=b"form",
            headers={"Authorization": "Bearer secret", "Content-Type": "text/plain"},
        )

    assert found.body == b"arrived"
    assert found.url == f"http://two.example:{port}/next"
    assert found.redirects == (f"http://one.example:{port}/start",)
    assert "authorization" in asked[0].lower()
    assert asked[1].startswith("GET /next")
    assert "secret" not in asked[1]
    assert "content-type" not in asked[1].lower()


async def test_a_redirect_may_keep_the_method(loopback_allowed):
    def respond(head, _):
        if "/start" in head:
            return redirect(head, status="307 Temporary Redirect")
        return answer(head.split(" ")[0].encode())

    async with serving(respond) as (port, _):
        found = await fetch_url_async(f"http://127.0.0.1:{port}/start", method="PUT", content=b"x")

    assert found.body == b"PUT"


async def test_redirects_in_a_circle_end(loopback_allowed):
    async with serving(lambda head, _: redirect(head)) as (port, asked):
        with pytest.raises(UpstreamUnavailable, match="too often"):
            await fetch_url_async(f"http://127.0.0.1:{port}/", limits=Limits(hops=3))

    assert len(asked) == 4


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://[bad", "gopher://x/"])
async def test_redirects_to_something_else_are_refused(loopback_allowed, location):
    moved = answer(status="301 Moved Permanently", location=location)
    async with serving(lambda *_: moved) as (port, _):
        with pytest.raises((InvalidInput, UpstreamUnavailable)):
            await fetch_url_async(f"http://127.0.0.1:{port}/")


async def endless(_head, writer):
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def test_an_endless_body_is_cut(loopback_allowed):
    async with serving(endless) as (port, _):
        with pytest.raises(TooLarge):
            await fetch_url_async(f"http://127.0.0.1:{port}/", limits=Limits(max_bytes=100_000))


async def test_a_lying_length_does_not_help(loopback_allowed):
    page = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + 20 * (
        b"2000\r\n" + b"y" * 8192 + b"\r\n"
    )
    async with serving(lambda *_: page + b"0\r\n\r\n") as (port, _):
        with pytest.raises(TooLarge):
            await fetch_url_async(f"http://127.0.0.1:{port}/", limits=Limits(max_bytes=100_000))


async def slow(_head, writer):
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"z")
        await writer.drain()
        await asyncio.sleep(0.05)


async def test_a_slow_body_is_given_up(loopback_allowed):
    start = time.monotonic()
    async with serving(slow) as (port, _):
        with pytest.raises(UpstreamUnavailable, match=r"within 0\.4 s"):
            await fetch_url_async(f"http://127.0.0.1:{port}/", limits=Limits(seconds=0.4))

    assert time.monotonic() - start < 3


async def test_packed_bodies_are_unpacked(loopback_allowed):
    packed = answer(gzip.compress(b"hello" * 100), content_encoding="gzip")
    async with serving(lambda *_: packed) as (port, _):
        found = await fetch_url_async(f"http://127.0.0.1:{port}/")

    assert found.body == b"hello" * 100
    assert found.text == "hello" * 100


async def test_a_packed_bomb_does_not_go_off(loopback_allowed):
    bomb = answer(gzip.compress(bytes(50_000_000)), content_encoding="gzip")
    async with serving(lambda *_: bomb) as (port, _):
        with pytest.raises(TooLarge):
            await fetch_url_async(f"http://127.0.0.1:{port}/", limits=Limits(max_bytes=100_000))


@pytest.mark.parametrize("encoding", ["br", "gzip"])
async def test_unreadable_packing_is_an_error_of_theirs(loopback_allowed, encoding):
    page = answer(b"not packed at all", content_encoding=encoding)
    async with serving(lambda *_: page) as (port, _):
        with pytest.raises(UpstreamUnavailable):
            await fetch_url_async(f"http://127.0.0.1:{port}/")


async def test_head_has_no_body(loopback_allowed):
    async with serving(lambda *_: answer(b"", etag='"1"')) as (port, asked):
        found = await fetch_url_async(f"http://127.0.0.1:{port}/", method="HEAD")

    assert asked[0].startswith("HEAD ")
    assert (found.body, found.headers["etag"]) == (b"", '"1"')


async def test_a_closed_port_and_an_unknown_name_are_unavailable(loopback_allowed, names):
    async with serving(lambda *_: b"") as (port, _):
        with pytest.raises(UpstreamUnavailable):
            await fetch_url_async(f"http://127.0.0.1:{port}/")
    names({})
    with pytest.raises(UpstreamUnavailable, match="not known"):
        await fetch_url_async("http://nowhere.example/")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "file:///etc/passwd",
        "example.org",
        "http://",
        "http://user:word@example.org/",
        "http://exa mple.org:x/",
        "http://example.org/" + "a" * 9000,
        "",
    ],
)
async def test_only_plain_http_urls_are_fetched(url):
    with pytest.raises(InvalidInput):
        await fetch_url_async(url)


def certificate(folder, name):
    """A certificate for `name`, and its server context."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = signed.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "cert.pem").write_bytes(pem + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem")
    return context, pem.decode()


async def test_certificates_are_checked_against_the_name(
    loopback_allowed, names, tmp_path, monkeypatch
):
    context, authority = certificate(tmp_path, "secure.example")
    names({"secure.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]})
    trusting = ssl.create_default_context(cadata=authority)

    async with serving(lambda *_: answer(b"sealed"), tls=context) as (port, _):
        with pytest.raises(UpstreamUnavailable, match=r"(?i)certificate"):
            await fetch_url_async(f"https://secure.example:{port}/")
        monkeypatch.setattr(guard, "trusted_authorities", lambda: trusting)
        found = await fetch_url_async(f"https://secure.example:{port}/")
        with pytest.raises(UpstreamUnavailable, match=r"(?i)certificate"):
            await fetch_url_async(f"https://other.example:{port}/")

    assert found.body == b"sealed"


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("127.0.0.1", True),
        ("10.0.0.1", True),
        ("fd12::1", True),
        ("93.184.216.34", True),
        ("169.254.169.254", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("fe80::1", False),
        ("fd00:ec2::254", False),
    ],
)
def test_an_operator_names_private_servers_but_not_the_link_of_the_machine(address, named):
    assert egress.may_be_named(ipaddress.ip_address(address)) is named


async def test_what_nobody_names_can_be_allowed_all_the_same(names, monkeypatch):
    names({"meta.example": ["169.254.169.254"]})
    with pytest.raises(EgressRefused):
        await egress.find_named_addresses("meta.example", 80)

    monkeypatch.setattr(egress, "allowed_entries", lambda: ("meta.example",))

    assert len(await egress.find_named_addresses("meta.example", 80)) == 1


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d822", True),
        ("::ffff:93.184.216.34", True),
        ("2002:5db8:d822::1", True),
        ("2001:0:5db8:d822::a247:27dd", True),  # Teredo: 93.184.216.34 twice
        ("2001:0:5db8:d822::f5ff:fffe", False),  # Teredo: the client is 10.0.0.1
        ("2001:0:a00:1::a247:27dd", False),  # Teredo: the server is 10.0.0.1
        ("::10.0.0.1", False),
        ("::93.184.216.34", False),
        ("2606:2800:220:1::1%eth0", True),
        ("fe80::1%eth0", False),
        ("::ffff:0:10.0.0.1", False),
    ],
)
def test_is_public(address, public):
    assert is_public(ipaddress.ip_address(address)) is public


# IANA's registries of special-purpose addresses, whole, with multicast and the retired fec0::/10.
SPECIAL = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
192.0.0.0/29 192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/32 192.0.0.171/32 192.0.2.0/24
192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4
240.0.0.0/4 255.255.255.255/32
::1/128 ::/128 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001:1::1/128 2001:1::2/128 2001:1::3/128
2001:2::/48 2001:3::/32 2001:4:112::/48 2001:10::/28 2001:20::/28 2001:30::/28 2001:db8::/32
3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8 4000::/3 400::/6 e000::/4
"""
NEIGHBOURS = """
9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 192.0.1.0
192.88.98.255 192.88.100.0 198.17.255.255 198.20.0.0 223.255.255.255 192.31.196.1
192.52.193.1 192.175.48.1 2001:200::1 2001:db7:ffff::1 2001:db9::1 3fff:1000::1 2620:4f:8000::1
"""


@pytest.mark.parametrize("network", SPECIAL.split())
def test_no_special_network_is_public(network):
    found = ipaddress.ip_network(network)

    assert not is_public(found[0])
    assert not is_public(found[-1])
    if found.version == 4:
        for address in (found[0], found[-1]):
            assert not is_public(ipaddress.ip_address(f"::ffff:{address}"))
            assert not is_public(ipaddress.ip_address(f"64:ff9b::{address}"))
            assert not is_public(ipaddress.IPv6Address(0x2002 << 112 | int(address) << 80))


@pytest.mark.parametrize("address", NEIGHBOURS.split())
def test_neighbours_of_special_networks_are_public(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("entry", "allowed"),
    [
        ("10.0.0.0/8", True),
        ("10.1.2.3", True),
        ("10.9.9.9/8", True),
        ("192.168.0.0/16", False),
        ("fd00::/8", False),
        ("wiki.example", True),
        ("example", False),
    ],
)
def test_entries_of_egress_allow(entry, allowed):
    address = ipaddress.ip_address("10.1.2.3")

    assert egress.entry_allows(entry, "Wiki.example", address) is allowed
