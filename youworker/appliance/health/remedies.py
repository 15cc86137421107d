"""What each part is called, and what helps when something is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Words

TITLES: dict[str, Words] = {
    "database": _("Database"),
    "redis": _("Redis"),
    "migrations": _("Tables"),
    "disk": _("Disk"),
    "storage": _("Storage of originals"),
    "worker": _("Worker"),
    "queue": _("Queues"),
    "beat": _("Scheduler (beat)"),
    "models": _("Language models of the settings"),
    "model_files": _("Model files"),
    "model_servers": _("Model servers"),
    "embedding": _("Embedding models"),
    "embedding_server": _("Embedding server"),
    "reranker": _("Reranker"),
    "tool_servers": _("Tool servers"),
    "speech": _("Speech"),
    "encryption": _("Encryption"),
    "clocks": _("Clocks"),
    "collector": _("OpenTelemetry collector"),
    "webhooks": _("Webhooks"),
    "backup": _("Backups"),
}

REMEDIES: dict[str, Words] = {
    "database": _(
        "Look whether PostgreSQL runs and DATABASE_URL is right (with `manage.py up`:"
        " postgres.log in DATA_DIR); when connections run out, raise DATABASE_POOL_SIZE or"
        " start another web process."
    ),
    "redis": _(
        "Look whether Redis runs and REDIS_URL is right (with `manage.py up`: redis.log in"
        " DATA_DIR). Nothing that matters is lost with it."
    ),
    "migrations": _("Run `manage.py migrate`, or start with `manage.py up`, which does it."),
    "disk": _(
        "Free space or enlarge the disk of DATA_DIR: when it is full, no file is taken in and"
        " PostgreSQL stops. One that is missing or cannot be written: give it to the account of"
        " YouWorker (chown -R), mount it for writing, or correct DATA_DIR."
    ),
    "storage": _("Look at the server of STORAGE_URL, its bucket and its keys."),
    "worker": _(
        "Start `manage.py up`, or a worker alone (`celery -A youworker worker`) with the same"
        " REDIS_URL; start one that hangs again. Until then files wait, and nothing is lost."
    ),
    "queue": _(
        "Look whether a worker runs and what it logs; when it is only busy, give it more processes"
        " (WORKER_PROCESSES) or start another one. Answers wait for room at a model server."
    ),
    "beat": _(
        "Start `manage.py up`, or beat alone (`celery -A youworker beat`), exactly once. Without it"
        " nothing that was lost is taken up again, and no backup is made."
    ),
    "models": _(
        "Start the model server, or correct LLM_BASE_URL and its key. Until then another model or"
        " the quote model answers."
    ),
    "model_files": _("Look at the reason above and at the settings LLM_GGUF and EMBEDDING_GGUF."),
    "model_servers": _(
        "Run `manage.py doctor --models`, or open the server in the console: it says what is wrong."
    ),
    "embedding": _(
        "Run `manage.py embedding_models`: it says what is wrong and activates another model."
        " Until then search goes by words."
    ),
    "embedding_server": _(
        "Start the embedding server, or correct EMBEDDING_BASE_URL. Until then search goes by"
        " words."
    ),
    "reranker": _(
        "Start the reranker, or correct RERANK_BASE_URL. Until then search does without it."
    ),
    "tool_servers": _(
        "Open the server in the console: it says what is wrong; correct its address or its keys,"
        " or switch it off."
    ),
    "speech": _("Look at the reason above and at the settings of speech (STT_…, TTS_…)."),
    "encryption": _(
        "Put the keys back: MESSAGE_ENCRYPTION_KEYS, or the file that"
        " MESSAGE_ENCRYPTION_KEYS_FILE names."
    ),
    "clocks": _(
        "Have all machines set their clocks by NTP: sign-in codes and tokens depend on the time."
    ),
    "collector": _(
        "Start the collector, or correct OTEL_EXPORTER_OTLP_ENDPOINT and what it wants. Nothing but"
        " spans is lost until then."
    ),
    "webhooks": _(
        "Open the webhook in the console: it says why it is paused; resume it when its receiver"
        " answers again."
    ),
    "backup": _(
        "Look at the log of the worker and whether BACKUP_DIR can be written; `manage.py backup`"
        " makes one now, `manage.py verify_backup` verifies one."
    ),
}


def title_of(name: str) -> str:
    """What people call a part."""
    return str(TITLES.get(name, name))


def remedy_for(name: str, waits_for: str = "") -> str:
    """What helps, in the language in force; for a part that waits for another, that other."""
    if waits_for:
        part = title_of(waits_for)
        return gettext("Mend this first, then look again: %(part)s.") % {"part": part}
    return str(REMEDIES.get(name, ""))
