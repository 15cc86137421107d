"""Runs of files on their way in, and the files themselves."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from documents.models import Collection, Document, StoredFile
from ingestion.enums import IngestionStatus, RunKind, Stage
from ingestion.managers import (
    HeardPieceQuerySet,
    IngestionRunQuerySet,
    ItemQuerySet,
    ScannedPageQuerySet,
)
from ingestion.notes import note_of
from ingestion.reasons import reason_of
from ingestion.source_models import Source, SourceEntry, WebHost, WebPage
from youworker.core.leases import LeasedModel
from youworker.core.managers import AliveManager
from youworker.core.models import SoftDeleteModel, TimestampedModel

__all__ = ["IngestionItem", "IngestionRun", "Source", "SourceEntry", "WebHost", "WebPage"]


class IngestionRun(SoftDeleteModel):
    """Files somebody handed in together."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="ingestion_runs", db_index=False
    )
    kind = models.CharField(max_length=16, choices=RunKind)
    target = models.TextField()
    status = models.CharField(
        max_length=16, choices=IngestionStatus, default=IngestionStatus.QUEUED
    )
    collection = models.ForeignKey(
        Collection, models.SET_NULL, null=True, related_name="ingestion_runs"
    )
    tags = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    # What is read again and again by runs like this one.
    source = models.ForeignKey(Source, models.SET_NULL, null=True, related_name="runs")
    # How far a crawl goes: `depth`, `max_pages`, `same_host`.
    reach = models.JSONField(default=dict, blank=True, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    # When a worker last took items of it: whoever waited longest is next.
    claimed_at = models.DateTimeField(null=True, editable=False)

    item_count: int  # these only after `with_totals()`
    ready_count: int
    failed_count: int
    skipped_count: int
    duplicate_count: int
    passage_count: int
    byte_count: int

    objects: ClassVar = AliveManager.from_queryset(IngestionRunQuerySet)()
    all_objects: ClassVar = IngestionRunQuerySet.as_manager()

    class Meta:
        base_manager_name = "all_objects"
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="ingestion_run_newest"),
            models.Index(
                fields=["owner"],
                condition=Q(finished_at__isnull=True),
                name="ingestion_run_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.target}"

    @property
    def working_count(self) -> int:
        """How many items have not ended; only after `with_totals()`."""
        return self.item_count - self.ready_count - self.failed_count - self.skipped_count

    @property
    def ended_count(self) -> int:
        """How many items have ended, in whichever way; only after `with_totals()`."""
        return self.item_count - self.working_count


class IngestionItem(TimestampedModel, LeasedModel):
    """One file of a run."""

    run = models.ForeignKey(IngestionRun, models.CASCADE, related_name="items", db_index=False)
    # When it was handed in, or asked for again, by the clock that also dates deletions.
    accepted_at = models.DateTimeField(db_default=Now(), editable=False)
    position = models.IntegerField()
    # The file it came out of, the file all of them came out of, and how many files that is deep.
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, editable=False, related_name="members"
    )
    root = models.ForeignKey(
        "self", models.CASCADE, null=True, editable=False, related_name="descendants"
    )
    level = models.SmallIntegerField(default=0, editable=False)
    name = models.TextField()
    uri = models.TextField()
    path_hash = models.CharField(max_length=64, editable=False)
    # The server path, until the worker has copied the file; the URL that was asked for.
    source = models.TextField(blank=True, editable=False)
    # Of a page: the place of the URL that was asked for, which may have led elsewhere, how many
    # links it is away from the first one, and what its server said of this version.
    asked_hash = models.CharField(max_length=64, blank=True, editable=False)
    depth = models.SmallIntegerField(default=0, editable=False)
    etag = models.CharField(max_length=512, blank=True, editable=False)
    last_modified = models.CharField(max_length=64, blank=True, editable=False)
    mime = models.CharField(max_length=255, blank=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True, editable=False)
    # As long as it may still be read; afterwards its document refers to the file.
    stored_file = models.ForeignKey(
        StoredFile,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="ingestion_items",
        db_index=False,
    )

    stage = models.CharField(max_length=16, choices=Stage, default=Stage.QUEUED)
    attempts = models.IntegerField(default=0)
    # Verdicts against the item, and workers lost with it, in its present stage.
    failures = models.IntegerField(default=0, editable=False)
    losses = models.IntegerField(default=0, editable=False)
    error_code = models.CharField(max_length=64, blank=True)
    error_detail = models.TextField(blank=True)
    note = models.TextField(blank=True)
    # Its content was in the collection before: `document` is the one that was there.
    duplicate = models.BooleanField(default=False, editable=False)
    passages = models.IntegerField(default=0)
    document = models.ForeignKey(
        Document, models.SET_NULL, null=True, related_name="ingestion_items"
    )

    member_count: int  # these only after `with_member_counts()`
    member_failed_count: int
    member_working_count: int

    objects = ItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "position"], name="ingestion_item_position_once"
            ),
            models.CheckConstraint(
                condition=~Q(stage=Stage.PARSING) | Q(lease_token__isnull=False),
                name="ingestion_item_parsing_is_leased",
            ),
        ]
        indexes = [
            models.Index(
                fields=["run", "stage", "position"],
                condition=Q(stage__in=("queued", "parsing", "embedding")),
                name="ingestion_item_active",
            ),
            models.Index(
                fields=["lease_until"],
                condition=Q(lease_token__isnull=False),
                name="ingestion_item_leased",
            ),
            models.Index(
                fields=["lease_token"],
                condition=Q(lease_token__isnull=False),
                name="ingestion_item_token",
            ),
            models.Index(
                fields=["document"],
                condition=Q(stage__in=("embedding", "failed")),
                name="ingestion_item_unembedded",
            ),
            models.Index(fields=["run", "updated_at"], name="ingestion_item_changed"),
            models.Index(fields=["stored_file"], name="ingestion_item_stored_file"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shown_reason(self) -> str:
        """Why it failed, or what went wrong the last time, in the language in force."""
        return reason_of(self.error_code, self.error_detail)

    @property
    def shown_note(self) -> str:
        """What its owner should know of how it was read, in the language in force."""
        return note_of(self.note)


class HeardPiece(models.Model):
    """What was said in a piece of a recording that is being heard, so that it is heard once."""

    item = models.ForeignKey(
        IngestionItem, models.CASCADE, related_name="heard_pieces", db_index=False
    )
    # Seconds of the recording.
    start = models.FloatField()
    end = models.FloatField()
    language = models.CharField(max_length=16, blank=True)
    # Each with its seconds and its text.
    segments = models.JSONField(default=list)

    objects: ClassVar = HeardPieceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "start"], name="ingestion_heard_piece_once"),
        ]

    def __str__(self) -> str:
        return f"{self.start} to {self.end}"


class ScannedPage(models.Model):
    """The text of one picture in a file that is being read, so that no page is read twice."""

    item = models.ForeignKey(
        IngestionItem, models.CASCADE, related_name="scanned_pages", db_index=False
    )
    # Of the file that holds the picture: the item itself, or one inside it.
    digest = models.CharField(max_length=64)
    number = models.IntegerField()
    total = models.IntegerField()
    text = models.TextField(blank=True)
    # Where its words stand: of `ingestion.parsing.letters`.
    words = models.TextField(blank=True, default="", db_default="")
    seconds = models.FloatField()

    objects: ClassVar = ScannedPageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "digest", "number"], name="ingestion_scanned_page_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} of {self.total}"
