"""The schema that a new embedded database begins with: `python -m tools.schema` writes it anew.

All migrations run on an empty database, and what they made is dumped. Migrations that come later
run on top of it, so it may be behind; a start is slower then, and nothing else.
"""

from __future__ import annotations

import os
import subprocess
import tempfile

import psycopg

from youworker.appliance.embedded import attached
from youworker.appliance.embedded.postgres import SCHEMA, SUPERUSER, binary

DATABASE = "migrated"
# What a session is told, what only its owner may say, and what the client program understands.
LEFT_OUT = ("--", "SET ", "SELECT pg_catalog.set_config", "COMMENT ON EXTENSION", "\\")
NAMES = "SELECT app, name FROM django_migrations ORDER BY app, name"
ROWS = "INSERT INTO public.django_migrations (app, name, applied) VALUES\n"


def main() -> None:
    """Migrate an empty database, and write down what it is like."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="youworker-schema-") as folder:
        os.environ.update(DATA_DIR=folder, DJANGO_SETTINGS_MODULE="youworker.settings")
        with attached(durable=False):
            url = os.environ["DATABASE_URL"]
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {DATABASE}")
            os.environ["DATABASE_URL"] = f"{url.rpartition('/')[0]}/{DATABASE}"
            migrate()
            SCHEMA.write_text(dump_schema(os.environ["DATABASE_URL"]))


def migrate() -> None:
    """Run all migrations; imported late because settings are read on import."""
    import django  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    connection.close()


def dump_schema(url: str) -> str:
    """The statements that make the tables of a migrated database, and say which migrations ran."""
    options = ["--schema-only", "--no-owner", "--no-privileges", "--dbname", url]
    dumped = subprocess.run(  # noqa: S603
        [binary("pg_dump"), "--username", SUPERUSER, *options],
        check=True,
        capture_output=True,
        text=True,
    )
    lines = [line for line in dumped.stdout.splitlines() if not line.startswith(LEFT_OUT)]
    statements = "\n".join(line for line in lines if line)
    with psycopg.connect(url) as connection:
        rows = ",\n".join(f"('{app}', '{name}', now())" for app, name in connection.execute(NAMES))
    return f"{statements}\n{ROWS}{rows};\n"


if __name__ == "__main__":
    main()
