"""The built-in server for the web."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from chat.toolservers import browsing, websearch
from mcp.builtin.declare import Answer, BuiltinServer, Hints, tool_of
from mcp.calls import current_call_context

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

READS_THE_WEB = Hints(reads_only=True, open_world=True, idempotent=True)

Url = Annotated[str, Field(description="An address such as https://example.org/page.")]
Start = Annotated[
    int, Field(description="Skip so many characters, to read on.", ge=0, le=50_000_000)
]
Length = Annotated[int, Field(description="Characters at most.", ge=100, le=50_000)]


def create_server() -> BuiltinServer:
    """The server; `search` only where the operator has configured one."""
    functions: dict[str, Callable[..., Awaitable[Answer]]] = {
        "fetch": fetch_page,
        "head": check_page,
        "extract_readable": read_page,
        "crawl": read_site,
    }
    if websearch.is_configured():
        functions["search"] = search_pages
    tools = [tool_of(each, name, hints=READS_THE_WEB) for name, each in functions.items()]
    return BuiltinServer("web", tools)


async def search_pages(
    query: Annotated[str, Field(description="What to search for.", min_length=1, max_length=400)],
    limit: Annotated[int, Field(description="How many pages at most.", ge=1, le=20)] = 8,
) -> Answer:
    """Search the public web. Returns titles, addresses and snippets; read a page before relying
    on it. Do not put private data of the user into the query.
    """
    language = current_call_context().language
    hits = await websearch.search_web(query, limit=limit, language=language)
    listed = "\n\n".join(
        f"[{n}] {hit.title}\n{hit.url}\n{hit.snippet}".rstrip() for n, hit in enumerate(hits, 1)
    )
    pages = [{"title": hit.title, "url": hit.url, "snippet": hit.snippet} for hit in hits]
    return Answer(listed or "No page was found.", {"pages": pages})


async def fetch_page(url: Url, start: Start = 0, max_chars: Length = 10_000) -> Answer:
    """Get a page or text file of the web as its server sends it: HTML, JSON, CSV, plain text.

    To read an article or a PDF use extract_readable.
    """
    found = await browsing.fetch_text(url)
    return Answer(*excerpt(found, start, max_chars))


async def check_page(url: Url) -> Answer:
    """Look whether an address exists: status, type, size, date, and where redirects lead."""
    about = await browsing.look_up(url)
    lines = [f"{name}: {value}" for name, value in about.items() if value not in ("", [], None)]
    return Answer("\n".join(lines), about)


async def read_page(url: Url, start: Start = 0, max_chars: Length = 10_000) -> Answer:
    """Read a page, PDF or office file of the web: its text without menus and advertising.

    Name the address as the source of what you take from it.
    """
    found = await browsing.read_page(url)
    return Answer(*excerpt(found, start, max_chars))


async def read_site(
    url: Url,
    max_pages: Annotated[int, Field(description="Pages at most.", ge=1, le=20)] = 5,
    depth: Annotated[int, Field(description="Links away from the first page.", ge=0, le=3)] = 1,
    max_chars: Annotated[
        int, Field(description="Characters of each page.", ge=100, le=10_000)
    ] = 1500,
) -> Answer:
    """Read a page and those of the same site that it links to; returns the beginning of each.

    To keep a site among the user's documents use ingest.url instead.
    """
    walk = await browsing.walk_site(url, max_pages=max_pages, depth=depth)
    pages = [
        {"title": page.title, "url": page.url, "text": page.text[:max_chars]} for page in walk.pages
    ]
    listed = [
        f"[{number}] {page['title']}\n{page['url']}\n{page['text']}"
        for number, page in enumerate(pages, 1)
    ]
    listed += [f"Not read: {address} ({reason})" for address, reason in walk.refused]
    return Answer("\n\n".join(listed), {"pages": pages})


def excerpt(found: browsing.PageText, start: int, most: int) -> tuple[str, dict[str, Any]]:
    """A piece of a page, for reading and as data."""
    shown = found.text[start : start + most]
    end = start + len(shown)
    rest = len(found.text) - end
    parts = [found.title, found.url, "", shown or "There is no text here."]
    if rest > 0:
        parts.append(f"[{rest} more characters; read on with start={end}]")
    data = {
        "title": found.title,
        "url": found.url,
        "text": shown,
        "total_chars": len(found.text),
        "next_start": end if rest > 0 else None,
    }
    return "\n".join(parts).strip(), data
