"""Lists in pages; a page that makes no sense is refused instead of guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import LimitOffsetPagination

from youworker.core.config import config

if TYPE_CHECKING:
    from rest_framework.request import Request

TOTAL = {"pk", "-pk", "id", "-id"}
LARGEST_OFFSET = 2**31 - 1
LONGEST_NUMBER = 20


class StrictLimitOffsetPagination(LimitOffsetPagination):
    """`limit` (default 50, at most 200) and `offset`; anything else is 400."""

    default_limit = config.api.page_size
    max_limit = config.api.max_page_size

    def get_limit(self, request: Request) -> int:
        """The validated number of rows."""
        return whole_number(request, "limit", self.default_limit, 1, self.max_limit)

    def get_offset(self, request: Request) -> int:
        """The validated number of rows to skip."""
        return whole_number(request, "offset", 0, 0, LARGEST_OFFSET)

    def paginate_queryset(self, queryset: Any, request: Request, view: object = None) -> list[Any]:
        """The rows of the page; all are counted only when those at hand do not tell.

        Rows that are equal in everything asked for stand in the order of their ids.
        """
        if isinstance(queryset, QuerySet):
            queryset = in_total_order(queryset)
        self.request, self.limit = request, self.get_limit(request)
        self.offset = self.get_offset(request)
        # One more than the page has: whether there is a next one is known then.
        rows = list(queryset[self.offset : self.offset + self.limit + 1])
        told = len(rows) <= self.limit and (rows or not self.offset)
        self.count = self.offset + len(rows) if told else self.get_count(queryset)
        return rows[: self.limit]

    def get_schema_operation_parameters(self, view: object) -> list[dict[str, object]]:
        """The parameters with their ranges, for the OpenAPI document."""
        limits = {"type": "integer", "minimum": 1, "maximum": self.max_limit}
        offsets = {"type": "integer", "minimum": 0, "maximum": LARGEST_OFFSET}
        return [
            {"name": "limit", "in": "query", "required": False, "schema": limits},
            {"name": "offset", "in": "query", "required": False, "schema": offsets},
        ]


def in_total_order(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows in their order and then by id: else pages repeat some rows and skip others."""
    usual = rows.model._meta.ordering if rows.query.default_ordering else ()
    terms = rows.query.order_by or usual
    return rows if terms and terms[-1] in TOTAL else rows.order_by(*terms, "pk")


def whole_number(request: Request, name: str, default: int, low: int, high: int) -> int:
    """A query parameter as a number in a range; raises `ValidationError`."""
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        value = int(text) if text.isascii() and len(text) <= LONGEST_NUMBER else None
    except ValueError:
        value = None
    if value is None or not low <= value <= high:
        raise ValidationError({name: [f"This must be a whole number from {low} to {high}."]})
    return value
