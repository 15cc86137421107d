"""Dumping and filling a database, with PostgreSQL's own programs."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from psycopg.conninfo import make_conninfo

from youworker.appliance.embedded.postgres import last_line
from youworker.backup.addresses import address_for_programs
from youworker.backup.exceptions import BackupRefused
from youworker.backup.programs import environment_of, path_of, without_tls

if TYPE_CHECKING:
    from pathlib import Path


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
    command = [path_of("pg_restore"), "--list", str(dump)]
    listed = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment_of()
    )
    if listed.returncode != 0:
        raise BackupRefused(f"The dump cannot be read: {last_line(listed.stderr)}")
    return sum(not line.startswith(";") for line in listed.stdout.splitlines())


def run(program: str, options: list[str]) -> None:
    """Run a program against the database; no list of processes shows the password."""
    given = address_for_programs()
    login = {"PGPASSWORD": given.pop("password")} if given.get("password") else {}
    command = [path_of(program), f"--dbname={make_conninfo(**given)}", *options]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment_of() | login
    )
    if done.returncode != 0:
        told = f"{program} failed: {last_line(done.stderr)}"
        raise BackupRefused(f"{told} {without_tls()}".strip())
