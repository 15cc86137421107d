"""The Celery application: the broker only wakes workers, PostgreSQL says what is to be done."""

from __future__ import annotations

import os
import signal
import warnings
from typing import Any

from billiard.util import set_pdeathsig  # type: ignore[attr-defined]
from celery import Celery
from celery.loaders.app import AppLoader
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]
from celery.signals import beat_init, task_prerun, worker_init, worker_process_init

from youworker.core.lean_imports import without_optional_libraries
from youworker.core.request_context import connect_celery

DAY = 86_400

# Root is refused only for pickled messages, and ours are JSON.
warnings.filterwarnings("ignore", category=SecurityWarning)

# As in `manage.py`: whoever starts Celery by hand names no settings.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "youworker.settings")
# Django's checks import every view, which no task needs: 11 MB in each process. Celery makes them
# without looking at what they find; `make audit` does.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")


class Loader(AppLoader):
    """Loads the project when a worker starts."""

    def import_default_modules(self) -> Any:
        """Import settings, models and tasks, and nothing that they do without."""
        with without_optional_libraries():
            return super().import_default_modules()


app = Celery("youworker", loader="youworker.celery:Loader")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
connect_celery()


@worker_process_init.connect
def end_with_the_worker(**_: Any) -> None:
    """Let no child outlive a killed worker; its rows are taken over."""
    set_pdeathsig(signal.SIGKILL)


@worker_process_init.connect
def tell_of_tasks(**_: Any) -> None:
    """Log and count each task."""
    from youworker.core.metrics.tasks import connect_tasks  # noqa: PLC0415 -- needs settings

    connect_tasks()


@worker_process_init.connect
def trace_tasks(**_: Any) -> None:
    """Send spans, where the settings name a collector."""
    from youworker.core.tracing.beginning import begin_tracing  # noqa: PLC0415 -- needs settings

    begin_tracing("worker")


@worker_process_init.connect
def follow_model_servers(**_: Any) -> None:
    """Have tasks know the model servers as they are now."""
    task_prerun.connect(read_model_servers, weak=False)


def read_model_servers(**_: Any) -> None:
    """Read the rows of model servers, unless that was done a moment ago."""
    from chat.llm.endpoints import refresh_when_due  # noqa: PLC0415 -- needs settings

    refresh_when_due()


@beat_init.connect
def give_signs_of_life(**_: Any) -> None:
    """Have health see that beat works, which answers nobody."""
    from youworker.appliance.health.heartbeat import Pulse  # noqa: PLC0415 -- needs settings

    Pulse().begin()


@worker_init.connect
def refuse_wrong_keys(**_: Any) -> None:
    """Start no worker beside a database of other keys; forked children inherit no connection."""
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 -- needs settings
    from django.db import OperationalError, connections  # noqa: PLC0415

    from youworker.encryption.keyring import require_keys  # noqa: PLC0415

    try:
        require_keys()
    except (ImproperlyConfigured, OperationalError) as error:
        # Celery logs an Exception of a receiver and goes on.
        raise SystemExit(f"youworker: {error}".strip()) from error
    finally:
        connections.close_all()


def every(seconds: float, task: str) -> dict[str, Any]:
    """One entry of the schedule; a run that waited for longer than its period is not made up."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


app.conf.beat_schedule = {
    "take over stalled ingestion items": every(10, "ingestion.tasks.sweep"),
    "read sources that are due": every(30, "ingestion.tasks.sync_sources"),
    "prepare and drop embedding models": every(10, "documents.tasks.settle_models"),
    "go on with evaluations of searches": every(10, "documents.tasks.evaluate_searches"),
    "go on with evaluations of answers": every(10, "chat.tasks.evaluate_answers"),
    "index documents again after an update": every(10, "documents.tasks.reindex_documents"),
    "end runs whose process is gone": every(10, "chat.tasks.sweep_runs"),
    "erase answers that nobody wants kept": every(30, "chat.tasks.erase_unkept"),
    "look at the model servers": every(60, "chat.tasks.look_at_models"),
    "ask the tool servers for their tools": every(300, "mcp.tasks.refresh_servers"),
    "sign the audit log": every(60, "youworker.tasks.sign_audit_log"),
    "tell webhooks what happened": every(5, "youworker.webhooks.tasks.deliver_events"),
    "forget what webhooks were told": every(DAY, "youworker.webhooks.tasks.forget_events"),
    "sum the use of days that are over": every(900, "youworker.analytics.tasks.settle_days"),
    "make the backup that is due": every(600, "youworker.tasks.make_backup"),
    "remove rows deleted long ago": every(DAY, "youworker.tasks.purge_deleted"),
    "take up lost exports and erasures": every(30, "youworker.tasks.sweep_privacy"),
    "delete stored files nobody refers to": every(3600, "youworker.tasks.remove_unused_files"),
    "remove conversations that outlived their rules": every(DAY, "youworker.tasks.apply_retention"),
    "forget sessions that ran out": every(DAY, "accounts.tasks.forget_expired_sessions"),
    "forget answers to repeated requests": every(DAY, "youworker.tasks.forget_requests"),
}
