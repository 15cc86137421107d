"""How far a crawl goes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Sum
from django.utils import timezone

from ingestion.enums import IngestionStatus
from ingestion.exceptions import NotNeeded
from ingestion.models import IngestionRun
from ingestion.web.addresses import site_of
from youworker.core.config import config
from youworker.core.exceptions import InvalidInput

if TYPE_CHECKING:
    from ingestion.models import IngestionItem

DEEPEST = 10


@dataclass(frozen=True, slots=True)
class Bounds:
    """Links away from the first pages, pages at most, and whether to stay on their sites."""

    depth: int = 0
    max_pages: int = 1
    same_host: bool = True

    @classmethod
    def of(cls, run: IngestionRun) -> Bounds:
        """The bounds of a run."""
        return cls(**run.reach)

    def stored(self) -> dict[str, Any]:
        """What a run keeps of them."""
        return asdict(self)


def checked_bounds(bounds: Bounds) -> Bounds:
    """Bounds that may be asked for; raises `InvalidInput` for others."""
    if not 0 <= bounds.depth <= DEEPEST:
        raise InvalidInput("A crawl goes at most %(most)s links deep.", attr="depth", most=DEEPEST)
    most = config.crawl.max_pages
    if not 1 <= bounds.max_pages <= most:
        raise InvalidInput("A crawl reads at most %(most)s pages.", attr="max_pages", most=most)
    return bounds


def sites_of(run: IngestionRun) -> set[str]:
    """The sites a crawl began at, where redirects led it."""
    return {
        site_of(uri) for uri in run.items.outermost().filter(depth=0).values_list("uri", flat=True)
    }


def require_room(item: IngestionItem) -> None:
    """Raise `NotNeeded` when its run takes no more pages."""
    run = IngestionRun.all_objects.get(pk=item.run_id)
    if run.status == IngestionStatus.CANCELLED:
        raise NotNeeded("cancelled", "The crawl was cancelled.")
    limit = timedelta(seconds=config.crawl.max_seconds)
    if run.started_at is not None and timezone.now() - run.started_at > limit:
        raise NotNeeded("crawl_over", "The crawl has taken as long as a crawl may take.")
    taken = run.items.outermost().aggregate(taken=Sum("size"))["taken"] or 0
    if taken > config.crawl.max_bytes:
        raise NotNeeded("crawl_over", "The crawl has read as many bytes as a crawl may read.")
