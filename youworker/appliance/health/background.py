"""Work that nobody waits for: whether beat wakes it, and how long it has waited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Count, Min
from django.db.models.functions import Now

from chat.models import Run
from ingestion.models import IngestionItem
from youworker.appliance.health.heartbeat import read_heartbeat
from youworker.core.words import phrased

if TYPE_CHECKING:
    from django.db.models import QuerySet

# Beat queues something every ten seconds.
SILENT_SECONDS = 60.0
# A question that nobody takes up for so long, and a file; many files at once may well wait longer.
LATE_ANSWER_SECONDS = 60
LATE_FILE_SECONDS = 3600


def check_beat() -> dict[str, Any]:
    """Somebody wakes what is done regularly."""
    last = read_heartbeat()
    if last is None:
        raise LookupError(phrased("beat has given no sign of life"))
    found = {"last_beat_seconds": round(last.age, 1), "running_seconds": round(last.running)}
    if last.age > SILENT_SECONDS:
        age = f"{last.age:.0f}"
        detail = phrased("the last sign of life of beat is %(seconds)s seconds old", seconds=age)
        return {**found, "status": "failed", "detail": detail}
    return found


def check_queue() -> dict[str, Any]:
    """What waits to be taken up, and for how long, by the database's clock."""
    answers, oldest_answer = waiting_in(Run.objects.queued(), "updated_at")
    files, oldest_file = waiting_in(IngestionItem.objects.waiting(), "accepted_at")
    found = {
        "answers_waiting": answers,
        "oldest_answer_seconds": oldest_answer,
        "files_waiting": files,
        "oldest_file_seconds": oldest_file,
    }
    if oldest_answer > LATE_ANSWER_SECONDS:
        detail = phrased(
            "a question has waited for %(seconds)s seconds; %(count)s wait",
            seconds=oldest_answer,
            count=answers,
        )
    elif oldest_file > LATE_FILE_SECONDS:
        detail = phrased(
            "a file has waited for %(minutes)s minutes; %(count)s wait",
            minutes=oldest_file // 60,
            count=files,
        )
    else:
        return found
    return {**found, "warning": True, "detail": detail}


def waiting_in(rows: QuerySet[Any], since: str) -> tuple[int, int]:
    """How many rows wait, and for how many seconds the oldest of them has."""
    found = rows.order_by().aggregate(count=Count("pk"), age=Now() - Min(since))
    return found["count"], int(found["age"].total_seconds()) if found["age"] else 0
