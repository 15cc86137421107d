"""How every part of the installation does, for the first page: asked when it is looked at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from youworker.appliance.health import checks
from youworker.core.config import config
from youworker.core.effects import attempt, queue_task
from youworker.core.redis import sync_redis

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

BACKUP = "youworker.tasks.make_backup"
# Asking everything takes a second or more; several people may look at the page.
KEPT = "yw:console:health"
KEPT_SECONDS = 15
TITLES = {
    "database": _("Database"),
    "redis": _("Redis"),
    "migrations": _("Tables"),
    "disk": _("Disk"),
    "storage": _("Storage of the originals"),
    "worker": _("Worker"),
    "scheduler": _("Scheduler"),
    "beat": _("Scheduler"),
    "queue": _("Queue of tasks"),
    "models": _("Models"),
    "model_files": _("Model files"),
    "model_servers": _("Model servers"),
    "embedding": _("Vectors"),
    "embedding_server": _("Embedding server"),
    "reranker": _("Reranker"),
    "speech": _("Speech"),
    "encryption": _("Encryption"),
    "tool_servers": _("Tool servers"),
    "backup": _("Backup"),
    "clock": _("Clock"),
}
WORDS = {
    "ok": _("well"),
    "warning": _("take a look"),
    "failed": _("failed"),
}


@require_safe
def show_health(request: HttpRequest) -> HttpResponse:
    """A fragment of the first page; sentences with paths and addresses are for superusers."""
    parts = [described(name, outcome) for name, outcome in outcomes().items()]
    for part in parts:
        part["detail"] = part["detail"] if request.user.is_superuser else ""
    order = list(WORDS)
    parts.sort(key=lambda part: -order.index(part["state"]))
    context = {"parts": parts, "may_back_up": may_back_up(request)}
    return render(request, "youworker/console/_health.html", context)


def may_back_up(request: HttpRequest) -> bool:
    """Whether a backup is offered: where one is set up, to whoever may do everything."""
    return bool(request.user.is_superuser and config.backup.directory)


@require_POST
def back_up(request: HttpRequest) -> HttpResponse:
    """Have a worker make a backup now, where those of the schedule go."""
    if not may_back_up(request):
        raise PermissionDenied
    queue_task(BACKUP, True)  # noqa: FBT003 -- a task's argument
    messages.success(request, gettext("A worker was told to make a backup."))
    return redirect("admin:index")


def outcomes() -> dict[str, Any]:
    """What all checks say, at most some seconds old."""
    kept = attempt("reading how everything does", sync_redis().get, KEPT)
    if isinstance(kept, bytes):
        known: dict[str, Any] = json.loads(kept)
        return known
    found = checks.run_checks(checks.READY | checks.DETAILED)
    text = json.dumps(found, default=str)
    attempt("keeping how everything does", sync_redis().set, KEPT, text, ex=KEPT_SECONDS)
    return found


def described(name: str, outcome: dict[str, Any]) -> dict[str, Any]:
    """One part as the page shows it; a part without a name of ours is called as in the API."""
    status = outcome.get("status")
    state = "warning" if outcome.get("warning") else "ok"
    state = state if status == "ok" else "warning" if status == "warning" else "failed"
    return {
        "title": TITLES.get(name, name.replace("_", " ").capitalize()),
        "state": state,
        "word": WORDS[state],
        "detail": outcome.get("detail") or outcome.get("reason") or "",
        "latency": outcome.get("latency_ms"),
    }
