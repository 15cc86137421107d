"""Connections that end while nobody uses them, and the times they bring."""

import copy
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import DataError, OperationalError, connection
from django.db.backends.postgresql.psycopg_any import BaseTzLoader

from youworker.core.postgres import base
from youworker.core.postgres.base import DatabaseWrapper, TimeLoader, adapters_for

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

    # A third one may stand in for the dead one before anybody asks.
    found = {process_of(one) for one in (pooled(), pooled())}
    assert alive in found
    assert dead not in found


def test_a_server_that_is_away_is_an_error_of_the_database(pooled):
    one = pooled()
    one.settings_dict["OPTIONS"]["pool"]["timeout"] = 0.5
    one.settings_dict["PORT"] = "1"

    with pytest.raises(OperationalError):
        process_of(one)


@pytest.mark.parametrize(("seconds", "looks"), [(60.0, 1), (0.0, 3)])
def test_a_connection_that_answered_a_moment_ago_is_believed(pooled, monkeypatch, seconds, looks):
    monkeypatch.setattr(base, "BELIEVED_SECONDS", seconds)
    asked, check = [], base.ConnectionPool.check_connection
    monkeypatch.setattr(
        base.ConnectionPool, "check_connection", lambda one: asked.append(one) or check(one)
    )
    one = pooled()

    processes = set()
    for _ in range(3):
        processes.add(process_of(one))
        one.close()

    assert (len(processes), len(asked)) == (1, looks)


TIMES = [
    "2026-11-26 08:12:03.1234+00",
    "2026-11-26 08:12:03+00",
    "2026-11-26 08:12:03.000001+02:30",
    "1969-12-31 23:59:59.999999-11",
    "1900-01-01 00:00:00+00",
    "0001-01-01 00:00:00+00",
    "9999-12-31 23:59:59.999999+00",
]


def stored(text):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        return cursor.fetchone()[0]


@pytest.mark.parametrize("text", TIMES)
def test_times_are_what_the_driver_makes_of_them(db, text):
    found = stored(text)

    assert found == datetime.fromisoformat(text)
    assert found.tzinfo is UTC


@pytest.mark.parametrize("text", ["infinity", "-infinity", "0044-03-15 12:00 BC", "12000-01-01"])
def test_times_python_does_not_have_are_refused_by_the_driver(db, text):
    with pytest.raises(DataError):
        stored(text)


@pytest.mark.parametrize("style", ["SQL", "German", "Postgres"])
def test_another_style_of_dates_is_not_misread(db, style):
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL datestyle TO '{style}, DMY'")
        with pytest.raises(NotImplementedError):
            stored("2026-11-03 08:12:03+00")


def test_a_connection_of_another_zone_gives_its_own_times(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone TO 'Asia/Kathmandu'")

    assert stored("2026-11-26 08:12:03+00") == datetime(2026, 11, 26, 8, 12, 3, tzinfo=UTC)


def test_only_times_are_read_in_another_way(db):
    adapters = connection.connection.adapters
    oid = psycopg.adapters.types["timestamptz"].oid

    assert adapters is adapters_for(UTC) or adapters.get_loader(oid, psycopg.pq.Format.TEXT)
    assert issubclass(adapters.get_loader(oid, psycopg.pq.Format.TEXT), TimeLoader)
    assert issubclass(TimeLoader, BaseTzLoader)
