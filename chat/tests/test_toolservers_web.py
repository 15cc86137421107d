"""The built-in server for the web, called the way the agent calls it, on a site of our own."""

from __future__ import annotations

import orjson
import pytest

from accounts.tests.factories import UserFactory
from chat.toolservers import browsing, websearch
from ingestion.models import WebHost
from ingestion.tests.web_site import Site, serving
from mcp.builtin import registry
from mcp.calls import CallContext
from mcp.models import Tool
from mcp.services import builtins, call_tool, sync_builtin_servers, usable_tools
from youworker.core.config import config
from youworker.core.db import run_in_thread
from youworker.upstream import egress

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def site(monkeypatch):
    """A web site that may be reached."""
    monkeypatch.setattr(egress, "allowed_entries", lambda: ("127.0.0.0/8",))
    with serving(Site()) as running:
        yield running


@pytest.fixture
def settings_of_web(monkeypatch):
    """Change settings of the web for one test, and with them what is offered."""

    def forget():
        registry.build.cache_clear()
        builtins.tools_of.cache_clear()

    def change(**values):
        for name, value in values.items():
            monkeypatch.setitem(config.web.__dict__, name, value)
        forget()

    yield change
    monkeypatch.undo()
    forget()


async def ask(name, arguments, *, user=None, **context):
    user = user or await run_in_thread(UserFactory)
    tools = await run_in_thread(usable_tools, user)
    tool = next(tool for tool in tools if tool.name == name)
    acting = CallContext(user_id=user.pk, correlation_id="c", **context)
    return await call_tool(tool, arguments, context=acting)


def test_tools_of_the_web_are_left_out_with_its_switch():
    user = UserFactory()

    with_web = {tool.name for tool in usable_tools(user)}
    without = {tool.name for tool in usable_tools(user, enable_web=False)}

    of_web = {"web.fetch", "web.head", "web.extract_readable", "web.crawl"}
    assert of_web <= with_web
    assert not of_web & without
    assert with_web - without == of_web | {"ingest.url"}


def test_search_is_offered_only_where_it_is_configured(settings_of_web):
    user = UserFactory()
    assert "web.search" not in {tool.name for tool in usable_tools(user)}

    settings_of_web(searxng_url="http://127.0.0.1:9")
    sync_builtin_servers()
    assert "web.search" in {tool.name for tool in usable_tools(user)}
    assert Tool.objects.get(name="web.search").effects == ["read", "egress"]

    settings_of_web(searxng_url="")
    sync_builtin_servers()
    assert "web.search" not in {tool.name for tool in usable_tools(user)}


async def test_fetch_gives_the_source_in_pieces(site):
    site.page("/a", "<p>" + "0123456789" * 30 + "</p>")

    first = await ask("web.fetch", {"url": site.url + "/a", "max_chars": 100})
    rest = await ask("web.fetch", {"url": site.url + "/a", "start": first.structured["next_start"]})

    assert first.structured["text"] == "<p>" + ("0123456789" * 30)[:97]
    assert "[207 more characters; read on with start=100]" in first.text
    assert rest.structured["text"].endswith("789</p>")
    assert rest.structured["next_start"] is None


async def test_fetch_names_what_is_no_text(site):
    site.page("/a", b"\x00\x01\x02", Content_Type="application/zip")

    outcome = await ask("web.fetch", {"url": site.url + "/a"})

    assert outcome.is_error
    assert "application/zip" in outcome.text


async def test_head_tells_of_redirects_and_errors(site):
    site.pages["/old"] = (301, {"Location": "/new"}, b"")
    site.page("/new", "here", Last_Modified="Tue, 01 Sep 2026 10:00:00 GMT")

    outcome = await ask("web.head", {"url": site.url + "/old"})
    missing = await ask("web.head", {"url": site.url + "/missing"})

    assert outcome.structured["url"] == site.url + "/new"
    assert outcome.structured["status"] == 200
    assert "last_modified: Tue, 01 Sep 2026 10:00:00 GMT" in outcome.text
    assert missing.structured["status"] == 404
    assert not missing.is_error


async def test_extract_readable_leaves_menus_out(site):
    article = "".join(
        f"<p>The {n}th paragraph about holidays is long enough.</p>" for n in range(9)
    )
    site.page(
        "/a",
        "<html><head><title>Holidays</title><script>evil()</script></head><body>"
        f"<nav><a href='/x'>Menu</a></nav><article><h1>Holidays</h1>{article}</article></body>",
    )

    outcome = await ask("web.extract_readable", {"url": site.url + "/a"})

    assert outcome.structured["title"] == "Holidays"
    assert "The 8th paragraph about holidays" in outcome.text
    assert "evil" not in outcome.text
    assert "Menu" not in outcome.text
    assert outcome.text.startswith(f"Holidays\n{site.url}/a\n")


