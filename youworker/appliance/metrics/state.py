"""How the installation stands at the moment somebody asks: queues, leases, servers, room."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from prometheus_client.core import GaugeMetricFamily

from youworker.core.config import config
from youworker.core.metrics.shared import HEARTBEAT
from youworker.core.redis import sync_redis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

# A scrape is short, or it does without what the database knows.
STATEMENT_MS = 2000
# Where Celery keeps the messages of each priority, under the prefix of the settings.
PREFIX = "yw:celery:"
QUEUES = ("celery", *(f"celery\x06\x16{priority}" for priority in (3, 6, 9)))


# Each reads a partial index, however many rows have ended.
RUNS = """
    SELECT status, count(*), extract(epoch FROM now() - min(created_at)) FROM chat_run
    WHERE status IN ('queued', 'running', 'waiting_approval') GROUP BY status
"""
ITEMS = """
    SELECT stage, count(*), extract(epoch FROM now() - min(accepted_at))
    FROM ingestion_ingestionitem WHERE stage IN ('queued', 'parsing', 'embedding') GROUP BY stage
"""
EMBEDDING = """
    SELECT state, count(*), extract(epoch FROM now() - min(created_at))
    FROM documents_embeddingtask GROUP BY state
"""
MODEL_SERVERS = """
    SELECT name, (state <> 'failed')::int FROM chat_modelserver
    WHERE enabled ORDER BY name LIMIT 100
"""
TOOL_SERVERS = """
    SELECT slug, (status <> 'failed')::int FROM mcp_server
    WHERE enabled AND NOT builtin ORDER BY slug LIMIT 100
"""


@transaction.atomic
def read_state() -> list[Metric]:
    """What the database knows; raises what it does when it is away."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {STATEMENT_MS}")
        return [
            *counted_and_aged(
                read_rows(cursor, RUNS),
                ("youworker_active_runs", "Answers that have not ended, by status.", "status"),
                ("queued", "running", "waiting_approval"),
                ("youworker_oldest_queued_run_age_seconds", "Since when a question waits."),
            ),
            *counted_and_aged(
                read_rows(cursor, ITEMS),
                ("youworker_ingestion_items", "Files that are on their way in, by stage.", "stage"),
                ("queued", "parsing", "embedding"),
                ("youworker_ingestion_oldest_item_age_seconds", "Since when a file is to be read."),
            ),
            *counted_and_aged(
                read_rows(cursor, EMBEDDING),
                ("youworker_embedding_tasks", "Documents that lack vectors, by state.", "state"),
                ("queued", "failed"),
                ("youworker_embedding_oldest_task_age_seconds", "Since when one waits for them."),
            ),
            labelled(
                "youworker_model_server_up", "Whether it answered last.", "endpoint",
                read_rows(cursor, MODEL_SERVERS),
            ),
            labelled(
                "youworker_tool_server_up", "Whether it answered last.", "server",
                read_rows(cursor, TOOL_SERVERS),
            ),
        ]  # fmt: skip


def read_rows(cursor: Any, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a statement."""
    cursor.execute(statement)
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def counted_and_aged(
    rows: list[tuple[Any, ...]],
    counted: tuple[str, str, str],
    known: tuple[str, ...],
    aged: tuple[str, str],
) -> Iterator[Metric]:
    """Numbers of rows by a column, and the age of the oldest that has the first value of it."""
    numbers = dict.fromkeys(known, 0) | {value: number for value, number, _ in rows}
    ages = {value: age for value, _, age in rows}
    yield labelled(*counted, list(numbers.items()))
    oldest = max(float(ages.get(known[0], 0.0)), 0.0)
    yield GaugeMetricFamily(*aged, value=oldest)


def labelled(name: str, about: str, label: str, rows: list[tuple[Any, ...]]) -> Metric:
    """One gauge with one label."""
    gauge = GaugeMetricFamily(name, about, labels=(label,))
    for value, number in rows:
        gauge.add_metric((str(value),), float(number))
    return gauge


def up(name: str, *, is_up: bool) -> Metric:
    """Whether a part answers."""
    return GaugeMetricFamily(f"youworker_{name}_up", "1 if it answers.", value=float(is_up))


def count_messages() -> int:
    """How many tasks no worker has taken yet; raises what Redis does."""
    redis = sync_redis()
    return sum(int(redis.llen(f"{PREFIX}{queue}")) for queue in QUEUES)


def read_broker() -> list[Metric]:
    """What waits for a worker, and when one last did something; raises what Redis does."""
    waiting = count_messages()
    seen: Any = sync_redis().get(HEARTBEAT)
    return [
        GaugeMetricFamily(
            "youworker_broker_messages", "Tasks that wait for a worker.", value=waiting
        ),
        GaugeMetricFamily(
            "youworker_worker_last_task_timestamp_seconds",
            "When a worker last ended a task; there is one every ten seconds. 0 = never.",
            value=float(seen or 0),
        ),
    ]


def read_machine() -> Iterator[Metric]:
    """The room for files on this machine."""
    try:
        usage = shutil.disk_usage(config.data_dir)
    except OSError:
        return
    yield GaugeMetricFamily(
        "youworker_disk_free_bytes", "Room where DATA_DIR is.", value=usage.free
    )
    yield GaugeMetricFamily(
        "youworker_disk_size_bytes", "Size of the disk of DATA_DIR.", value=usage.total
    )


def read_pool() -> Iterator[Metric]:
    """The database connections of this process, where it has a pool of them."""
    pool = getattr(connection, "pool", None)
    if pool is None:
        return
    stats = pool.get_stats()
    idle = stats.get("pool_available", 0)
    yield labelled(
        "youworker_database_connections",
        "Connections of this process, by use.",
        "state",
        [("in_use", stats.get("pool_size", 0) - idle), ("idle", idle)],
    )
    yield GaugeMetricFamily(
        "youworker_database_connections_max",
        "The most of them: DATABASE_POOL_SIZE.",
        value=stats.get("pool_max", 0),
    )
    yield GaugeMetricFamily(
        "youworker_database_connections_waiting",
        "Threads that wait for one.",
        value=stats.get("requests_waiting", 0),
    )
