"""Locks that have names."""

import re

import pytest
from django.db import connection, transaction

from youworker.core.sql import lock_names

HELD = """
    SELECT mode FROM pg_locks
    WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted ORDER BY mode
"""


def held_locks():
    with connection.cursor() as cursor:
        cursor.execute(HELD)
        return [mode for (mode,) in cursor.fetchall()]


@pytest.mark.django_db(transaction=True)
def test_names_are_locked_until_the_commit():
    with transaction.atomic():
        lock_names("b", "a", "b")
        assert held_locks() == ["ExclusiveLock", "ExclusiveLock"]

    assert held_locks() == []


@pytest.mark.django_db(transaction=True)
def test_a_shared_lock_is_one_that_others_may_share():
    with transaction.atomic():
        lock_names("a", shared=True)
        assert held_locks() == ["ShareLock"]


def test_names_are_locked_in_one_order_and_one_statement(django_assert_num_queries, db):
    with django_assert_num_queries(1) as queries:
        lock_names("name:b", "name:c", "name:a")

    assert re.findall(r"name:\w", queries.captured_queries[0]["sql"]) == [
        "name:a",
        "name:b",
        "name:c",
    ]
