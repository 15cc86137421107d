"""PostgreSQL's own programs, which come with the embedded server, for any server."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

from django.db import connection
from psycopg.conninfo import make_conninfo

from youworker.appliance.embedded.postgres import binary, last_line
from youworker.backup.exceptions import BackupRefused

if TYPE_CHECKING:
    from pathlib import Path

WHERE = (
    *("host", "port", "user", "password", "dbname"),
    *("sslmode", "sslrootcert", "sslcert", "sslkey"),
)


def dump_database(snapshot: str, target: Path) -> None:
    """Dump the database as an open transaction sees it; raises `BackupRefused`."""
    options = ["--format=custom", "--compress=gzip:3", "--no-owner", "--no-privileges"]
    run("pg_dump", [*options, f"--snapshot={snapshot}", f"--file={target}"])


def restore_database(dump: Path) -> None:
    """Fill an empty database from a dump, whole or not at all; raises `BackupRefused`."""
    options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    run("pg_restore", [*options, str(dump)])


def list_dump(dump: Path) -> int:
    """How many things a dump lists; raises `BackupRefused` for what is no whole dump."""
    command = [binary("pg_restore"), "--list", str(dump)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    if listed.returncode != 0:
        raise BackupRefused(f"The dump cannot be read: {last_line(listed.stderr)}")
    return sum(not line.startswith(";") for line in listed.stdout.splitlines())


def run(program: str, options: list[str]) -> None:
    """Run a program against the database; no list of processes shows the password."""
    given = {name: str(value) for name, value in address().items()}
    login = {"PGPASSWORD": given.pop("password")} if given.get("password") else {}
    command = [binary(program), f"--dbname={make_conninfo(**given)}", *options]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment() | login
    )
    if done.returncode != 0:
        raise BackupRefused(f"{program} failed: {last_line(done.stderr)}")


def address() -> dict[str, Any]:
    """Where the database is, in the words of the client library."""
    parameters = connection.get_connection_params()
    return {name: parameters[name] for name in WHERE if parameters.get(name)}


def environment() -> dict[str, str]:
    """What the programs see of ours."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
