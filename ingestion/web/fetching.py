"""One page from its server: redirects are followed here, each a turn at a server of its own."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from django.utils import timezone

from documents.models import Document
from documents.services import server_path_hash, stored_original
from ingestion.exceptions import SourceAway, SourceRefused
from ingestion.web.addresses import page_url, place_of, site_of
from ingestion.web.bounds import Bounds, sites_of
from ingestion.web.hosts import visiting
from youworker.core.config import config
from youworker.core.exceptions import DomainError, UpstreamUnavailable
from youworker.upstream.fetcher import Fetched, Limits, fetch_url

if TYPE_CHECKING:
    from ingestion.models import IngestionItem
    from ingestion.web.hosts import Visit

HOPS = 5
LONGEST_RETRY_AFTER = 3600.0
ACCEPT = "text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.8"
NOT_MODIFIED = 304
COMPLETE = {200, 203}
GONE = {404, 410}
FORBIDDEN = {401, 402, 403, 407, 451}
PASSING = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class FoundPage:
    """What a server has at `url`; `unchanged` is the document that was made of just that."""

    url: str
    answer: Fetched
    unchanged: Document | None = None


def fetch_page(item: IngestionItem) -> FoundPage:
    """The page an item names, where its redirects lead.

    Raises `SourceRefused` and `SourceAway` with the reason, and `NotYet`.
    """
    url = item.source or item.uri
    for _ in range(HOPS + 1):
        known = known_document(item, url)
        with visiting(url) as visit:
            visit.require_allowed(url)
            answer = ask(url, known)
            mind_retry_after(visit, answer)
        target = redirect_of(answer)
        if not target:
            return judged(url, answer, known)
        url = page_url(target)
        require_same_site(item, url)
    raise SourceRefused("page_error", "The page redirects too often.")


def ask(url: str, known: Document | None) -> Fetched:
    """The answer of a server, whatever its status."""
    limits = Limits(config.ingestion.max_file_bytes, float(config.crawl.fetch_seconds))
    try:
        return fetch_url(url, headers=headers_for(known), limits=limits, follow=False)
    except UpstreamUnavailable as error:
        raise SourceAway(error.code, error.message) from error


def headers_for(known: Document | None) -> dict[str, str]:
    """What is wanted; what did not change since the document was made need not be sent."""
    headers = {"accept": ACCEPT}
    if known is not None:
        page = known.web_page
        conditions = {"if-none-match": page.etag, "if-modified-since": page.last_modified}
        headers |= {name: value for name, value in conditions.items() if value}
    return headers


def known_document(item: IngestionItem, url: str) -> Document | None:
    """The document made of a page before, if its server can tell whether it changed."""
    run = item.run
    here = Document.objects.filter(
        owner=run.owner_id,
        collection=run.collection_id,
        path_hash=server_path_hash(place_of(url)),
    )
    known = here.filter(web_page__isnull=False).select_related("web_page", "stored_file").first()
    # Without the original nobody could say where its links lead.
    is_whole = known is not None and stored_original(known.stored_file) is not None
    return known if is_whole else None


def redirect_of(answer: Fetched) -> str:
    """Where an answer leads; raises `SourceRefused` when that cannot be fetched."""
    try:
        return answer.redirect
    except DomainError as error:
        raise SourceRefused("page_error", error.message) from error


def require_same_site(item: IngestionItem, url: str) -> None:
    """Raise `SourceRefused` for a redirect out of a crawl that stays on its site.

    The first page may lead to where the site really is.
    """
    if item.depth and Bounds.of(item.run).same_host and site_of(url) not in sites_of(item.run):
        raise SourceRefused("left_site", "The page redirects to another site.")


def judged(url: str, answer: Fetched, known: Document | None) -> FoundPage:
    """The page, if that is what the answer is; raises the reason otherwise."""
    status = answer.status
    if status in COMPLETE:
        return FoundPage(url, answer)
    if status == NOT_MODIFIED and known is not None:
        return FoundPage(url, answer, unchanged=known)
    if status in GONE:
        raise SourceRefused("page_gone", f"There is no such page (status {status}).")
    if status in FORBIDDEN:
        raise SourceRefused("page_forbidden", f"The site does not show the page (status {status}).")
    if status in PASSING:
        raise SourceAway("site_busy", f"The site answers with status {status}.")
    raise SourceRefused("page_error", f"The site answers with status {status}.")


def mind_retry_after(visit: Visit, answer: Fetched) -> None:
    """Leave a server alone that asks for it; raises `SourceAway` when it sent no page."""
    if answer.status in PASSING and (seconds := retry_after(answer)):
        visit.pause = max(visit.pause, seconds)
        detail = f"The site answers with status {answer.status}."
        raise SourceAway("site_busy", detail, pause=seconds)


def retry_after(answer: Fetched) -> float:
    """For how many seconds a server wants to be left alone, within reason; 0 without a word."""
    said = answer.headers.get("retry-after", "").strip()[:64]
    if said.isdecimal():
        return min(float(said), LONGEST_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(said)
        seconds = (until - timezone.now()).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)
