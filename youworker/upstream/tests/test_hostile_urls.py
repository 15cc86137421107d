"""Addresses that lead somewhere else than they seem to, against the one fetcher."""

# ruff: noqa: RUF001 -- letters that look like others are what is tried here

import socket

import httpx2
import pytest

from youworker.core.exceptions import DomainError, InvalidInput, UpstreamUnavailable
from youworker.upstream import egress
from youworker.upstream.egress import EgressRefused
from youworker.upstream.fetcher import Fetched, fetch_url_async
from youworker.upstream.tests.test_fetcher import answer, names, serving  # noqa: F401 -- a fixture

# Ways to write the machine itself, its link, and the company's network.
HOSTS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.0.0.1.",
    "127.255.255.254",
    "127.000.000.001",
    "0x7f.0.0.1",
    "0x7f.1",
    "0x7f000001",
    "0X7F000001",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0.01",
    "00000177.0.0.1",
    "0x7f.0x0.0x0.0x1",
    "2130706433",
    "017700000001.",
    "0",
    "0.0",
    "0.0.0.0",
    "0x0",
    "00",
    "0.0.0.0.",
    "0.0.0.1",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::0]",
    "[::0001]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::FFFF:7F00:0001]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:a00:1::1]",
    "[2001:0:7f00:1::]",
    "[::1%25lo]",
    "[fe80::1%25eth0]",
    "[fe80::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fec0::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[100::1]",
    "[5f00::1]",
    "[3fff::1]",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "LocalHost.",
    "ip6-localhost",
    "localhost.localdomain",
    "169.254.169.254",
    "169.254.169.254.",
    "0xa9fea9fe",
    "2852039166",
    "0xa9.0xfe.0xa9.0xfe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[fe80::a9fe:a9fe]",
    "169.254.170.2",
    "100.100.100.200",
    "192.0.0.192",
    "10.0.0.1",
    "10.1",
    "10.255.255.255",
    "0xa.0.0.1",
    "012.0.0.1",
    "167772161",
    "172.16.0.1",
    "172.31.255.255",
    "0xac100001",
    "192.168.0.1",
    "192.168.1",
    "0xc0a80001",
    "3232235521",
    "0300.0250.0.1",
    "100.64.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "4294967295",
    "0xffffffff",
    "[::ffff:10.0.0.1]",
    "[::ffff:192.168.0.1]",
    "[2002:c0a8:1::]",
    "[64:ff9b::a00:1]",
]
# The same in letters that a browser takes for digits, dots and Latin letters.
DISGUISED = [
    "１２７.０.０.１",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "127．0．0．1",
    "127｡0｡0｡1",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "ｌｏｃａｌｈｏｓｔ",
    "loc\u00adalhost",
    "local\u200bhost",
    "localhoſt",
    "𝟏𝟐𝟕.𝟎.𝟎.𝟏",
    "169。254。169。254",
    "%31%32%37.0.0.1",
    "%6cocalhost",
    "127%2e0%2e0%2e1",
]
# What is not an address that programs agree on, or not of a kind that is fetched.
REFUSED = [
    "http://good.example@127.0.0.1/",
    "http://127.0.0.1@good.example/",
    "http://user:word@good.example/",
    "http://:word@good.example/",
    "http://good.example:80@127.0.0.1:80/",
    "http://good.example%40127.0.0.1@127.0.0.1/",
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "file://127.0.0.1/etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "dict://127.0.0.1:11211/stats",
    "ftp://127.0.0.1/",
    "ldap://127.0.0.1/",
    "tftp://127.0.0.1/x",
    "jar:http://127.0.0.1!/",
    "netdoc:///etc/passwd",
    "javascript:alert(1)",
    "data:text/html,hello",
    "unix:///run/docker.sock",
    "ws://good.example/",
    "view-source:http://good.example/",
    "about:blank",
    "//good.example/",
    "good.example",
    "http:good.example",
    "http:///good.example/",
    "http://",
    "http:///",
    "http://?x",
    "http://#x",
    "http://[::1",
    "http://::1/",
    "http://good.example:99999999/",
    "http://good.example:-1/",
    "http://good.example:80:80/",
    "http://good.example:abc/",
    "http://good.example\r\nHost: evil/",
    "http://good.example/\r\nX-Injected: 1",
    "http://good.example/\nX: 1",
    "http://good.example/\x00",
    "http://good\x00.example/",
    "http://good.example\\@127.0.0.1/",
    "http://127.0.0.1\\.good.example/",
    "http:\\\\127.0.0.1\\",
    "http://good.example\t/",
    "http://good .example/",
    "http://good.example/" + "a" * 10_000,
    "http://" + "a." * 200 + "example/",
    "",
    " ",
    "\x00",
]
# Paths and queries that may hold anything; whatever they hold, they stay on the host that is named.
ONLY_PATHS = [
    "/@127.0.0.1/",
    "/..//127.0.0.1",
    "/%2e%2e/%2e%2e/etc/passwd",
    "//127.0.0.1/",
    "/?u=http://127.0.0.1/",
    "/#@127.0.0.1/",
    "/;@127.0.0.1",
    "/%0d%0aX-Injected:%201",
    "/%00",
    "?@127.0.0.1/",
    "#@127.0.0.1/",
]


