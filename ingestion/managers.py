"""Repositories of runs and items: what may be claimed is decided here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Count, Exists, F, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from ingestion.enums import ACTIVE_STAGES, Stage
from youworker.core.leases import LeasedQuerySet
from youworker.core.managers import SoftDeleteQuerySet

if TYPE_CHECKING:
    from accounts.models import User
    from ingestion.models import HeardPiece, IngestionItem, IngestionRun, ScannedPage


class IngestionRunQuerySet(SoftDeleteQuerySet["IngestionRun"]):
    """Runs."""

    def visible_to(self, user: User) -> Self:
        """Limit to the user's own runs that are not deleted."""
        return self.alive().filter(owner=user)

    def unfinished(self) -> Self:
        """Limit to runs with items that have not ended."""
        return self.filter(finished_at__isnull=True)

    def with_totals(self) -> Self:
        """Annotate the counts of items, passages and bytes."""
        rows: Any = self.items().filter(run=OuterRef("pk")).order_by().values("run")
        return self.annotate(
            item_count=total(rows, Count("pk")),
            ready_count=total(rows, Count("pk", filter=Q(stage=Stage.READY))),
            failed_count=total(rows, Count("pk", filter=Q(stage=Stage.FAILED))),
            duplicate_count=total(rows, Count("pk", filter=Q(duplicate=True))),
            skipped_count=total(rows, Count("pk", filter=Q(stage=Stage.SKIPPED))),
            passage_count=total(rows, Sum("passages")),
            byte_count=total(rows, Sum("size")),
        )

    def with_work(self) -> Self:
        """Limit to unfinished runs that have an item waiting to be parsed."""
        waiting = self.items().waiting().filter(run=OuterRef("pk"))
        return self.unfinished().filter(Exists(waiting))

    def fairest_first(self) -> Self:
        """Order so that owners, and then their runs, take turns."""
        own = self.model.all_objects.filter(owner=OuterRef("owner"), finished_at__isnull=True)
        latest = own.order_by().values("owner").annotate(latest=Max("claimed_at")).values("latest")
        return self.annotate(served_at=Subquery(latest)).order_by(
            F("served_at").asc(nulls_first=True),
            F("claimed_at").asc(nulls_first=True),
            "created_at",
        )

    def exhausted(self) -> Self:
        """Limit to unfinished runs whose items have all ended."""
        active = self.items().active().filter(run=OuterRef("pk"))
        return self.unfinished().exclude(Exists(active))

    def items(self) -> ItemQuerySet:
        """Every item."""
        return self.related_rows("items", ItemQuerySet)


class ItemQuerySet(LeasedQuerySet["IngestionItem"]):
    """Items of runs."""

    def visible_to(self, user: User) -> Self:
        """Limit to items of the user's own runs."""
        return self.filter(run__owner=user, run__deleted_at__isnull=True)

    def in_order(self) -> Self:
        """Sort as they were handed in."""
        return self.order_by("run_id", "position")

    def outermost(self) -> Self:
        """Limit to what was handed in, without what came out of it."""
        return self.filter(parent__isnull=True)

    def with_member_counts(self) -> Self:
        """Annotate how many files came out of each, failed, and have not ended."""
        rows: Any = self.related_rows("members", ItemQuerySet)
        rows = rows.filter(parent=OuterRef("pk")).order_by().values("parent")
        active = Q(stage__in=ACTIVE_STAGES)
        return self.annotate(
            member_count=total(rows, Count("pk")),
            member_failed_count=total(rows, Count("pk", filter=Q(stage=Stage.FAILED))),
            member_working_count=total(rows, Count("pk", filter=active)),
        )

    def readable_again(self) -> Self:
        """Limit to items whose file is there, or can be fetched."""
        return self.exclude(parent__isnull=False, stored_file__isnull=True, document__isnull=True)

    def active(self) -> Self:
        """Limit to items that have not ended."""
        return self.filter(stage__in=ACTIVE_STAGES)

    def unread(self) -> Self:
        """Limit to items whose file is not read yet."""
        return self.filter(stage__in=(Stage.QUEUED, Stage.PARSING))

    def failed(self) -> Self:
        """Limit to items that were given up."""
        return self.filter(stage=Stage.FAILED)

    def waiting(self) -> Self:
        """Limit to items to be parsed that nobody works on and whose pause, if any, is over."""
        return self.due().filter(stage=Stage.QUEUED)

    def unembedded(self) -> Self:
        """Limit to parsed files whose vectors are to come, or could not be computed."""
        return self.filter(Q(stage=Stage.EMBEDDING) | Q(stage=Stage.FAILED, document__isnull=False))

    def unspoiled(self) -> Self:
        """Limit to items with which nothing went wrong yet."""
        return self.filter(failures=0, losses=0)

    def abandoned(self) -> Self:
        """Limit to leased items whose worker was silent at two looks."""
        return self.leased().lost()

    def change(self, **fields: Any) -> int:
        """Update with the time of the change; the count of rows hit."""
        return self.update(**fields, updated_at=timezone.now())


class ScannedPageQuerySet(models.QuerySet["ScannedPage"]):
    """Pages that were read of files on their way in."""

    def leftover(self) -> Self:
        """Limit to pages of items that have ended."""
        return self.exclude(item__stage__in=(Stage.QUEUED, Stage.PARSING))


class HeardPieceQuerySet(models.QuerySet["HeardPiece"]):
    """Pieces that were heard of recordings on their way in."""

    def leftover(self) -> Self:
        """Limit to pieces of items that have ended."""
        return self.exclude(item__stage__in=(Stage.QUEUED, Stage.PARSING))


def total(rows: ItemQuerySet, aggregate: Any) -> Any:
    """One aggregate over the items of a run, zero when there are none."""
    return Coalesce(Subquery(rows.annotate(total=aggregate).values("total")), 0)
