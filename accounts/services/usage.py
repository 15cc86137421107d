"""Counting what people use of the models."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db.models import F
from django.utils import timezone

from accounts.models import TokenUsage
from youworker.common.config import config

if TYPE_CHECKING:
    from uuid import UUID


def count_tokens(user_id: UUID, key_id: UUID | None, *, tokens_in: int, tokens_out: int) -> None:
    """Add tokens to a user's day; runs in the caller's transaction.

    They stay counted when the conversation is deleted.
    """
    if not tokens_in + tokens_out:
        return
    today = timezone.now().astimezone(ZoneInfo(config.api.time_zone)).date()
    day = TokenUsage.objects.filter(user_id=user_id, api_key_id=key_id, day=today)
    first = day.order_by("pk").values_list("pk", flat=True).first()
    if first is None:
        # Two at once make two rows; sums count both.
        TokenUsage.objects.create(
            user_id=user_id,
            api_key_id=key_id,
            day=today,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
        )
        return
    TokenUsage.objects.filter(pk=first).update(
        tokens_in=F("tokens_in") + tokens_in, tokens_out=F("tokens_out") + tokens_out
    )