@pytest.mark.parametrize("host", [*HOSTS, *DISGUISED])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_spelling_leads_into_the_machine_or_the_company(host, scheme):
    async with serving(lambda *_: answer(b"secret")) as (port, asked):
        for url in (f"{scheme}://{host}:{port}/", f"{scheme}://{host}/"):
            with pytest.raises((InvalidInput, EgressRefused, UpstreamUnavailable)):
                await fetch_url_async(url)

    assert asked == []


@pytest.mark.parametrize("url", REFUSED)
async def test_what_is_no_plain_web_address_is_not_fetched(url, names):  # noqa: F811 -- the fixture
    asked = []
    names({"good.example": ["93.184.216.34"]})
    before = socket.socket.connect

    def connect(self, address):
        asked.append(address)
        raise ConnectionRefusedError

    socket.socket.connect = connect
    try:
        with pytest.raises((InvalidInput, EgressRefused)):
            await fetch_url_async(url)
    finally:
        socket.socket.connect = before

    assert asked == []


@pytest.mark.parametrize("path", ONLY_PATHS)
async def test_what_stands_behind_the_host_changes_nothing(path, names, monkeypatch):  # noqa: F811 -- the fixture
    monkeypatch.setattr(egress, "allowed_entries", lambda: ("good.example",))
    async with serving(lambda *_: answer(b"good")) as (port, asked):
        names({"good.example": ["127.0.0.1"]})

        found = await fetch_url_async(f"http://good.example:{port}{path}")

    assert found.body == b"good"
    assert f"host: good.example:{port}\r\n" in asked[0].lower()
    assert "\r\nx-injected" not in asked[0].lower()


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "::1", "::ffff:10.0.0.1", "fd00::1"],
)
async def test_a_name_may_not_lead_into_the_company(address, names):  # noqa: F811 -- the fixture
    names({"innocent.example": [address], "xn--e1awd7f.example": [address]})

    for host in ("innocent.example", "еуф.example", "INNOCENT.example."):
        with pytest.raises((EgressRefused, UpstreamUnavailable)):
            await fetch_url_async(f"http://{host}/")


@pytest.mark.parametrize(
    "location",
    [
        *("file:///etc/passwd", "gopher://127.0.0.1/", "ftp://x.example/", "javascript:alert(1)"),
        *("http://127.0.0.1:1/", "http://[::1]:1/", "http://0x7f.1:1/", "//127.0.0.1:1/"),
        *("http://169.254.169.254/latest/meta-data/", "http://localhost:1/", "http://2130706433/"),
        *("http://u:p@good.example/", "http://[bad", "\\\\127.0.0.1\\x", "http://evil.example:0/"),
        *("data:text/html,x", "http://10.0.0.1/", "https://192.168.0.1/", "http:///x"),
    ],
)
async def test_a_redirect_leads_nowhere_else(location, names, monkeypatch):  # noqa: F811 -- the fixture
    monkeypatch.setattr(egress, "allowed_entries", lambda: ("good.example",))
    moved = answer(status="302 Found", location=location)
    real = socket.getaddrinfo
    async with serving(lambda *_: moved) as (port, asked):
        names({"good.example": ["127.0.0.1"]})
        made_up = socket.getaddrinfo

        def lookup(host, *more, **options):
            return (made_up if host == "good.example" else real)(host, *more, **options)

        monkeypatch.setattr(socket, "getaddrinfo", lookup)

        with pytest.raises(DomainError):
            await fetch_url_async(f"http://good.example:{port}/")

    assert all(f"host: good.example:{port}" in head.lower() for head in asked)


async def test_a_redirect_may_be_looked_at_instead_of_followed(monkeypatch):
    monkeypatch.setattr(egress, "allowed_entries", lambda: ("127.0.0.0/8",))
    moved = answer(b"moved", status="302 Found", location="next?a=1")
    async with serving(lambda *_: moved) as (port, asked):
        found = await fetch_url_async(f"http://127.0.0.1:{port}/a/b", follow=False)

    assert len(asked) == 1
    assert (found.status, found.body) == (302, b"")
    assert found.redirect == f"http://127.0.0.1:{port}/a/next?a=1"


def test_only_a_redirect_leads_somewhere():
    headers = httpx2.Headers({"location": "/x"})

    assert Fetched("http://x.org/", 200, headers, b"").redirect == ""
    assert Fetched("http://x.org/", 301, httpx2.Headers(), b"").redirect == ""
    with pytest.raises(InvalidInput):
        _ = Fetched("http://x.org/", 301, httpx2.Headers({"location": "file:///x"}), b"").redirect
