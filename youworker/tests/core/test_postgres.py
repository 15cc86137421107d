"""Connections that end while nobody uses them."""

import copy

import pytest
from django.db import OperationalError, connection

from youworker.core.postgres.base import DatabaseWrapper

SIZE = 8


@pytest.fixture
def pooled(db):
    """Makes connections of one pool, as the web process has it."""
    options = copy.deepcopy(connection.settings_dict)
    options["OPTIONS"]["pool"] = {"min_size": 0, "max_size": SIZE, "timeout": 5}
    made = []

    def make():
        made.append(DatabaseWrapper(options, alias="default"))
        return made[-1]

    yield make
    for each in made:
        each.close()
    made[0].close_pool()


def process_of(one):
    with one.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def end(processes):
    """End these server processes, as a restart does; returns when they are gone."""
    with connection.cursor() as cursor:
        for process in processes:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [process])
            assert cursor.fetchone() == (True,)


def test_a_pool_whose_connections_all_died_gives_live_ones(pooled):
    before = [pooled() for _ in range(SIZE)]
    dead = {process_of(each) for each in before}
    for each in before:
        each.close()
    end(dead)

    after = [pooled() for _ in range(SIZE)]
    alive = {process_of(each) for each in after}

    assert len(dead) == len(alive) == SIZE
    assert not dead & alive


def test_one_dead_connection_does_not_end_the_others(pooled):
    first, second = pooled(), pooled()
    dead, alive = process_of(first), process_of(second)
    for each in (first, second):
        each.close()
    end([dead])

    assert {process_of(pooled()), alive} - {dead} == {alive}


def test_a_server_that_is_away_is_an_error_of_the_database(pooled):
    one = pooled()
    one.settings_dict["OPTIONS"]["pool"]["timeout"] = 0.5
    one.settings_dict["PORT"] = "1"

    with pytest.raises(OperationalError):
        process_of(one)
