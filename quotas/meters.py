"""How much somebody has used: apps register meters here, quotas and reports read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from django.utils import timezone

from quotas.enums import Period, QuotaKind
from quotas.models import TokenUsage
from quotas.types import start_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from quotas.types import QuotaSubject

    Meter: TypeAlias = Callable[[QuotaSubject], int]

meters: dict[QuotaKind, Meter] = {}


def register_meter(kind: QuotaKind) -> Callable[[Meter], Meter]:
    """Let a function measure one kind of quota; a decorator. Each kind has one meter."""

    def register(meter: Meter) -> Meter:
        if kind in meters:
            raise ValueError(f"{kind} has a meter already")
        meters[kind] = meter
        return meter

    return register


def measure_usage(kind: QuotaKind, subject: QuotaSubject) -> int:
    """How much a subject has used of something, in the period that runs or altogether."""
    return meters[kind](subject)


@register_meter(QuotaKind.TOKENS_PER_DAY)
def count_tokens_today(subject: QuotaSubject) -> int:
    """Tokens of the day so far."""
    return count_tokens_since(Period.DAY, subject)


@register_meter(QuotaKind.TOKENS_PER_MONTH)
def count_tokens_this_month(subject: QuotaSubject) -> int:
    """Tokens of the month so far."""
    return count_tokens_since(Period.MONTH, subject)


def count_tokens_since(period: Period, subject: QuotaSubject) -> int:
    """Tokens since a period began."""
    first = start_of(period, timezone.now()).date()
    return TokenUsage.objects.since(first).used_by(subject).total()
