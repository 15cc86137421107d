"""Models that are asked without the agent: how many answers of whom this process makes now.

Nothing is stored of them but what they used, and that they take room at a server (`ModelCall`).
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from youworker.core.processes import new_token

if TYPE_CHECKING:
    from collections.abc import Collection

    from quotas.types import QuotaSubject


@dataclass(frozen=True, eq=False, slots=True)
class DirectCall:
    """One answer in the making, and whose it is."""

    user_id: UUID
    key_id: UUID | None
    # The address of the model's server; empty for the built-in model.
    endpoint: str
    id: UUID = field(default_factory=uuid4)
    # A program asked for itself, while its user reads: not one of their answers at once.
    is_housekeeping: bool = False


# Whose calls are those that the product itself makes in the background: no quota counts them.
NOBODY = UUID(int=0)


@lru_cache(maxsize=1)
def process_id() -> UUID:
    """What this process is called in the rows of its calls."""
    return new_token()


# Workers are forked, and each of them is another process.
os.register_at_fork(after_in_child=process_id.cache_clear)

lock = threading.Lock()
open_calls: set[DirectCall] = set()


def begin_call(call: DirectCall) -> None:
    """Count a call until it ends."""
    with lock:
        open_calls.add(call)


def end_call(call: DirectCall) -> None:
    """Count a call no longer; nothing happens the second time."""
    with lock:
        open_calls.discard(call)


def count_calls(subject: QuotaSubject, *, housekeeping: bool = False) -> int:
    """How many calls count for the subject of a quota: people's, or those of their programs."""
    with lock:
        calls = [call for call in open_calls if call.is_housekeeping == housekeeping]
    if not calls:
        return 0
    if subject.key_id:
        return sum(call.key_id == subject.key_id for call in calls)
    users = ids_of(subject)
    return sum(call.user_id in users for call in calls)


def ids_of(subject: QuotaSubject) -> Collection[UUID]:
    """The users whose calls count."""
    found = subject.user_ids()
    if isinstance(found, list):
        return found
    return set(found.values_list("user_id", flat=True))


def count_calls_by_endpoint() -> Counter[str]:
    """How many calls each model's server answers for this process."""
    with lock:
        return Counter(call.endpoint for call in open_calls)


def open_ids() -> list[UUID]:
    """The calls that this process makes now."""
    with lock:
        return [call.id for call in open_calls]
