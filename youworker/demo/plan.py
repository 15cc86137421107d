"""How much is made, and when in the past it happened."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from django.utils import timezone

from youworker.demo.tables import HIGH, LOW, Ids

if TYPE_CHECKING:
    from datetime import datetime

# Of the days of a week: hardly anybody works at its end.
WEEK = (10, 11, 11, 10, 8, 1, 1)
FIRST_HOUR, USUAL_HOUR, LAST_HOUR = 7, 11, 20


@dataclass
class Plan:
    """A company of `users` people and what they did in `days` days up to now."""

    messages: int = 2_000
    documents: int = 200
    users: int = 24
    days: int = 180
    with_vectors: bool = True
    random: Random = field(default_factory=lambda: Random(20_260_101))  # noqa: S311 -- no secrets
    ids: Ids = field(default_factory=lambda: Ids(secrets.randbits(HIGH + LOW)))
    now: datetime = field(default_factory=timezone.now)

    def moment(self) -> datetime:
        """Some moment at which people work; there are more and more of them."""
        chosen = self.now
        for _ in range(20):
            # The company grows: late days are likelier than early ones.
            ago = self.days * (1 - max(self.random.random(), self.random.random()))
            day = self.now - timedelta(days=ago)
            hour = self.random.triangular(FIRST_HOUR, LAST_HOUR, USUAL_HOUR)
            midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
            chosen = midnight + timedelta(hours=hour)
            is_likely = self.random.random() * max(WEEK) < WEEK[chosen.weekday()]
            if chosen < self.now - timedelta(hours=1) and is_likely:
                return chosen
        return min(chosen, self.now - timedelta(hours=1))
