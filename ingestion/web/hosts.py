"""Web servers: asked by one process at a time, and only for what their robots.txt allows."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from django.db.models.functions import Now
from protego import Protego

from ingestion.exceptions import NotYet, SourceAway, SourceRefused
from ingestion.models import WebHost
from ingestion.web.addresses import host_of
from youworker.core.config import config
from youworker.core.exceptions import DomainError, TooLarge, UpstreamUnavailable
from youworker.upstream.fetcher import Limits, fetch_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

AGENT = "YouWorker"
# How long what a robots.txt said is believed (RFC 9309, section 2.4).
ROBOTS_DAYS = 1
# RFC 9309, section 2.5, wants half of it to be read at least.
ROBOTS = Limits(max_bytes=1_000_000, seconds=15.0)
# A worker waits so many seconds for its turn; for longer it does something else.
PATIENCE = 1.0
LOOK = 0.05
# More than a page, its redirects on one server and its robots.txt take.
SPARE_SECONDS = 20.0
SERVER_ERROR = 500
NOT_FOUND = 400
TOO_MANY = 429


@dataclass(slots=True)
class Visit:
    """Somebody's turn at a server; it is left alone for `pause` seconds afterwards."""

    robots: Protego
    pause: float

    def require_allowed(self, url: str) -> None:
        """Raise `SourceRefused` for a page that the server does not want to be read."""
        if not self.allows(url):
            raise SourceRefused("robots_denied", "The site's robots.txt forbids reading this page.")

    def allows(self, url: str) -> bool:
        """Whether programs like this one may read a page."""
        return bool(self.robots.can_fetch(url, AGENT))


@contextmanager
def visiting(url: str) -> Iterator[Visit]:
    """A turn at the server of a URL, for a `with` block.

    Raises `NotYet` while others have it, and `SourceAway` while its robots.txt cannot be had.
    """
    host = host_of(url)
    token = await_turn(host)
    pause = 0.0
    try:
        robots = read_rules(url, host)
        visit = Visit(robots, crawl_delay(robots))
        pause = visit.pause
        try:
            yield visit
        finally:
            pause = visit.pause
    finally:
        WebHost.objects.give_back(token, pause=pause)


def permitted(urls: Sequence[str]) -> list[str]:
    """The pages worth queueing, by what robots.txt were read already; nobody is asked."""
    hosts = {url: host_of(url) for url in urls}
    rows = WebHost.objects.filter(host__in=set(hosts.values()), robots_read_at__isnull=False)
    rules = {row.host: rules_of(row.robots) for row in rows}
    return [
        url for url, host in hosts.items() if host not in rules or rules[host].can_fetch(url, AGENT)
    ]


def await_turn(host: str) -> UUID:
    """The right to ask a server; raises `NotYet` when it does not come soon."""
    give_up = time.monotonic() + PATIENCE
    while True:
        token = WebHost.objects.claim(host, seconds=config.crawl.fetch_seconds + SPARE_SECONDS)
        if token is not None:
            return token
        pause = WebHost.objects.pause_of(host)
        # Whoever asks the server may be through in a moment; a pause ends when it says.
        if pause > PATIENCE or time.monotonic() > give_up:
            raise NotYet(max(pause, PATIENCE))
        time.sleep(max(LOOK, min(pause, PATIENCE)))


def crawl_delay(robots: Protego) -> float:
    """The pause between two pages that a server asks for, within the configured bound."""
    delay = robots.crawl_delay(AGENT) or 0.0
    # A server's word, which may be anything.
    return min(max(delay, 0.0), float(config.crawl.max_delay)) if delay == delay else 0.0  # noqa: PLR0124 -- no number


def read_rules(url: str, host: str) -> Protego:
    """What the robots.txt of a server says, asked for once a day."""
    known = fresh_rules(host)
    if known is not None:
        return known
    text = fetch_robots(url)
    WebHost.objects.filter(host=host).update(robots=text, robots_read_at=Now())
    return rules_of(text)


def fresh_rules(host: str) -> Protego | None:
    """What a server's robots.txt said less than a day ago; None when nobody asked."""
    fresh = Now() - timedelta(days=ROBOTS_DAYS)
    row = WebHost.objects.filter(host=host, robots_read_at__gte=fresh).first()
    return None if row is None else rules_of(row.robots)


def fetch_robots(url: str) -> str:
    """The robots.txt of a URL's server; empty when it has none.

    Raises `SourceAway` when the server is in trouble: then nothing may be read (RFC 9309,
    section 2.3.1.4).
    """
    scheme, _, rest = url.partition("://")
    place = f"{scheme}://{rest.partition('/')[0].partition('?')[0]}/robots.txt"
    try:
        answer = fetch_url(place, limits=ROBOTS)
    except TooLarge:
        return ""
    except UpstreamUnavailable as error:
        raise SourceAway("upstream_unavailable", error.message) from error
    except DomainError as error:
        raise SourceRefused(error.code, error.message) from error
    if answer.status >= SERVER_ERROR or answer.status == TOO_MANY:
        raise SourceAway(
            "robots_unavailable", f"The site's robots.txt answers with status {answer.status}."
        )
    return "" if answer.status >= NOT_FOUND else answer.text.replace("\0", "")


@lru_cache(maxsize=32)
def rules_of(text: str) -> Protego:
    """A robots.txt that was read."""
    return Protego.parse(text)
