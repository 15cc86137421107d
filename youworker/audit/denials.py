"""Denied acts: one line per caller, place and minute, however many requests there are."""

from __future__ import annotations

import hashlib
import logging
import re
import time
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError
from redis.exceptions import RedisError

from youworker.audit.lines import record
from youworker.core.redis import sync_redis
from youworker.core.request_context import request_origin

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

MINUTE = 60
# Lines per minute about callers without an account: many addresses cannot fill the table.
MOST_OF_STRANGERS = 600
LONGEST_PLACE = 64


def record_denied(user: Any, *, route: str, method: str, status: int, code: str) -> None:
    """Note that somebody was refused; call it when the refused transaction is over.

    `route` is the pattern, not the path: ids and search words stay out. Whatever happens here,
    the caller gets the refusal.
    """
    person: User | None = user if getattr(user, "is_authenticated", False) else None
    place = place_of(route)
    try:
        if first_this_minute(person, f"{method} {place} {code}"):
            record(
                "auth.unauthorized",
                actor=person,
                result="denied",
                route=place,
                method=method.lower(),
                status=status,
                code=code,
            )
    except (RedisError, DatabaseError, TypeError):
        logger.exception("a denied act could not be noted: %s %s", method, place)


def note_denial(sender: Any, *, signal: Any, **denial: Any) -> None:
    """Hear of a refusal."""
    record_denied(**denial)


def place_of(route: str) -> str:
    """`v1/sessions/<uuid:pk>` as the word `v1.sessions.pk`."""
    named = re.sub(r"<(?:\w+:)?(\w+)>", r"\1", route).lower()
    words = re.findall(r"[a-z0-9_-]+", named)
    return ".".join(words)[:LONGEST_PLACE].strip("._-") or "unknown"


def first_this_minute(person: User | None, act: str) -> bool:
    """Whether this caller has not been refused the same within a minute."""
    caller = f"user:{person.pk}" if person else f"address:{request_origin().address}"
    digest = hashlib.sha256(f"{caller} {act}".encode()).hexdigest()
    redis = sync_redis()
    if not redis.set(f"yw:denied:{digest}", "1", nx=True, ex=MINUTE):
        return False
    if person is not None:
        return True
    counter = f"yw:denied:strangers:{int(time.time()) // MINUTE}"
    count: Any = redis.incr(counter)
    redis.expire(counter, 2 * MINUTE)
    return int(count) <= MOST_OF_STRANGERS
