"""Collections, documents, passages and hits as clients read and write them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from documents.enums import Access, SearchMode
from documents.layout import cells_of
from documents.models import Collection, CollectionShare, Document, DocumentShare, Passage, Tag
from documents.search import MOST_RESULTS
from youworker.core.api.base import NameField
from youworker.core.api.schema import example

LONGEST_QUERY = 20_000
MOST_SHARES = 200
MOST_TAGS = 100
MOST_FILTERS = 1000
CELLS = "Of a spreadsheet: the cells that it shows, as Sales!A2:F40."


@extend_schema_serializer(component_name="PersonWithAccess")
class PersonSerializer(serializers.Serializer[Any]):
    """What other people see of a user."""

    id = serializers.UUIDField()
    username = serializers.CharField()
    display_name = serializers.CharField()


class CollectionShareSerializer(serializers.ModelSerializer[CollectionShare]):
    """A group and what it may do with a collection."""

    group_id = serializers.UUIDField()

    class Meta:
        model = CollectionShare
        fields = ("group_id", "access")


class DocumentShareSerializer(serializers.ModelSerializer[DocumentShare]):
    """A group that may read a document."""

    group_id = serializers.UUIDField()
    access = serializers.ChoiceField(Access.choices, default=Access.READ.value)

    class Meta:
        model = DocumentShare
        fields = ("group_id", "access")

    def validate_access(self, value: str) -> str:
        """Writing is shared by the collection."""
        if value != Access.READ:
            raise serializers.ValidationError("A single document is shared for reading only.")
        return value


class CollectionSerializer(serializers.ModelSerializer[Collection]):
    """A collection, whom it is shared with, and how much is in it."""

    owner = PersonSerializer(read_only=True)
    shares = CollectionShareSerializer(many=True, read_only=True)
    document_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Collection
        fields = (
            "id",
            "name",
            "description",
            "is_default",
            "owner",
            "shares",
            "document_count",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class ShareWishSerializer(serializers.Serializer[Any]):
    """A group and what it shall be allowed."""

    group_id = serializers.UUIDField()
    access = serializers.ChoiceField(Access.choices, default=Access.READ.value)


@example(name="Manuals", description="What we run.")
class CreateCollectionSerializer(serializers.Serializer[Any]):
    """A new collection."""

    name = NameField(max_length=120)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    shares: Any = serializers.ListSerializer(
        child=ShareWishSerializer(), required=False, max_length=MOST_SHARES
    )


class UpdateCollectionSerializer(CreateCollectionSerializer):
    """What may change about a collection; `shares` replaces all of them."""

    name = NameField(max_length=120, required=False)


class DocumentSerializer(serializers.ModelSerializer[Document]):
    """A document; `writable` says whether the caller may change it."""

    owner = PersonSerializer(read_only=True)
    collection_id = serializers.UUIDField(read_only=True)
    tags: serializers.SlugRelatedField[Tag] = serializers.SlugRelatedField(
        slug_field="name", many=True, read_only=True
    )
    shares = DocumentShareSerializer(many=True, read_only=True)
    writable = serializers.BooleanField(read_only=True)

    class Meta:
        model = Document
        fields = (
            "id",
            "title",
            "uri",
            "mime",
            "size",
            "sha256",
            "status",
            "language",
            "pages",
            "passage_count",
            "version",
            "tags",
            "collection_id",
            "owner",
            "shares",
            "writable",
            "created_at",
            "updated_at",
            "deleted_at",
        )
        read_only_fields = fields


class UpdateDocumentSerializer(serializers.Serializer[Any]):
    """What may change about a document; lists replace what was there.

    `language` is an ISO 639-1 code, by whose rules its words are found.
    """

    title = NameField(max_length=500, required=False)
    tags = serializers.ListField(
        child=NameField(max_length=64), required=False, max_length=MOST_TAGS
    )
    language = serializers.CharField(max_length=16, required=False)
    collection_id = serializers.UUIDField(required=False)
    shares: Any = serializers.ListSerializer(
        child=DocumentShareSerializer(), required=False, max_length=MOST_SHARES
    )

    def validate_shares(self, value: list[dict[str, Any]]) -> list[Any]:
        """Only the groups matter: a share of a document is for reading."""
        return [share["group_id"] for share in value]


class VersionSerializer(serializers.Serializer[Any]):
    """A file a document is made of, or was until `replaced_at`."""

    number = serializers.IntegerField()
    current = serializers.BooleanField()
    title = serializers.CharField()
    uri = serializers.CharField()
    mime = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    language = serializers.CharField()
    pages = serializers.IntegerField(allow_null=True)
    passage_count = serializers.IntegerField()
    since = serializers.DateTimeField()
    replaced_at = serializers.DateTimeField(allow_null=True)


class PassageSerializer(serializers.ModelSerializer[Passage]):
    """A stretch of a document's text; offsets are characters of the parsed text."""

    chunk_id = serializers.UUIDField(source="id", read_only=True)
    cells = serializers.SerializerMethodField(help_text=CELLS)

    class Meta:
        model = Passage
        fields = (
            *("chunk_id", "ordinal", "text", "page", "heading", "start", "end", "second"),
            "cells",
        )
        read_only_fields = fields

    def get_cells(self, passage: Passage) -> str:
        """The cells that it shows."""
        return cells_of(passage.layout)


