"""Writing an installation into one file, and reading it into an empty data directory."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any

from youworker.appliance.embedded import postgres
from youworker.appliance.embedded.folders import prepare_data_dir, prepare_socket_dir

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FOLDERS = ("files", "exports", "audit", "secrets")
DUMP, FACTS = "database.sql", "facts.json"


def save_installation(data_dir: Path, archive: Path, facts: Mapping[str, Any]) -> None:
    """Write the installation whose servers run in `data_dir` into `archive`."""
    dumped = run_program("pg_dump", prepare_socket_dir(data_dir), "--no-owner", "--no-privileges")
    with tarfile.open(archive, "w:xz", preset=9) as tar:
        add_file(tar, DUMP, dumped)
        add_file(tar, FACTS, json.dumps(facts, indent=1, sort_keys=True).encode())
        for folder in FOLDERS:
            if (data_dir / folder).exists():
                tar.add(data_dir / folder, folder, filter=without_owner)


def restore_installation(
    archive: Path, data_dir: Path, *, replace: Mapping[str, str]
) -> dict[str, Any]:
    """Restore an archive into an empty directory and stop its servers again; its facts.

    `replace` holds words of the dump that are different here, such as the port of a provider.
    """
    with tarfile.open(archive) as tar:
        tar.extractall(prepare_data_dir(data_dir), filter="data")
    sql = (data_dir / DUMP).read_text()
    for former, present in replace.items():
        sql = sql.replace(former, present)
    sockets = prepare_socket_dir(data_dir)
    server = postgres.Postgres(data_dir, sockets, durable=False)
    try:
        server.ensure_running()
        server.create_database()
        run_program("psql", sockets, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-1", given=sql.encode())
    finally:
        server.stop()
    facts: dict[str, Any] = json.loads((data_dir / FACTS).read_text())
    return facts


def run_program(program: str, sockets: Path, *options: str, given: bytes | None = None) -> bytes:
    """What one of PostgreSQL's programs prints."""
    where = ["-h", str(sockets / "pg"), "-U", postgres.SUPERUSER, "-d", postgres.DATABASE]
    done = subprocess.run(
        [postgres.binary(program), *where, *options], input=given, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{program}: {done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout


def add_file(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    """Add a file that is in memory."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    tar.addfile(entry, io.BytesIO(content))


def without_owner(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """The entry, without the names of whoever made the archive."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry
