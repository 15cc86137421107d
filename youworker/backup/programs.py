"""Which `pg_dump` and `pg_restore` backups use, and how those of the wheel speak TLS."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from psycopg import pq

from youworker.appliance.embedded.postgres import VERSION, binary
from youworker.backup.exceptions import BackupRefused
from youworker.core.config import config

LIBRARY = re.compile(r" (/.*/libpq[-.][^/\n]*)$", re.MULTILINE)
NUMBER = re.compile(r"\(PostgreSQL\) (\d+)")
OF_LIBRARY = re.compile(r"PG[A-Z]+")
NO_TLS = "The pg_dump of the embedded server knows no TLS here: name another one by PG_BIN_DIR."


def path_of(program: str) -> str:
    """Where a program lies; raises `BackupRefused` when the operator's folder has none."""
    if not config.backup.programs:
        return binary(program)
    path = Path(config.backup.programs) / program
    if not os.access(path, os.X_OK):
        raise BackupRefused(f"There is no {program} in {config.backup.programs} (PG_BIN_DIR).")
    return str(path)


def environment_of() -> dict[str, str]:
    """What the programs see of ours."""
    found = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
    # What the client library asks the environment for: certificates, and addresses left out.
    found |= {name: value for name, value in os.environ.items() if is_of_library(name)}
    library = None if config.backup.programs else loaded_library()
    if library is not None:
        # The wheel's own client library was built without TLS. Ours has it, and then checks what
        # Django's connections check. Found by its folder: a path may hold no blanks here.
        found |= {"LD_PRELOAD": library.name, "LD_LIBRARY_PATH": str(library.parent)}
    return found


def is_of_library(name: str) -> bool:
    """Whether a variable tells PostgreSQL's client library something, or OpenSSL."""
    return name in {"HOME", "SSL_CERT_FILE", "SSL_CERT_DIR"} or bool(OF_LIBRARY.fullmatch(name))


@cache
def loaded_library() -> Path | None:
    """The client library of this process, where the wheel's programs can use it."""
    if not sys.platform.startswith("linux") or pq.version() // 10_000 < VERSION:
        return None
    found = LIBRARY.search(Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace"))
    path = Path(found[1]) if found else None
    # It may have been replaced since; and a colon would end the name of its folder.
    return path if path and path.is_file() and ":" not in str(path) else None


def without_tls() -> str:
    """What to say where the programs cannot speak TLS; empty where they can."""
    return "" if config.backup.programs or loaded_library() else NO_TLS


@cache
def version_of(program: str) -> int:
    """The major version of a program, by its path; raises `BackupRefused`."""
    asked = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False, env=environment_of()
    )
    found = NUMBER.search(asked.stdout)
    if found is None:
        raise BackupRefused(f"{program} does not say its version.")
    return int(found[1])