class TagSerializer(serializers.ModelSerializer[Tag]):
    """A label, and how many documents the caller sees with it."""

    document_count = serializers.IntegerField(read_only=True)
    count = serializers.IntegerField(source="document_count", read_only=True)

    class Meta:
        model = Tag
        fields = ("id", "name", "count", "document_count")
        read_only_fields = fields


class AccessReasonSerializer(serializers.Serializer[Any]):
    """One reason: ownership, or a share with a group."""

    kind = serializers.ChoiceField(
        ["owner", "collection_owner", "collection_share", "document_share"]
    )
    access = serializers.ChoiceField(Access.choices)
    group_id = serializers.UUIDField(allow_null=True)
    group_name = serializers.CharField(allow_null=True)


class AccessSerializer(serializers.Serializer[Any]):
    """Somebody who sees the document, and why."""

    user = PersonSerializer()
    access = serializers.ChoiceField(Access.choices)
    reasons = AccessReasonSerializer(many=True)


@example(query='"read-only replica" -draft type:pdf', limit=5, mode="hybrid")
class SearchSerializer(serializers.Serializer[Any]):
    """A question, and where to look.

    It may hold "phrases", -exclusions, and filters: `title:` `tag:` `type:` `collection:` with a
    name or a "quoted name", `after:` and `before:` with a year, a month or a day. Everything else
    is words. `explain` is for staff; `context` asks for the rests of sentences that passages cut.
    """

    query = serializers.CharField(max_length=LONGEST_QUERY)
    limit = serializers.IntegerField(min_value=1, max_value=MOST_RESULTS, default=10)
    mode = serializers.ChoiceField(SearchMode.choices, default=SearchMode.HYBRID.value)
    collections = serializers.ListField(
        child=serializers.UUIDField(), required=False, allow_null=True, max_length=MOST_FILTERS
    )
    tags = serializers.ListField(
        child=NameField(max_length=64),
        required=False,
        allow_null=True,
        max_length=20,
    )
    document_ids = serializers.ListField(
        child=serializers.UUIDField(), required=False, allow_null=True, max_length=MOST_FILTERS
    )
    explain = serializers.BooleanField(default=False)
    # DRF takes fields out of the class, so its own `context` stays.
    context = serializers.BooleanField(default=False)  # type: ignore[assignment]


class HitDocumentSerializer(serializers.Serializer[Any]):
    """The document a hit is from."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    uri = serializers.CharField()
    mime = serializers.CharField()
    language = serializers.CharField()
    collection_id = serializers.UUIDField()


class ExplainSerializer(serializers.Serializer[Any]):
    """Why a hit stands where it does: what each leg gave it, and by which rights it is seen."""

    legs = serializers.ListField(child=serializers.ChoiceField(["keyword", "semantic"]))
    keyword_score = serializers.FloatField(allow_null=True)
    semantic_score = serializers.FloatField(allow_null=True)
    fused_score = serializers.FloatField()
    rerank_score = serializers.FloatField(allow_null=True)
    access = AccessReasonSerializer(many=True)


class HitContextSerializer(serializers.Serializer[Any]):
    """The rests of a hit's first and last sentence in the passages around it; mostly empty."""

    before = serializers.CharField()
    after = serializers.CharField()


class SearchHitSerializer(serializers.Serializer[Any]):
    """A passage that answers the question."""

    chunk_id = serializers.UUIDField()
    text = serializers.CharField()
    score = serializers.FloatField()
    page = serializers.IntegerField(allow_null=True)
    heading = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    second = serializers.IntegerField(
        allow_null=True, help_text="Of a recording: the second at which it is said."
    )
    cells = serializers.CharField(help_text=CELLS)
    document = HitDocumentSerializer()
    explain = ExplainSerializer(required=False)
    context = HitContextSerializer(required=False)  # type: ignore[assignment]


class UnderstoodSerializer(serializers.Serializer[Any]):
    """What was understood of a query; `text` are the words that were looked for.

    `relaxed` says that nothing has the phrases, whose words were looked for instead.
    """

    text = serializers.CharField()
    phrases = serializers.ListField(child=serializers.CharField())
    excluded = serializers.ListField(child=serializers.CharField())
    title = serializers.ListField(child=serializers.CharField())
    tags = serializers.ListField(child=serializers.CharField())
    types = serializers.ListField(child=serializers.CharField())
    collections = serializers.ListField(child=serializers.CharField())
    after = serializers.DateField(allow_null=True)
    before = serializers.DateField(allow_null=True)
    relaxed = serializers.BooleanField()


class TookSerializer(serializers.Serializer[Any]):
    """Milliseconds of each part of a search."""

    embed = serializers.FloatField()
    search = serializers.FloatField()
    rerank = serializers.FloatField()


class SearchAnswerSerializer(serializers.Serializer[Any]):
    """The hits, best first; `mode` is `keyword` when no embedding model answers.

    `only_similar` says that no hit has a word of the query: they are the nearest in meaning;
    `incomplete` that files which the user handed in are still to be read.
    """

    results = SearchHitSerializer(many=True)
    took_ms = serializers.FloatField()
    took = TookSerializer()
    mode = serializers.ChoiceField(SearchMode.choices)
    understood = UnderstoodSerializer()
    reranked = serializers.BooleanField()
    only_similar = serializers.BooleanField()
    incomplete = serializers.BooleanField()
