"""How many rows a list has: counted where that is quick, else as the database estimates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.db import connection
from django.utils.functional import cached_property

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

ESTIMATE_ABOVE = 10_000


class EstimatingPaginator(Paginator[Any]):
    """Counts small tables, and small selections of large ones; estimates all others."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        if rows.query.is_empty():
            return 0
        estimate = read_estimate(rows.model)
        if estimate > ESTIMATE_ABOVE and rows.query.where:
            estimate = estimated_rows(rows)
        return estimate if estimate > ESTIMATE_ABOVE else int(rows.count())


def read_estimate(model: type[Model]) -> int:
    """How many rows a table had when its statistics were taken; 0 when nobody knows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)",
            [model._meta.db_table],
        )
        return max((cursor.fetchone() or [0])[0] or 0, 0)


def estimated_rows(rows: QuerySet[Any]) -> int:
    """How many rows the database expects to find."""
    bare: Any = rows.order_by().values("pk")
    plan = json.loads(bare.explain(format="json"))
    return int(plan[0]["Plan"]["Plan Rows"])
