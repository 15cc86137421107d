"""What the installation holds at a moment: memory, threads, descriptors, connections, keys."""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import psutil
import psycopg
import redis

from youworker.appliance.embedded.folders import prepare_socket_dir
from youworker.appliance.embedded.postgres import Postgres
from youworker.appliance.embedded.redis import Redis
from youworker.core.metrics.shared import HASH, HEARTBEAT
from youworker.tests.bench.product import command_of
from youworker.tests.bench.soak.ledger import LoadFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from youworker.tests.bench.product import Product
    from youworker.tests.bench.soak.ledger import Ledger

SAMPLE_SECONDS = 3.0
MEBIBYTE = 2**20
# Each is one child of the supervisor; its own children count with it.
PROCESSES = {"web": "youworker.server", "worker": " worker", "beat": " beat"}
CONNECTIONS = """
    SELECT coalesce(state, 'background'), count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() GROUP BY 1
"""
# The broker's queues and what is bound to them are as many as there are queues.
BROKER_KEYS = "yw:celery:"
# One hash of sums that only grow, with a bound of its own, and one time.
METRICS_KEYS = frozenset((HASH, HEARTBEAT))


@dataclass(frozen=True, slots=True)
class Sample:
    """One look; `pool` is empty when the product did not say."""

    at: float
    memory: dict[str, float]
    web_pid: int
    threads: int
    descriptors: int
    clients: int
    connections: dict[str, int]
    pool: dict[str, int]
    redis_memory: float
    redis_keys: int

    def as_json(self) -> dict[str, Any]:
        """The sample as plain data."""
        return asdict(self)


class Probe:
    """Looks at one installation from outside, over connections of its own."""

    def __init__(self, product: Product, staff_key: str) -> None:
        data_dir = Path(product.environment["DATA_DIR"])
        sockets = prepare_socket_dir(data_dir)
        self.product = product
        self.database = psycopg.connect(
            Postgres(data_dir, sockets, durable=False).url, autocommit=True
        )
        self.redis = redis.Redis.from_url(Redis(data_dir, sockets).url)
        self.headers = {"Authorization": f"Bearer {staff_key}"}

    def close(self) -> None:
        """Close the connections."""
        self.database.close()
        self.redis.close()

    def take_sample(self) -> Sample:
        """Take a sample."""
        # Closed before anything is counted, so that the question is not part of the answer.
        pool = self.ask_for_pool()
        web = self.product.web
        memory = self.redis.info("memory")
        return Sample(
            at=time.monotonic(),
            memory={name: self.memory_of(mark) for name, mark in PROCESSES.items()},
            web_pid=web.pid,
            threads=web.num_threads(),
            descriptors=web.num_fds(),
            clients=sum(self.is_client(each) for each in web.net_connections("tcp")),
            connections={str(state): int(n) for state, n in self.database.execute(CONNECTIONS)},
            pool=pool,
            redis_memory=memory["used_memory"] / MEBIBYTE,
            redis_keys=self.redis.dbsize(),
        )

    def ask_for_pool(self) -> dict[str, int]:
        """What the web process says about its connections; nothing when it does not answer."""
        url = f"{self.product.base_url}/health/detailed"
        try:
            pool: dict[str, int] = httpx2.get(url, headers=self.headers, timeout=30).json()[
                "database"
            ]["pool"]
        except (httpx2.HTTPError, KeyError, ValueError):
            return {}
        return pool

    def is_client(self, connection: Any) -> bool:
        """Whether a connection of the web process is one that somebody opened to it."""
        local = connection.laddr and connection.laddr.port == self.product.port
        return bool(local) and connection.status != psutil.CONN_LISTEN

    def memory_of(self, marker: str) -> float:
        """MiB that a process and its children hold."""
        found = [each for each in self.product.supervisor.children() if marker in command_of(each)]
        families = [[each, *each.children(recursive=True)] for each in found]
        return sum(map(memory_of_process, itertools.chain(*families))) / MEBIBYTE

    def keys_without_end(self) -> list[str]:
        """The keys that nothing will ever remove."""
        names = [name.decode() for name in self.redis.scan_iter(count=1000)]
        return sorted(
            name
            for name in names
            if not name.startswith(BROKER_KEYS)
            and name not in METRICS_KEYS
            and self.redis.ttl(name) == -1
        )


def memory_of_process(process: psutil.Process) -> int:
    """Bytes that a process holds; none when it ended in the meantime."""
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


@contextmanager
def probe_of(product: Product, staff_key: str) -> Iterator[Probe]:
    """Open a probe."""
    probe = Probe(product, staff_key)
    try:
        yield probe
    finally:
        probe.close()


async def take_samples(probe: Probe, ledger: Ledger, seconds: float) -> list[Sample]:
    """Take samples for some time."""
    until = time.monotonic() + seconds
    samples: list[Sample] = []
    while time.monotonic() < until:
        try:
            samples.append(await asyncio.to_thread(probe.take_sample))
        except RuntimeError as error:
            ledger.add_fault(LoadFault(str(error)))
        await asyncio.sleep(SAMPLE_SECONDS)
    return samples
