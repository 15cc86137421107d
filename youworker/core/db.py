"""Database connections: how many each kind of work may hold, and what is done with them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from channels.db import DatabaseSyncToAsync
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection

from youworker.core.config import config
from youworker.core.exceptions import DATABASE_AWAY, DATABASE_FULL

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db import DatabaseError

P = ParamSpec("P")
R = TypeVar("R")

# Leases, ends of runs and access checks are short; each takes milliseconds.
VITAL_THREADS = 3
# One for health checks, one for the thread in which asgiref runs what belongs to no request.
OTHER_CONNECTIONS = 2
# SQLSTATEs of limits that a value exceeds ("string is too long for tsvector"): the driver sorts
# them with servers that are away.
LIMIT_EXCEEDED = "54"
# Those of connections that failed, and of servers that stop, start or were ended.
AWAY = ("08", "57P")
DISK_FULL = "53100"


@dataclass(frozen=True, slots=True)
class Lanes:
    """How many connections each kind of work may hold at once; together they are the pool."""

    requests: int
    work: int
    vital: int = VITAL_THREADS
    others: int = OTHER_CONNECTIONS


def divide_pool(size: int) -> Lanes:
    """The lanes of a pool: because each is bounded, nobody ever waits for the pool itself."""
    shared = size - VITAL_THREADS - OTHER_CONNECTIONS
    work = max(1, shared * 2 // 5)
    return Lanes(requests=shared - work, work=work)


executors: dict[str, ThreadPoolExecutor] = {}
# Threads do not survive a fork, and a child that believed in them would wait for ever.
os.register_at_fork(after_in_child=executors.clear)


async def run_in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run synchronous database code in a thread and give its connection back afterwards.

    Not thread-sensitive: one slow query must not hold up every stream of the process.
    """
    executor = threads_of("work", divide_pool(config.database.pool_size).work)
    call = DatabaseSyncToAsync(function, thread_sensitive=False, executor=executor)
    result: R = await call(*args, **kwargs)
    return result


async def run_in_vital_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do what `run_in_thread` does, with threads and connections that other work cannot occupy.

    For what is short, bounded in number, and ends answers or access when it comes too late.
    """
    executor = threads_of("vital", VITAL_THREADS)
    call = DatabaseSyncToAsync(function, thread_sensitive=False, executor=executor)
    result: R = await call(*args, **kwargs)
    return result


def threads_of(lane: str, number: int) -> ThreadPoolExecutor:
    """The threads of a lane, which are started as they are needed."""
    if lane not in executors:
        executors[lane] = ThreadPoolExecutor(number, thread_name_prefix=f"database-{lane}")
    return executors[lane]


def end_threads() -> None:
    """Wait for what the threads of all lanes still do, and end them."""
    while executors:
        executors.popitem()[1].shutdown()


def relax_durability() -> None:
    """Let this transaction commit without waiting for the disk.

    For what is done again when the database crashes before the write, as if the transaction had
    never been: everything it says has to be in it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO OFF")


def is_refused_value(error: DatabaseError) -> bool:
    """Whether PostgreSQL refused what was to be stored, rather than was away.

    Trying for ever would not help, as it does when a database comes back.
    """
    if isinstance(error, DataError | IntegrityError):
        return True
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return state.startswith(LIMIT_EXCEEDED)


def is_away(error: BaseException | None) -> bool:
    """Whether the database was not reached or went away: what was asked may be asked again."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith(AWAY)


def refusal_by(error: BaseException | None) -> str | None:
    """What to tell people about a database that is away or full; none about any other error."""
    if is_away(error):
        return DATABASE_AWAY
    is_full = getattr(getattr(error, "__cause__", None), "sqlstate", None) == DISK_FULL
    return DATABASE_FULL if is_full else None
