"""Runs and items as clients read them, and what clients send."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from ingestion.models import IngestionItem, IngestionRun
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


class TargetSerializer(serializers.Serializer):
    """Where new documents go."""

    collection_id = serializers.UUIDField(required=False, allow_null=True)
    tags = serializers.ListField(child=NameField(max_length=64), required=False, max_length=50)


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
