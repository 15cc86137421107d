"""Pages for somebody who asks now: fetched in turn and by the robots.txt, and not stored.

Nothing here holds a connection to the database while a server is waited for.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from django.db.models.functions import Now

from ingestion.exceptions import PageRefused, SourceRefused
from ingestion.models import WebHost
from ingestion.web.addresses import host_of, page_url
from ingestion.web.fetching import HOPS, mind_retry_after, redirect_of
from ingestion.web.hosts import (
    SPARE_SECONDS,
    Visit,
    crawl_delay,
    fetch_robots,
    fresh_rules,
    rules_of,
)
from youworker.core.config import config
from youworker.core.db import run_in_thread
from youworker.upstream.fetcher import Limits, fetch_url_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

    from protego import Protego

    from youworker.upstream.fetcher import Fetched

# So long somebody who asks waits for their turn at a server.
PATIENCE = 10.0
LOOK = 0.1
ACCEPT = "text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.8"


async def look_at(url: str, *, method: str = "GET", max_bytes: int) -> Fetched:
    """What a server has at a URL, where its redirects lead, whatever the status.

    Raises `InvalidInput`, `EgressRefused`, `TooLarge`, `UpstreamUnavailable`, and `PageRefused`
    for what robots.txt forbids and for a server that others keep busy.
    """
    url = page_url(url)
    passed: list[str] = []
    limits = Limits(max_bytes, float(config.crawl.fetch_seconds))
    try:
        for _ in range(HOPS + 1):
            async with turn_at(url) as visit:
                visit.require_allowed(url)
                answer = await fetch_url_async(
                    url, method=method, headers={"accept": ACCEPT}, limits=limits, follow=False
                )
                mind_retry_after(visit, answer)
            target = redirect_of(answer)
            if not target:
                return answer
            passed.append(url)
            url = page_url(target)
    except SourceRefused as error:
        raise PageRefused("%(reason)s", reason=error.detail) from error
    raise PageRefused("The page redirects too often.")


@asynccontextmanager
async def turn_at(url: str) -> AsyncIterator[Visit]:
    """A turn at the server of a URL, for an `async with` block; raises `PageRefused`."""
    host = host_of(url)
    token = await wait_for_turn(host)
    pause = 0.0
    try:
        robots = await read_robots(url, host)
        visit = Visit(robots, crawl_delay(robots))
        pause = visit.pause
        try:
            yield visit
        finally:
            pause = visit.pause
    finally:
        await asyncio.shield(run_in_thread(WebHost.objects.give_back, token, pause=pause))


async def wait_for_turn(host: str) -> UUID:
    """The right to ask a server; raises `PageRefused` when it does not come soon."""
    give_up = time.monotonic() + PATIENCE
    seconds = config.crawl.fetch_seconds + SPARE_SECONDS
    while True:
        token = await run_in_thread(WebHost.objects.claim, host, seconds=seconds)
        if token is not None:
            return token
        pause = await run_in_thread(WebHost.objects.pause_of, host)
        if time.monotonic() + pause > give_up:
            raise PageRefused("The site is being read by others now; try again in some seconds.")
        await asyncio.sleep(max(LOOK, pause))


async def read_robots(url: str, host: str) -> Protego:
    """What the robots.txt of a server says, asked for once a day."""
    known = await run_in_thread(fresh_rules, host)
    if known is not None:
        return known
    text = await asyncio.to_thread(fetch_robots, url)
    await run_in_thread(store_robots, host, text)
    return rules_of(text)


def store_robots(host: str, text: str) -> None:
    """Keep what a server's robots.txt says."""
    WebHost.objects.filter(host=host).update(robots=text, robots_read_at=Now())
