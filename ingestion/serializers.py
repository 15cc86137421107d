"""Runs and items as clients read them, and what clients send."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from ingestion.models import IngestionItem, IngestionRun
from ingestion.web.bounds import DEEPEST
from youworker.core.api.fields import NameField
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
    bytes = serializers.IntegerField(source="size", read_only=True)

    class Meta:
        model = IngestionItem
        fields = (
            "id",
            "name",
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


class TargetSerializer(serializers.Serializer):
    """Where new documents go."""

    collection_id = serializers.UUIDField(required=False, allow_null=True)
    tags = serializers.ListField(child=NameField(max_length=64), required=False, max_length=50)


class UploadSerializer(TargetSerializer):
    """Files as a form with several parts."""

    files = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True), allow_empty=False
    )


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
