"""Migrations fit the models, and none of them holds a table that everybody uses for long."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

SQUAWK = Path(sys.executable).with_name("squawk")
# What makes other statements wait for as long as a table is large, or takes from the version before
# what it still reads: while processes are restarted one after the other, both are at work.
RULES = {
    "adding-field-with-default",
    "adding-foreign-key-constraint",
    "adding-not-nullable-field",
    "adding-required-field",
    "adding-serial-primary-key-field",
    "ban-drop-column",
    "ban-drop-table",
    "changing-column-type",
    "constraint-missing-not-valid",
    "disallowed-unique-constraint",
    "renaming-column",
    "renaming-table",
    "require-concurrent-index-creation",
    "require-concurrent-index-deletion",
}
# The last migrations of each app from before this rule, which installations have run.
BEFORE = {
    "accounts": 12,
    "chat": 18,
    "common": 4,
    "documents": 14,
    "groups": 6,
    "ingestion": 10,
    "mcp": 5,
    "quotas": 5,
}
# What is known to be harmless, as {(app, migration): ({rule}, reason)}.
EXCUSED: dict[tuple[str, str], tuple[set[str], str]] = {
    ("chat", "0019_files_of_tool_results"): (
        {"adding-foreign-key-constraint", "require-concurrent-index-creation"},
        "The table came with the same version: there is no installation with rows in it.",
    ),
}


def broken_rules(sql, *, is_atomic=True):
    """The rules that statements break, each with the line that does it."""
    options = ["--pg-version=18.0", "--reporter=json", "--stdin-filepath=migration.sql"]
    if is_atomic:
        options.append("--assume-in-transaction")
    done = subprocess.run(
        [SQUAWK, *options], input=sql, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    return {(one["rule_name"], one["line"]) for one in found if one["rule_name"] in RULES}


def is_new(app, name):
    return app in own_apps() and int(name[:4]) > BEFORE.get(app, 0)


def own_apps():
    return {each.label for each in apps.get_app_configs() if "site-packages" not in each.path}


@pytest.mark.django_db
def test_the_models_need_no_migration_that_is_not_there():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


# What is done concurrently cannot be written out within a transaction.
@pytest.mark.django_db(transaction=True)
def test_new_migrations_hold_no_table_for_long():
    loader = MigrationLoader(connection)
    troubles = {}
    for key, migration in loader.graph.nodes.items():
        if not is_new(*key):
            continue
        sql = "\n".join(loader.collect_sql([(migration, False)]))
        found = broken_rules(sql, is_atomic=migration.atomic)
        excused = EXCUSED.get(key, (set(), ""))[0]
        if left := sorted(rule for rule, _ in found if rule not in excused):
            troubles[key] = left

    assert troubles == {}, "see SeparateDatabaseAndState, AddIndexConcurrently and NOT VALID"


@pytest.mark.parametrize(
    ("sql", "rules"),
    [
        ("CREATE INDEX i ON chat_message (role);", {"require-concurrent-index-creation"}),
        ("ALTER TABLE chat_run DROP COLUMN model;", {"ban-drop-column"}),
        ("ALTER TABLE chat_run ALTER COLUMN model TYPE int;", {"changing-column-type"}),
        ("ALTER TABLE chat_run RENAME COLUMN model TO m;", {"renaming-column"}),
        (
            "ALTER TABLE chat_run ADD COLUMN a int;"
            " ALTER TABLE chat_run ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES accounts_user (id);",
            {"adding-foreign-key-constraint", "constraint-missing-not-valid"},
        ),
        ("CREATE TABLE t (a int); CREATE INDEX i ON t (a);", set()),
        ("ALTER TABLE chat_run ADD COLUMN a int DEFAULT 3 NOT NULL;", set()),
    ],
)
def test_the_rules_are_looked_at(sql, rules):
    assert {rule for rule, _ in broken_rules(sql)} == rules


def test_indexes_are_made_beside_the_work_outside_of_transactions():
    sql = "CREATE INDEX CONCURRENTLY i ON chat_message (role);"

    assert broken_rules(sql, is_atomic=False) == set()
