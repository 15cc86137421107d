"""From page to page: the links of a page become items of its run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max, Q

from documents.services import server_path_hash
from ingestion.events import wake_workers
from ingestion.models import IngestionItem, IngestionRun
from ingestion.pipeline.outcomes import lock_positions, require_held
from ingestion.quotas import enforce_file_quota
from ingestion.web.addresses import joined, name_of, place_of, site_of
from ingestion.web.bounds import Bounds, sites_of
from ingestion.web.hosts import permitted
from ingestion.web.links import READ_BYTES, read_head
from youworker.core.effects import after_commit
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

logger = logging.getLogger(__name__)


def page_item(url: str, *, depth: int) -> IngestionItem:
    """A page that is to be fetched, not saved yet."""
    place = server_path_hash(place_of(url))
    return IngestionItem(
        name=name_of(url), uri=url, source=url, path_hash=place, asked_hash=place, depth=depth
    )


def follow_links(item: IngestionItem, path: Path, *, is_html: bool) -> None:
    """Queue the pages a page links to, within the bounds of its run; once, however often called.

    Raises `ItemTaken`.
    """
    bounds = Bounds.of(item.run)
    if not is_html or item.depth >= bounds.depth:
        return
    links = links_of(path, item.uri)
    if bounds.same_host:
        sites = sites_of(item.run) | ({site_of(item.uri)} if not item.depth else set())
        links = [link for link in links if site_of(link) in sites]
    try:
        add_pages(item, permitted(links), bounds)
    except DomainError as error:
        logger.info("The links of item %s are not followed: %s", item.pk, error.code)


def links_of(path: Path, url: str) -> list[str]:
    """The pages a stored page leads to."""
    with path.open("rb") as stream:
        head = read_head(stream.read(READ_BYTES))
    base = next(iter(joined(url, [head.base] if head.base else [])), url)
    return joined(base, head.links)


@transaction.atomic
def add_pages(item: IngestionItem, urls: Sequence[str], bounds: Bounds) -> None:
    """Add pages behind the others of a run, as many as it may still have.

    Raises `ItemTaken`, and `StorageQuotaExceeded` when the owner may not have as many documents.
    """
    run = IngestionRun.all_objects.select_for_update(no_key=True).get(pk=item.run_id)
    # What comes out of an archive of the same run takes positions as well.
    lock_positions(run.pk)
    require_held(item)
    room = bounds.max_pages - run.items.outermost().count()
    if room <= 0:
        return
    offered: dict[str, IngestionItem] = {}
    for url in urls:
        page = page_item(url, depth=item.depth + 1)
        offered.setdefault(page.path_hash, page)
    rows = run.items.filter(Q(path_hash__in=offered) | Q(asked_hash__in=offered))
    known = {place for pair in rows.values_list("path_hash", "asked_hash") for place in pair}
    pages = [page for place, page in offered.items() if place not in known][:room]
    if not pages:
        return
    enforce_file_quota(pages, collection=run.collection, actor=item.run.owner)
    last = run.items.aggregate(last=Max("position"))["last"]
    for position, page in enumerate(pages, start=last + 1):
        page.run, page.position = run, position
    IngestionItem.objects.bulk_create(pages)
    after_commit(wake_workers)
