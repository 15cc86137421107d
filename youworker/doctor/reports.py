"""Examinations that staff ask for: made by a worker, kept for a while where they may be lost."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from youworker.core.effects import attempt, queue_task
from youworker.core.exceptions import Conflict, UpstreamUnavailable
from youworker.core.redis import sync_redis
from youworker.doctor.examination import PAUSE_SECONDS, run_examination

if TYPE_CHECKING:
    from accounts.models import User
    from youworker.core.inspection import Check

EXAMINE = "youworker.tasks.examine_data"
REPORT, BEGUN = "yw:doctor:report", "yw:doctor:begun"
KEPT_SECONDS = 30 * 86_400
# After that an examination is taken for lost, and another one may begin.
LONGEST_SECONDS = 1800


def request_examination(*, fix: bool, actor: User) -> None:
    """Have a worker look at the data, and repair it.

    Raises `Conflict` while one does, and `UpstreamUnavailable` when none can be told.
    """
    is_first = attempt("noting that an examination begins", note_begin)
    if is_first is None:
        raise UpstreamUnavailable("The queue of tasks does not answer.")
    if not is_first:
        raise Conflict("The data are being looked at already.")
    queue_task(EXAMINE, fix, str(actor.pk))


def note_begin() -> bool:
    """Note that an examination begins; false while another one goes on."""
    now = timezone.now().isoformat()
    return bool(sync_redis().set(BEGUN, now, nx=True, ex=LONGEST_SECONDS))


def make_report(
    checks: tuple[Check, ...],
    *,
    fix: bool,
    actor: User | None,
    pause: float = PAUSE_SECONDS,
) -> None:
    """Examine the data and keep what came out."""
    began = timezone.now()
    try:
        outcomes = run_examination(checks, fix=fix, pause=pause, actor=actor)
        report = {
            "at": began.isoformat(),
            "seconds": round((timezone.now() - began).total_seconds(), 1),
            "fix": fix,
            "ok": all(outcome.is_sound for outcome in outcomes),
            "checks": [{**one.as_json(), "sound": one.is_sound} for one in outcomes],
        }
        keep = partial(sync_redis().set, REPORT, json.dumps(report), ex=KEPT_SECONDS)
        attempt("keeping a report on the data", keep)
    finally:
        attempt("noting that an examination is over", sync_redis().delete, BEGUN)


def latest_report() -> dict[str, Any] | None:
    """What the last examination found; none when there was none, or it is lost."""
    kept = attempt("reading a report on the data", sync_redis().get, REPORT)
    found: dict[str, Any] | None = json.loads(kept) if isinstance(kept, bytes) else None
    return found


def is_being_made() -> bool:
    """Whether an examination is going on."""
    return bool(attempt("asking for an examination", sync_redis().exists, BEGUN))
