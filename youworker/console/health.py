"""How every part of the installation does, for the first page: asked when it is looked at."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from youworker.appliance.health.rows import IN_NEED, recent_rows
from youworker.core.config import config
from youworker.core.effects import attempt, queue_task
from youworker.core.redis import sync_redis

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

BACKUP = "youworker.tasks.make_backup"
ASKED, ASKED_SECONDS = "yw:backup:asked", 60


@require_safe
def show_health(request: HttpRequest) -> HttpResponse:
    """A fragment of the first page: every part as it was a few seconds ago, and those in need.

    `calm` says that nothing else on the page needs attention.
    """
    parts = recent_rows()
    context = {
        "parts": parts,
        "in_need": [part for part in parts if part["state"] in IN_NEED],
        "is_calm": "calm" in request.GET,
        "may_back_up": may_back_up(request),
    }
    return render(request, "youworker/console/_health.html", context)


def may_back_up(request: HttpRequest) -> bool:
    """Whether a backup is offered: where one is set up, to whoever may do everything."""
    return bool(request.user.is_superuser and config.backup.directory)


def is_first_click() -> bool:
    """Whether nobody asked for a backup a moment ago: each new one makes the oldest go."""
    ask = partial(sync_redis().set, ASKED, 1, nx=True, ex=ASKED_SECONDS)
    return bool(attempt("asking for a backup", ask))


@require_POST
def back_up(request: HttpRequest) -> HttpResponse:
    """Have a worker make a backup now, where those of the schedule go."""
    if not may_back_up(request):
        raise PermissionDenied
    if is_first_click():
        queue_task(BACKUP, True)  # noqa: FBT003 -- a task's argument
    messages.success(request, gettext("A worker was told to make a backup."))
    return redirect("admin:index")