async def test_crawl_stays_on_the_site_and_within_its_bounds(site):
    site.link("/", "/a", "/b", "http://example.org/away", "/secret")
    for path in ("/a", "/b", "/c"):
        site.link(path, "/c")
    site.page("/robots.txt", "User-agent: *\nDisallow: /secret", Content_Type="text/plain")
    site.link("/secret")

    outcome = await ask("web.crawl", {"url": site.url + "/", "max_pages": 10, "depth": 1})

    assert [page["url"].removeprefix(site.url) for page in outcome.structured["pages"]] == [
        "/",
        "/a",
        "/b",
    ]
    assert "robots.txt forbids" in outcome.text
    assert "/secret" not in site.paths()
    few = await ask("web.crawl", {"url": site.url + "/", "max_pages": 2, "depth": 3})
    assert len(few.structured["pages"]) == 2


async def test_a_crawl_ends_in_time_with_what_it_has(site, settings_of_web, monkeypatch):
    def slow(_handler):
        import time

        time.sleep(9)
        return 200, {"Content-Type": "text/html"}, b"late"

    site.link("/", "/slow")
    site.pages["/slow"] = slow
    monkeypatch.setattr(browsing, "SPARE_SECONDS", 0.0)
    # A busy machine takes its time for the first page.
    settings_of_web(crawl_seconds=6.0)

    outcome = await ask("web.crawl", {"url": site.url + "/"})

    assert len(outcome.structured["pages"]) == 1
    assert "no time left" in outcome.text


@pytest.mark.parametrize("tool", ["fetch", "head", "extract_readable", "crawl"])
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://localhost:5432/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://user:secret@example.org/",
    ],
)
async def test_private_places_are_refused(tool, url):
    outcome = await ask(f"web.{tool}", {"url": url})

    assert outcome.is_error
    assert "public" in outcome.text or "URL" in outcome.text


async def test_a_redirect_to_a_private_place_is_refused(site, monkeypatch):
    site.pages["/a"] = (302, {"Location": "http://169.254.169.254/keys"}, b"")

    outcome = await ask("web.fetch", {"url": site.url + "/a"})

    assert outcome.is_error
    assert "not a public address" in outcome.text


async def test_large_pages_are_refused(site, settings_of_web):
    site.page("/a", "x" * 5000)
    settings_of_web(max_bytes=1024)

    outcome = await ask("web.fetch", {"url": site.url + "/a"})

    assert outcome.is_error
    assert "larger than 1024 bytes" in outcome.text


async def test_a_turn_at_a_server_is_given_back_after_a_failure(site):
    await ask("web.fetch", {"url": site.url + "/missing"})

    free = await run_in_thread(
        lambda: not WebHost.objects.filter(lease_token__isnull=False).exists()
    )
    assert free


async def test_search_asks_the_configured_server_in_json(site, settings_of_web):
    asked = []

    def results(handler):
        asked.append(handler.path)
        rows = [
            {"title": "A\n page", "url": "https://example.org/a", "content": "About <b>a</b>"},
            {"title": "No address"},
            {"title": "Local", "url": "javascript:alert(1)"},
            "nonsense",
            {"url": "https://example.org/b", "title": None, "content": 5},
        ]
        return 200, {"Content-Type": "application/json"}, orjson.dumps({"results": rows})

    path = "/search?q=a+%26+b&format=json&language=it&safesearch=1"
    site.pages[path] = results
    settings_of_web(searxng_url=site.url)
    await run_in_thread(sync_builtin_servers)

    outcome = await ask("web.search", {"query": "a & b"}, language="it")

    assert asked == [path]
    assert [page["url"] for page in outcome.structured["pages"]] == [
        "https://example.org/a",
        "https://example.org/b",
    ]
    assert outcome.text.startswith("[1] A page\nhttps://example.org/a\nAbout <b>a</b>")


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (403, b"", "search.formats"),
        (500, b"", "status 500"),
        (200, b"<html>", "did not answer with JSON"),
    ],
)
async def test_a_search_server_in_trouble_is_told(site, settings_of_web, status, body, words):
    site.pages["/search?q=a&format=json&language=en&safesearch=1"] = (status, {}, body)
    settings_of_web(searxng_url=site.url)
    await run_in_thread(sync_builtin_servers)

    outcome = await ask("web.search", {"query": "a"})

    assert outcome.is_error
    assert words in outcome.text


async def test_results_that_are_no_list_are_none(site, settings_of_web):
    site.page("/search?q=a&format=json&language=en&safesearch=1", b'{"results": {"a": 1}}')
    settings_of_web(searxng_url=site.url)

    assert await websearch.search_web("a", limit=5, language="en") == []
