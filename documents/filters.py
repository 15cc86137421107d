"""Query parameters of the list of documents."""

from __future__ import annotations

import unicodedata
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, cast

import django_filters
from django.db.models import Q

from documents.enums import DocumentStatus
from documents.kinds import FileKind, kind_rule
from documents.models import Document
from youworker.core.exceptions import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, QueryDict

    from accounts.models import User
    from documents.managers import DocumentQuerySet

MOST_TAGS = 20
ORDERINGS = ("created_at", "updated_at", "title", "size", "status", "mime")


def without_private(rows: DocumentQuerySet, wanted: Mapping[str, Any]) -> DocumentQuerySet:
    """Documents as they are listed: files of conversations only where their collection is named.

    What somebody deleted, they find in the trash, wherever it was.
    """
    return rows if wanted.get("collection") or wanted.get("deleted") else rows.in_library()


class DocumentFilter(django_filters.FilterSet):
    """Narrows the list; a `tag` may be repeated, then a document must have all of them."""

    collection = django_filters.UUIDFilter(field_name="collection_id")
    tag = django_filters.CharFilter(method="filter_tags")
    status = django_filters.ChoiceFilter(choices=DocumentStatus.choices)
    mime = django_filters.CharFilter(field_name="mime", lookup_expr="iexact")
    kind = django_filters.ChoiceFilter(choices=FileKind.choices, method="filter_kind")
    search = django_filters.CharFilter(method="filter_text")
    ordering = django_filters.OrderingFilter(fields=[(name, name) for name in ORDERINGS])
    # The usual widget takes `1` for "unknown".
    deleted = django_filters.BooleanFilter(
        method="filter_deleted", widget=django_filters.widgets.BooleanWidget
    )

    class Meta:
        model = Document
        fields: list[str] = []

    def filter_queryset(self, queryset: DocumentQuerySet) -> DocumentQuerySet:
        """What fits; living documents, unless deleted ones were asked for."""
        rows: DocumentQuerySet = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("deleted") else rows.alive()

    def filter_tags(self, rows: DocumentQuerySet, name: str, value: str) -> DocumentQuerySet:
        """Every repeated value counts, not only the last one."""
        tags = [tag for tag in cast("QueryDict", self.data).getlist("tag") if tag]
        if len(tags) > MOST_TAGS or any("\x00" in tag for tag in tags):
            raise InvalidInput(
                "At most %(most)s tags, without null characters.", attr="tag", most=MOST_TAGS
            )
        return rows.tagged(tags)

    def filter_kind(self, rows: DocumentQuerySet, name: str, value: str) -> DocumentQuerySet:
        """Limit to formats that serve the same purpose."""
        return rows.filter(kind_rule(value))

    def filter_text(self, rows: DocumentQuerySet, name: str, value: str) -> DocumentQuerySet:
        """Find a text in titles and origins."""
        # An origin stays as its system spells it, and some take letters and accents apart.
        forms = {unicodedata.normalize(form, value) for form in ("NFC", "NFD")}
        origin = reduce(or_, (Q(uri__icontains=form) for form in forms))
        return rows.filter(Q(title__icontains=value) | origin)

    def filter_deleted(
        self,
        rows: DocumentQuerySet,
        name: str,
        value: bool,  # noqa: FBT001
    ) -> DocumentQuerySet:
        """Show what the caller may restore instead of what is there."""
        if not value:
            return rows
        actor = cast("User", cast("HttpRequest", self.request).user)
        return rows.deleted().writable_by(actor)
