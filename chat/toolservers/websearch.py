"""Searching the web by whatever the operator has configured; nothing is searched without."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson

from youworker.core.config import config
from youworker.core.exceptions import InvalidInput, UpstreamUnavailable
from youworker.core.storable import storable_text
from youworker.upstream.egress import find_named_addresses
from youworker.upstream.fetcher import Limits, checked_url, fetch_url_async

if TYPE_CHECKING:
    from collections.abc import Iterable

SEARXNG = Limits(max_bytes=4 * 1024 * 1024, seconds=20.0, hops=2)
DDGS_SECONDS = 15
COMPLETE, FORBIDDEN = 200, 403
LONGEST_TITLE, LONGEST_SNIPPET, LONGEST_URL = 300, 600, 2000
SWITCHED_OFF = (
    "Searching the web is not configured: the operator has to set SEARXNG_URL, or WEB_SEARCH=ddgs."
)


@dataclass(frozen=True, slots=True)
class WebHit:
    """One page that was found."""

    title: str
    url: str
    snippet: str


def is_configured() -> bool:
    """Whether the web can be searched."""
    return bool(config.web.searxng_url) or config.web.search == "ddgs"


async def search_web(query: str, *, limit: int, language: str) -> list[WebHit]:
    """Pages of the web, best first.

    Raises `InvalidInput` when no search is configured, and `UpstreamUnavailable`.
    """
    if config.web.searxng_url:
        rows = await ask_searxng(query, language)
    elif config.web.search == "ddgs":
        rows = await asyncio.to_thread(ask_ddgs, query, limit, language)
    else:
        raise InvalidInput(SWITCHED_OFF)
    return list(hits_in(rows))[:limit]


async def ask_searxng(query: str, language: str) -> Any:
    """What a SearXNG server has found, as it says it."""
    asked = urlencode({"q": query, "format": "json", "language": language, "safesearch": "1"})
    address = f"{config.web.searxng_url.rstrip('/')}/search?{asked}"
    # The operator names this server: it may be a neighbour in a private network.
    answer = await fetch_url_async(
        address, headers={"accept": "application/json"}, limits=SEARXNG, find=find_named_addresses
    )
    if answer.status == FORBIDDEN:
        raise UpstreamUnavailable(
            "The SearXNG server refuses JSON: its settings.yml must list json under search.formats."
        )
    if answer.status != COMPLETE:
        raise UpstreamUnavailable(
            "The SearXNG server answers with status %(status)s.", status=answer.status
        )
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        raise UpstreamUnavailable("The SearXNG server did not answer with JSON.") from error
    return found.get("results") if isinstance(found, dict) else None


def ask_ddgs(query: str, limit: int, language: str) -> Any:
    """What search engines show to programs, by the library `ddgs`."""
    if find_spec("ddgs") is None:
        raise UpstreamUnavailable("WEB_SEARCH=ddgs needs the package: pip install ddgs.")
    # Optional, and so not known where types are checked.
    from ddgs import DDGS  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415

    region = {"it": "it-it", "de": "de-de", "fr": "fr-fr", "es": "es-es"}.get(language, "us-en")
    try:
        rows = DDGS(timeout=DDGS_SECONDS).text(query, region=region, max_results=limit)
    # The library raises whatever its engines do, under several roofs.
    except Exception as error:
        raise UpstreamUnavailable("The search engines did not answer.") from error
    return [{"title": r.get("title"), "url": r.get("href"), "content": r.get("body")} for r in rows]


def hits_in(rows: Any) -> Iterable[WebHit]:
    """The usable ones of the rows a stranger sent."""
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict) or not isinstance(row.get("url"), str):
            continue
        try:
            url = str(checked_url(row["url"][:LONGEST_URL]))
        except InvalidInput:
            continue
        title, snippet = (one_line(row.get(name)) for name in ("title", "content"))
        yield WebHit(title[:LONGEST_TITLE] or url, url, snippet[:LONGEST_SNIPPET])


def one_line(value: Any) -> str:
    """Text in one line; empty for what is none."""
    return " ".join(storable_text(value).split()) if isinstance(value, str) else ""
