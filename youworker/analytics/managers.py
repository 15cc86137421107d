"""Reading the sums of finished days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from youworker.core.managers import BaseQuerySet

if TYPE_CHECKING:
    from datetime import date

    from django.db.models import Model


class UsageDayQuerySet(BaseQuerySet["Model"]):
    """Finished days that were summed."""

    def between(self, first: date, last: date, *, zone: str) -> Self:
        """Limit to the days of a zone from the first to the last."""
        return self.filter(day__gte=first, day__lte=last, zone=zone)

    def by_day(self) -> dict[Any, dict[str, Any]]:
        """The sums of each day."""
        return {row.pop("day"): row for row in self.values()}
