"""Sources that are read again on a schedule, and what web servers said of what was read."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from documents.models import Collection, Document
from ingestion.enums import SourceKind, SourceState
from ingestion.reasons import reason_of
from ingestion.source_managers import (
    SourceEntryQuerySet,
    SourceQuerySet,
    WebHostQuerySet,
    WebPageQuerySet,
)
from youworker.core.leases import LeasedModel
from youworker.core.models import TimestampedModel

LONGEST_PAUSE_HOURS = 24 * 31


class Source(TimestampedModel, LeasedModel):
    """A folder of the server or a website whose files a collection follows."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sources")
    kind = models.CharField(max_length=16, choices=SourceKind)
    name = models.CharField(max_length=200)
    # The path of a folder, or the address of a website's first page.
    target = models.TextField()
    collection = models.ForeignKey(Collection, models.SET_NULL, null=True, related_name="sources")
    tags = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    # Folders inside of a folder, too.
    recursive = models.BooleanField(default=True)
    # Of websites: how many links away from the first page, and how many pages.
    depth = models.SmallIntegerField(default=2)
    max_pages = models.IntegerField(default=200)
    # Either of these, or neither: then it is read when somebody asks for it.
    every_hours = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_PAUSE_HOURS)],
    )
    # By the clock of the owner's time zone.
    daily_at = models.TimeField(null=True, blank=True)

    state = models.CharField(max_length=16, choices=SourceState, default=SourceState.IDLE)
    error_code = models.CharField(max_length=64, blank=True, editable=False)
    error_detail = models.TextField(blank=True, editable=False)
    last_sync_at = models.DateTimeField(null=True, editable=False)
    next_sync_at = models.DateTimeField(null=True, editable=False, db_index=True)
    # Of the last sync: how many files were new, changed, moved, deleted, failed and unchanged.
    counts = models.JSONField(default=dict, blank=True, editable=False)
    # Somebody saw that most files are gone, and wants their documents deleted at the next sync.
    accepts_deletions = models.BooleanField(default=False, editable=False)

    objects = SourceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(every_hours__isnull=True) | Q(daily_at__isnull=True),
                name="source_one_schedule",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shown_reason(self) -> str:
        """Why it failed or is paused, in the language in force."""
        return reason_of(self.error_code, self.error_detail)


class SourceEntry(models.Model):
    """A file or page that was in a source when it was read last, and its document."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(Source, models.CASCADE, related_name="entries", db_index=False)
    path_hash = models.CharField(max_length=64, editable=False)
    uri = models.TextField()
    # How many links away from the first page of a website it was found.
    depth = models.SmallIntegerField(default=0)
    # Of a file: its size in bytes and the time of its last change in nanoseconds.
    size = models.BigIntegerField(default=0)
    modified_ns = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True, editable=False)
    document = models.ForeignKey(
        Document, models.SET_NULL, null=True, related_name="source_entries"
    )

    objects = SourceEntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "path_hash"], name="source_entry_once"),
        ]

    def __str__(self) -> str:
        return self.uri


class WebPage(models.Model):
    """What a web server said of the version that a document was made of."""

    document = models.OneToOneField(
        Document, models.CASCADE, primary_key=True, related_name="web_page"
    )
    etag = models.CharField(max_length=512, blank=True)
    last_modified = models.CharField(max_length=64, blank=True)

    objects = WebPageQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.document_id)


class WebHost(LeasedModel):
    """A web server that pages are fetched from, by one process at a time, and its robots.txt."""

    # `name:port`, as it stands in URLs.
    host = models.CharField(max_length=300, primary_key=True)
    robots = models.TextField(blank=True)
    robots_read_at = models.DateTimeField(null=True)

    objects = WebHostQuerySet.as_manager()

    def __str__(self) -> str:
        return self.host
