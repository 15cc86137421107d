"""One function per part of the installation; each says what is wrong in one sentence."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING, Any

import psycopg_pool
from celery import current_app
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from chat.enums import ServerState
from chat.llm.endpoints import endpoints_in_force
from chat.llm.probing.reports import server_as_json
from chat.models import ModelServer
from documents.models import EmbeddingModel
from documents.storage import content_storage
from mcp.enums import ServerStatus
from mcp.models import Server
from youworker.appliance.health.background import check_beat, check_queue
from youworker.appliance.health.clocks import check_clocks
from youworker.appliance.model_files.report import describe_files
from youworker.core.config import config
from youworker.core.postgres.pooling import POOLED, pooling
from youworker.core.redis import sync_redis
from youworker.core.tracing.beginning import is_installed
from youworker.core.words import phrased
from youworker.encryption.crypto import SHOWN, fingerprints
from youworker.encryption.keyring import require_known_keys
from youworker.speech.configured import (
    speech_state,
    trouble_with_hearing,
    trouble_with_speaking,
)
from youworker.upstream.address import shown_url
from youworker.upstream.client import unreachable
from youworker.upstream.configured import endpoints_for
from youworker.upstream.endpoint import Capability
from youworker.upstream.model_files.state import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from youworker.appliance.health.looking import Check
    from youworker.upstream.endpoint import Endpoint

MEGABYTE = 1024**2
POOL_WARNING = 0.8
# Below that the embedded database does not start again.
LEAST_FREE_MB = 24
# A process whose tables were complete is believed so long: load balancers ask every few seconds.
BELIEVED_SECONDS = 60.0
complete_until = 0.0
# A worker that is busy in every child still answers this.
WORKER_SECONDS = 2.0
# A file that is being loaded is on its way.
SERVED = {Status.SERVING, Status.LOADING}


def check_database() -> dict[str, Any]:
    """PostgreSQL answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        version = cursor.fetchone()[0]
    if pooling.look():
        return {"version": version, "pool": None, "warning": True, "detail": phrased(POOLED)}
    pool = getattr(connection, "pool", None)
    if not isinstance(pool, psycopg_pool.ConnectionPool):
        return {"version": version, "pool": None}
    figures = pool_of(pool.get_stats())
    if not figures["warning"]:
        return {"version": version, "pool": figures}
    detail = phrased(
        "%(in_use)s of %(size)s connections are in use, %(waiting)s wait for one", **figures
    )
    return {"version": version, "pool": figures, "warning": True, "detail": detail}


def pool_of(stats: Mapping[str, int]) -> dict[str, Any]:
    """Size, use and queue of the connection pool of this process."""
    size = stats.get("pool_max", 0)
    used = stats.get("pool_size", 0) - stats.get("pool_available", 0)
    waiting = stats.get("requests_waiting", 0)
    return {
        "size": size,
        "in_use": used,
        "waiting": waiting,
        "warning": bool(size) and used > POOL_WARNING * size,
    }


def check_redis() -> dict[str, Any]:
    """Redis answers."""
    info = sync_redis().info("server")
    return {"version": info["redis_version"]}


def check_migrations() -> dict[str, Any]:
    """The tables are those of this version."""
    global complete_until  # noqa: PLW0603 -- one per process
    if time.monotonic() < complete_until:
        return {}
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise LookupError(
            phrased("%(count)s migrations are missing: manage.py migrate", count=len(missing))
        )
    complete_until = time.monotonic() + BELIEVED_SECONDS
    return {}


def check_disk() -> dict[str, Any]:
    """There is a folder for files, with room in it."""
    folder = config.data_dir
    if not os.path.isdir(folder):  # noqa: PTH112 -- no error where even looking is forbidden
        raise LookupError(phrased("%(folder)s is missing, or no directory", folder=folder))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise LookupError(phrased("%(folder)s cannot be written", folder=folder))
    usage = shutil.disk_usage(folder)
    free = usage.free // MEGABYTE
    found = {"free_bytes": usage.free, "total_bytes": usage.total}
    if free >= config.api.disk_warning_mb:
        return found
    detail = phrased("%(free)s MB are free in %(folder)s", free=free, folder=folder)
    if free < LEAST_FREE_MB:
        return {**found, "status": "failed", "detail": detail}
    return {**found, "warning": True, "detail": detail}


def check_storage() -> dict[str, Any]:
    """The server that keeps the originals answers, where there is one."""
    if not config.storage.url:
        return {"kind": "folder"}
    content_storage().require_reachable()
    return {"kind": "s3"}


def check_worker() -> dict[str, Any]:
    """Somebody takes tasks."""
    answers = current_app.control.ping(timeout=WORKER_SECONDS, limit=1)
    if not answers:
        raise LookupError(phrased("no worker answers"))
    return {}


def check_models() -> dict[str, Any]:
    """The configured model servers answer; the built-in model needs none."""
    # Those of the console are looked at through checked addresses only; see `model_servers`.
    return answering([each for each in endpoints_in_force() if not each.is_guarded])


