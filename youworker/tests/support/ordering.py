"""Two acts on connections of their own, the second in the middle of the first."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from django.db import connection, transaction

if TYPE_CHECKING:
    from collections.abc import Callable

# Somebody waits for a lock that another transaction of this database holds.
WAITING = """
    SELECT EXISTS (SELECT FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock')
"""
POLL_SECONDS = 0.02


def run_in_order(
    first: Callable[[], object], second: Callable[[], object]
) -> list[type[BaseException] | None]:
    """What `first` and `second` raised, if anything.

    The second begins when the first has done everything but commit; the first commits as soon
    as the second waits for a lock, or is over. So nobody is lucky, however busy the machine is.
    """
    done, commit, over = threading.Event(), threading.Event(), threading.Event()
    raised: list[type[BaseException] | None] = [None, None]

    def carry_out_first() -> None:
        try:
            with transaction.atomic():
                first()
                done.set()
                commit.wait()
        except BaseException as error:  # noqa: BLE001 -- the test looks at it
            raised[0] = type(error)
        finally:
            done.set()
            connection.close()

    def carry_out_second() -> None:
        try:
            second()
        except BaseException as error:  # noqa: BLE001 -- the test looks at it
            raised[1] = type(error)
        finally:
            over.set()
            connection.close()

    threads = [threading.Thread(target=act) for act in (carry_out_first, carry_out_second)]
    threads[0].start()
    done.wait()
    threads[1].start()
    while not over.wait(POLL_SECONDS) and not somebody_waits():
        pass
    commit.set()
    for thread in threads:
        thread.join()
    return raised


def somebody_waits() -> bool:
    """Whether a connection waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])
