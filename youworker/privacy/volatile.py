"""What Redis holds about somebody; most of it would expire by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.tickets import tickets_of
from youworker.common.redis import sync_redis

if TYPE_CHECKING:
    from uuid import UUID

AT_ONCE = 500


def forget_user(user_id: UUID) -> int:
    """Delete tickets, channel groups and whatever else has a user's id in its name; how many.

    Event logs go with their runs. Rate counters have hashed names and expire
    within the hour; messages to workers hold ids that lead nowhere.
    """
    redis = sync_redis()
    gone = set(tickets_of(user_id))
    for form in (str(user_id), user_id.hex):
        gone |= set(redis.scan_iter(f"*{form}*", count=AT_ONCE))
    return int(redis.unlink(*gone)) if gone else 0
