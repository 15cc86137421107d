"""Runs and items as clients read them, and what clients send."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from ingestion.enums import SourceKind
from ingestion.models import IngestionItem, IngestionRun, Source
from ingestion.source_models import LONGEST_PAUSE_HOURS
from ingestion.web.bounds import DEEPEST
from youworker.core.api.base import NameField
from youworker.core.api.schema import example


class TotalsSerializer(serializers.Serializer):
    """The counts of a run."""

    items = serializers.IntegerField(source="item_count")
    ready = serializers.IntegerField(source="ready_count")
    failed = serializers.IntegerField(source="failed_count")
    skipped = serializers.IntegerField(source="skipped_count")
    duplicates = serializers.IntegerField(source="duplicate_count")
    passages = serializers.IntegerField(source="passage_count")
    bytes = serializers.IntegerField(source="byte_count")


@extend_schema_serializer(component_name="IngestionRun")
class RunSerializer(serializers.ModelSerializer):
    """A run with its totals."""

    totals = TotalsSerializer(source="*", read_only=True)

    class Meta:
        model = IngestionRun
        fields = (
            "id",
            "kind",
            "target",
            "status",
            "collection_id",
            "tags",
            "totals",
            "created_at",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields


class ItemErrorSerializer(serializers.Serializer):
    """Why an item was given up, or what went wrong the last time."""

    code = serializers.CharField()
    detail = serializers.CharField()


@extend_schema_serializer(component_name="IngestionItem")
class ItemSerializer(serializers.ModelSerializer):
    """One file of a run."""

    error = serializers.SerializerMethodField()
    note = serializers.CharField(source="shown_note", read_only=True)
    bytes = serializers.IntegerField(source="size", read_only=True)

    class Meta:
        model = IngestionItem
        fields = (
            "id",
            "parent_id",
            "name",
            "uri",
            "document_id",
            "stage",
            "attempts",
            "error",
            "note",
            "duplicate",
            "bytes",
            "passages",
        )
        read_only_fields = fields

    @extend_schema_field(ItemErrorSerializer(allow_null=True))
    def get_error(self, item: IngestionItem) -> dict[str, Any] | None:
        """The code and the sentence, when there are any."""
        if not item.error_code:
            return None
        return {"code": item.error_code, "detail": item.shown_reason}


def tags_field() -> serializers.ListField:
    """Tags that may be given."""
    return serializers.ListField(child=NameField(max_length=64), required=False, max_length=50)


class TargetSerializer(serializers.Serializer):
    """Where new documents go."""

    collection_id = serializers.UUIDField(required=False, allow_null=True)
    tags = tags_field()


class UploadSerializer(TargetSerializer):
    """Files as a form with several parts."""

    files = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True), allow_empty=False
    )
    paths = serializers.ListField(
        child=serializers.CharField(max_length=4096, allow_blank=True),
        required=False,
        help_text="The way to each file in a folder, in the order of `files`; it tells files of"
        " one name apart.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Let each received file know the way to it."""
        files, paths = attrs["files"], attrs.pop("paths", None)
        if paths is not None:
            if len(paths) != len(files):
                raise serializers.ValidationError({"paths": "There has to be one for each file."})
            for upload, path in zip(files, paths, strict=True):
                upload.incoming.place = path
        return attrs


@example(path="/srv/documents/manuals", recursive=True)
class PathsSerializer(TargetSerializer):
    """A file or folder of the server."""

    path = serializers.CharField(max_length=4096)
    recursive = serializers.BooleanField(default=False)


@example(url="https://docs.example.org/", depth=1, max_pages=50)
class UrlsSerializer(TargetSerializer):
    """A web page, and how far to follow its links."""

    url = serializers.CharField(max_length=8192)
    depth = serializers.IntegerField(
        default=0, min_value=0, max_value=DEEPEST, help_text="how many links away pages may be"
    )
    max_pages = serializers.IntegerField(default=1, min_value=1, max_value=100_000)
    same_host = serializers.BooleanField(default=True, help_text="stay on the site of the page")


class SourceCountsSerializer(serializers.Serializer):
    """How many files of a source were what, when it was read last."""

    new = serializers.IntegerField(default=0)
    changed = serializers.IntegerField(default=0)
    moved = serializers.IntegerField(default=0)
    deleted = serializers.IntegerField(default=0)
    unchanged = serializers.IntegerField(default=0)
    failed = serializers.IntegerField(default=0)
    unreadable = serializers.IntegerField(default=0, help_text="folders nobody could look into")


class SourceSerializer(serializers.ModelSerializer):
    """A folder or website that a collection follows."""

    error = serializers.SerializerMethodField()
    counts = serializers.SerializerMethodField()

    class Meta:
        model = Source
        fields = (
            "id",
            "kind",
            "name",
            "target",
            "collection_id",
            "tags",
            "recursive",
            "depth",
            "max_pages",
            "every_hours",
            "daily_at",
            "state",
            "error",
            "counts",
            "last_sync_at",
            "next_sync_at",
            "created_at",
        )
        read_only_fields = fields

    @extend_schema_field(ItemErrorSerializer(allow_null=True))
    def get_error(self, source: Source) -> dict[str, Any] | None:
        """Why it failed or is paused, if it is."""
        if not source.error_code:
            return None
        return {"code": source.error_code, "detail": source.shown_reason}

    @extend_schema_field(SourceCountsSerializer)
    def get_counts(self, source: Source) -> dict[str, int]:
        """Every count, also those of what there was none."""
        names = SourceCountsSerializer().get_fields()
        return {name: source.counts.get(name, 0) for name in names}


class ScheduleSerializer(serializers.Serializer):
    """What may be said of a source at any time: either of the schedules, or neither."""

    name = NameField(max_length=200, required=False, allow_blank=True)
    tags = tags_field()
    recursive = serializers.BooleanField(required=False, help_text="folders in folders, too")
    depth = serializers.IntegerField(required=False, min_value=0, max_value=DEEPEST)
    max_pages = serializers.IntegerField(required=False, min_value=1, max_value=100_000)
    every_hours = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=LONGEST_PAUSE_HOURS
    )
    daily_at = serializers.TimeField(
        required=False, allow_null=True, help_text="by the clock of the owner's time zone"
    )


@example(kind="website", target="https://docs.example.org/", depth=2, every_hours=24)
class CreateSourceSerializer(ScheduleSerializer):
    """A new source."""

    kind = serializers.ChoiceField(choices=SourceKind.choices)
    target = serializers.CharField(max_length=8192, help_text="path of a folder, or a URL")
    collection_id = serializers.UUIDField(required=False, allow_null=True)


@example(every_hours=6)
class UpdateSourceSerializer(ScheduleSerializer):
    """Changes of a source."""

    paused = serializers.BooleanField(required=False)


class SyncSerializer(serializers.Serializer):
    """How a source is read now."""

    accept_deletions = serializers.BooleanField(
        default=False, help_text="documents go even if most files are gone"
    )


class DeleteSourceSerializer(serializers.Serializer):
    """What becomes of the documents of a source that is deleted."""

    documents = serializers.ChoiceField(choices=["keep", "remove"], default="keep")
