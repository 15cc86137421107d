"""One function per part of the installation; each says what is wrong in one sentence."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import psycopg_pool
import redis
from celery import current_app
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from chat.enums import ServerState
from chat.llm.endpoints import endpoints_in_force
from chat.llm.probing.reports import server_as_json
from chat.models import ModelServer
from documents.exceptions import StorageUnavailable
from documents.models import EmbeddingModel
from documents.storage import content_storage
from youworker.appliance.model_files.report import describe_files
from youworker.core.config import config
from youworker.core.redis import sync_redis
from youworker.encryption.crypto import SHOWN, fingerprints
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
    from youworker.upstream.endpoint import Endpoint

Check = Callable[[], dict[str, Any]]
POOL_WARNING = 0.8
DISK_WARNING_BYTES = 1024**3
# A worker that is busy in every child still answers this.
WORKER_SECONDS = 1.0
# A file that is being loaded is on its way.
SERVED = {Status.SERVING, Status.LOADING}
# What a check fails with when something it looks at is away or missing.
EXPECTED = (
    DatabaseError,
    redis.RedisError,
    psycopg_pool.PoolTimeout,
    LookupError,
    OSError,
)


def check_database() -> dict[str, Any]:
    """PostgreSQL answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        version = cursor.fetchone()[0]
    pool = getattr(connection, "pool", None)
    if not isinstance(pool, psycopg_pool.ConnectionPool):
        return {"version": version, "pool": None}
    return {"version": version, "pool": pool_of(pool.get_stats())}


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
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise LookupError(f"{len(missing)} migrations are missing: manage.py migrate")
    return {}


def check_disk() -> dict[str, Any]:
    """There is room for files."""
    usage = shutil.disk_usage(config.data_dir)
    return {"free_bytes": usage.free, "warning": usage.free < DISK_WARNING_BYTES}


def check_storage() -> dict[str, Any]:
    """The server that keeps the originals answers, where there is one."""
    if not config.storage.url:
        return {"kind": "folder"}
    try:
        content_storage().require_reachable()
    except StorageUnavailable as error:
        raise LookupError(error.message) from error
    return {"kind": "s3"}


def check_worker() -> dict[str, Any]:
    """Somebody takes tasks."""
    answers = current_app.control.ping(timeout=WORKER_SECONDS, limit=1)
    if not answers:
        raise LookupError("no worker answers")
    return {}


def check_models() -> dict[str, Any]:
    """The configured model servers answer; the built-in model needs none."""
    # Those of the console are looked at through checked addresses only; see `model_servers`.
    return answering([each for each in endpoints_in_force() if not each.is_guarded])


def model_servers() -> dict[str, Any]:
    """How the model servers did when they were looked at last, and what their models can."""
    rows = ModelServer.objects.filter(enabled=True).in_order().prefetch_related("models")
    found = {row.name: server_as_json(row) for row in rows}
    return {"servers": found, "warning": any(row.state == ServerState.FAILED for row in rows)}


def check_model_files() -> dict[str, Any]:
    """The model files of the settings are served, each by a process of its own."""
    files = describe_files()
    silent = [file for file in files if file["status"] not in SERVED]
    if not silent:
        return {"files": files}
    first = silent[0]
    detail = f"{first['model']}: {first['reason'] or 'no process serves it'}"
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
            raise LookupError(f"{shown_url(endpoint.url)} does not answer: {reason}")
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
    return {"models": left, "warning": any(model.error for model in rows)}


def check_encryption() -> dict[str, Any]:
    """The key that encrypts, by its fingerprint."""
    first, *older = fingerprints()
    return {"first_key": first[:SHOWN], "older_keys": len(older)}


READY: dict[str, Check] = {
    "database": check_database,
    "redis": check_redis,
    "migrations": check_migrations,
}
DETAILED: dict[str, Check] = {
    "disk": check_disk,
    "storage": check_storage,
    "worker": check_worker,
    "models": check_models,
    "model_files": check_model_files,
    "model_servers": model_servers,
    "embedding": embedding,
    "embedding_server": embedding_server,
    "reranker": check_reranker,
    "speech": check_speech,
    "encryption": check_encryption,
}


def run_checks(checks: dict[str, Check]) -> dict[str, dict[str, Any]]:
    """The outcome of every check, with its latency in milliseconds."""
    outcomes: dict[str, dict[str, Any]] = {}
    for name, check in checks.items():
        start = time.perf_counter()
        try:
            outcome = {"status": "ok", **check()}
        except EXPECTED as error:
            outcome = {"status": "failed", "detail": sentence(error)}
        outcome["latency_ms"] = round((time.perf_counter() - start) * 1000, 2)
        outcomes[name] = outcome
    return outcomes


def sentence(error: Exception) -> str:
    """The first line of an error, which is meant for operators."""
    return str(error).strip().split("\n", 1)[0]
