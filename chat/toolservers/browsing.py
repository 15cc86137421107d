"""Reading pages of the web for the acting user, within bounds of bytes, pages and time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ingestion.exceptions import PageRefused
from ingestion.web.addresses import joined, page_url, place_of, site_of
from ingestion.web.arriving import is_page, type_of
from ingestion.web.links import read_head
from ingestion.web.looking import look_at
from ingestion.web.reading import read_answer
from youworker.core.config import config
from youworker.core.exceptions import DomainError, InvalidInput

if TYPE_CHECKING:
    from youworker.upstream.fetcher import Fetched

FIRST_ERROR = 400
# What is text although its type does not begin with that word.
TEXTS = ("json", "xml", "javascript", "x-sh", "yaml", "csv", "x-www-form-urlencoded")
MOST_LINKS_KEPT = 500
# The answer has to be sent before the call is given up.
SPARE_SECONDS = 5.0
SHOWN_HEADERS = ("content-type", "content-length", "last-modified", "etag", "content-language")


@dataclass(frozen=True, slots=True)
class PageText:
    """What a page says."""

    url: str
    title: str
    text: str


@dataclass(slots=True)
class Walk:
    """The pages of a crawl, and why others could not be read."""

    pages: list[PageText] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


async def fetch_text(url: str) -> PageText:
    """A page as it is sent; raises what `look_at` does, and `InvalidInput` for what is no text."""
    answer = await get_page(url)
    kind = type_of(answer)
    if not kind.startswith("text/") and not any(word in kind for word in TEXTS):
        raise InvalidInput(
            "This is no text but %(kind)s: read it with extract_readable.", kind=kind or "unknown"
        )
    return PageText(answer.url, "", answer.text.replace("\0", ""))


async def look_up(url: str) -> dict[str, Any]:
    """What a server says about an address without sending the page."""
    answer = await look_at(url, method="HEAD", max_bytes=config.web.max_bytes)
    said = {name.replace("-", "_"): answer.headers.get(name, "") for name in SHOWN_HEADERS}
    return {"url": answer.url, "status": answer.status, **said}


async def read_page(url: str) -> PageText:
    """The text of a page or file; raises what `look_at` does."""
    return await read_text(await get_page(url))


async def read_text(answer: Fetched) -> PageText:
    """The text of an answer."""
    title, text = await read_answer(answer)
    return PageText(answer.url, title, text)


async def get_page(url: str) -> Fetched:
    """A page that is there; raises what `look_at` does, and `PageRefused` for an error."""
    answer = await look_at(url, max_bytes=config.web.max_bytes)
    if answer.status >= FIRST_ERROR:
        raise PageRefused("The site answers with status %(status)s.", status=answer.status)
    return answer


async def walk_site(url: str, *, max_pages: int, depth: int) -> Walk:
    """A page and those of its site that links lead to, breadth first, as far as time allows.

    Raises what `look_at` does for the first page; later ones are told of in `refused`.
    """
    until = (
        time.monotonic() + min(config.web.crawl_seconds, config.mcp.call_timeout) - SPARE_SECONDS
    )
    walk = Walk()
    waiting: deque[tuple[str, int]] = deque([(page_url(url), 0)])
    seen = {place_of(url)}
    site = ""
    while waiting and len(walk.pages) + len(walk.refused) < max_pages:
        here, far = waiting.popleft()
        try:
            async with asyncio.timeout(until - time.monotonic()):
                answer = await get_page(here)
                if site and site_of(answer.url) != site:
                    raise PageRefused("The page redirects to another site.")
                page = await read_text(answer)
        except (DomainError, TimeoutError) as error:
            if not walk.pages and isinstance(error, TimeoutError):
                raise PageRefused("The page did not come in time.") from error
            if not walk.pages:
                raise
            walk.refused.append((here, reason_of(error)))
            if isinstance(error, TimeoutError):
                break
            continue
        walk.pages.append(page)
        site = site or site_of(answer.url)
        if far < depth:
            for link in links_of(answer, site):
                if place_of(link) not in seen and len(seen) < MOST_LINKS_KEPT:
                    seen.add(place_of(link))
                    waiting.append((link, far + 1))
    return walk


def reason_of(error: BaseException) -> str:
    """Why a page was not read."""
    return error.message if isinstance(error, DomainError) else "there was no time left"


def links_of(answer: Fetched, site: str) -> list[str]:
    """The pages of a site that a page leads to."""
    if not is_page(type_of(answer)):
        return []
    head = read_head(answer.body)
    base = next(iter(joined(answer.url, [head.base] if head.base else [])), answer.url)
    return [link for link in joined(base, head.links) if site_of(link) == site]