def model_servers() -> dict[str, Any]:
    """How the model servers did when they were looked at last, and what their models can."""
    rows = ModelServer.objects.filter(enabled=True).in_order().prefetch_related("models")
    found = {row.name: server_as_json(row) for row in rows}
    failed = [row for row in rows if row.state == ServerState.FAILED]
    return {"servers": found, **warning_of(f"{row.name}: {row.last_error}" for row in failed)}


def tool_servers() -> dict[str, Any]:
    """How the tool servers that are switched on did when they were asked last."""
    rows = Server.objects.filter(enabled=True).order_by("slug")
    found = {
        row.slug: {"status": row.status, "last_seen_at": row.last_seen_at, "error": row.last_error}
        for row in rows.only("slug", "status", "last_seen_at", "last_error")
    }
    failed = [(name, one) for name, one in found.items() if one["status"] == ServerStatus.FAILED]
    return {"servers": found, **warning_of(f"{name}: {one['error']}" for name, one in failed)}


def warning_of(troubles: Iterable[str]) -> dict[str, Any]:
    """Whether there is any trouble, and the first sentence of it."""
    first, *others = [*troubles, ""]
    if len(others) > 1:
        first = phrased("%(first)s (and %(others)s more)", first=first, others=len(others) - 1)
    return {"warning": bool(first), **({"detail": first} if first else {})}


def check_model_files() -> dict[str, Any]:
    """The model files of the settings are served, each by a process of its own."""
    files = describe_files()
    silent = [file for file in files if file["status"] not in SERVED]
    if not silent:
        return {"files": files}
    first = silent[0]
    reason = first["reason"] or phrased("no process serves it")
    detail = phrased("%(name)s: %(reason)s", name=first["model"], reason=reason)
    return {"status": "failed", "detail": detail, "files": files}


def embedding_server() -> dict[str, Any]:
    """The configured embedding server answers; the local model needs none."""
    return answering(endpoints_for(Capability.EMBEDDING))


def check_reranker() -> dict[str, Any]:
    """The configured reranker answers; search does without it."""
    return answering(endpoints_for(Capability.RERANK))


def check_speech() -> dict[str, Any]:
    """Who was set up to hear and to speak can do it."""
    if reason := trouble_with_hearing() or trouble_with_speaking():
        raise LookupError(reason)
    return speech_state()


def answering(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """Some servers; raises `LookupError` when one of them does not answer."""
    for endpoint in endpoints:
        if reason := unreachable(endpoint):
            url = shown_url(endpoint.url)
            raise LookupError(
                phrased("%(url)s does not answer: %(reason)s", url=url, reason=reason)
            )
    return {"endpoint": ", ".join(shown_url(endpoint.url) for endpoint in endpoints) or None}


def embedding() -> dict[str, Any]:
    """Documents get the vectors by which they are found; what is left of each model's."""
    rows = list(EmbeddingModel.objects.with_progress().order_by("-active", "created_at"))
    left = {
        str(model): {
            "state": "active" if model.active else model.state,
            "documents_left": model.documents_left,
            "documents_failed": model.documents_failed,
        }
        for model in rows
    }
    if rows and rows[0].active and rows[0].error:
        raise LookupError(f"{rows[0]}: {rows[0].error}")
    return {"models": left, **warning_of(f"{row}: {row.error}" for row in rows if row.error)}


def check_encryption() -> dict[str, Any]:
    """The keys are those of the database; the one that encrypts, by its fingerprint."""
    require_known_keys()
    first, *older = fingerprints()
    return {"first_key": first[:SHOWN], "older_keys": len(older)}


def check_collector() -> dict[str, Any]:
    """The OpenTelemetry collector of the settings takes an empty request."""
    if not config.tracing.endpoint:
        return {"endpoint": None}
    if not is_installed():
        # Worded here once more: what is logged before there are settings cannot be marked.
        raise LookupError(
            phrased(
                "OpenTelemetry is not installed: make run, or pip install -r requirements-otel.txt"
            )
        )
    # The library is an extra, and takes half a second to load.
    from youworker.core.tracing.exporting import is_reachable  # noqa: PLC0415

    said: dict[str, Any] = {"endpoint": shown_url(config.tracing.endpoint)}
    if not is_reachable():
        detail = phrased("the collector takes nothing, so spans are dropped")
        said |= {"warning": True, "detail": detail}
    return said


READY: dict[str, Check] = {
    "database": check_database,
    "redis": check_redis,
    "migrations": check_migrations,
}
DETAILED: dict[str, Check] = {
    "disk": check_disk,
    "storage": check_storage,
    "worker": check_worker,
    "queue": check_queue,
    "beat": check_beat,
    "models": check_models,
    "model_files": check_model_files,
    "model_servers": model_servers,
    "embedding": embedding,
    "embedding_server": embedding_server,
    "reranker": check_reranker,
    "tool_servers": tool_servers,
    "speech": check_speech,
    "clocks": check_clocks,
    "encryption": check_encryption,
    "collector": check_collector,
}
