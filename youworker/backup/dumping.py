"""PostgreSQL's own programs, which come with the embedded server, for any server."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from youworker.appliance.embedded.postgres import binary, last_line
from youworker.backup.exceptions import BackupRefused

if TYPE_CHECKING:
    from pathlib import Path


def dump_database(url: str, snapshot: str, target: Path) -> None:
    """Dump the database as an open transaction sees it; raises `BackupRefused`."""
    options = ["--format=custom", "--compress=zstd:3", "--no-owner", "--no-privileges"]
    run("pg_dump", url, [*options, f"--snapshot={snapshot}", f"--file={target}"])


def restore_database(url: str, dump: Path) -> None:
    """Fill an empty database from a dump, whole or not at all; raises `BackupRefused`."""
    options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    run("pg_restore", url, [*options, str(dump)])


def list_dump(dump: Path) -> int:
    """How many things a dump lists; raises `BackupRefused` for what is no whole dump."""
    command = [binary("pg_restore"), "--list", str(dump)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    if listed.returncode != 0:
        raise BackupRefused(f"The dump cannot be read: {last_line(listed.stderr)}")
    return sum(not line.startswith(";") for line in listed.stdout.splitlines())


def run(program: str, url: str, options: list[str]) -> None:
    """Run a program against a database; no list of processes shows the password."""
    parts = urlsplit(url)
    login = {"PGPASSWORD": unquote(parts.password)} if parts.password else {}
    command = [binary(program), f"--dbname={without_password(url)}", *options]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment() | login
    )
    if done.returncode != 0:
        raise BackupRefused(f"{program} failed: {last_line(done.stderr)}")


def without_password(url: str) -> str:
    """An address that may stand in a list of processes."""
    parts = urlsplit(url)
    user = f"{parts.username}@" if parts.username else ""
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(scheme="postgresql", netloc=f"{user}{host}").geturl()


def environment() -> dict[str, str]:
    """What the programs see of ours."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
