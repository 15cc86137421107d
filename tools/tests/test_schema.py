"""A new database begins with the tables that the migrations make, and says which of them ran."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import psycopg
import pytest
from django.db.migrations.loader import MigrationLoader

from tools.schema import dump_schema
from youworker.appliance.embedded.postgres import SCHEMA, create_tables
from youworker.core.config import BASE_DIR

# So many more are run by each first start.
MOST_BEHIND = 12

LISTED = {
    (app, name)
    for app, name in re.findall(r"^\('(\w+)', '(\w+)', now\(\)\)", SCHEMA.read_text(), re.MULTILINE)
}


@pytest.fixture
def new_database():
    """Makes an empty database beside that of the tests; its URL."""
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    made = []

    def execute(statement):
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(statement)

    def create(name):
        execute(f"CREATE DATABASE {name}")
        made.append(name)
        return f"{server}/{name}"

    yield create
    for name in made:
        execute(f"DROP DATABASE {name}")


def migrate(url):
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"],
        cwd=BASE_DIR,
        env={**os.environ, "DATABASE_URL": url},
        check=True,
    )


def contents(url):
    """How many rows each table has that the tests did not fill."""
    counted = "SELECT count(*) FROM {}"
    tables = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = %s"
    with psycopg.connect(url) as connection:
        names = connection.execute(tables + "::regnamespace ORDER BY 1", ["public"]).fetchall()
        return {name: connection.execute(counted.format(name)).fetchone() for (name,) in names}


@pytest.mark.slow
def test_it_is_what_the_migrations_make(new_database, monkeypatch, tmp_path):
    by_migrations, by_schema = new_database("by_migrations"), new_database("by_schema")
    with psycopg.connect(by_schema) as connection:
        create_tables(connection)

    def written_again(url):
        # PostgreSQL writes some conditions differently once more, and then no more.
        monkeypatch.setattr("youworker.appliance.embedded.postgres.SCHEMA", tmp_path / "schema.sql")
        (tmp_path / "schema.sql").write_text(dump_schema(url))
        copy = new_database(f"{url.rpartition('/')[2]}_copy")
        with psycopg.connect(copy) as connection:
            create_tables(connection)
        return dump_schema(copy).splitlines()

    migrate(by_migrations)
    migrate(by_schema)

    assert written_again(by_schema) == written_again(by_migrations)
    assert contents(by_schema) == contents(by_migrations)


def test_its_migrations_exist_and_few_are_newer():
    loader = MigrationLoader(None, replace_migrations=False)
    known = set(loader.disk_migrations)

    assert not LISTED - known, "run `make schema`"
    assert len(known - LISTED) <= MOST_BEHIND, "run `make schema`"


def test_half_of_it_is_nothing(new_database, monkeypatch, tmp_path):
    broken = tmp_path / "schema.sql"
    broken.write_text("CREATE TABLE first_one (id integer);\nCREATE TABLE wrong;\n")
    monkeypatch.setattr("youworker.appliance.embedded.postgres.SCHEMA", broken)
    url = new_database("half_made")

    with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.SyntaxError):
        create_tables(connection)

    assert contents(url) == {}
