"""PostgreSQL, Redis and nginx as an operator runs them: over TCP, with passwords and TLS."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import psycopg

from youworker.appliance.embedded.postgres import binary, identity
from youworker.appliance.embedded.redis import binary as redis_binary
from youworker.tests.support.containers import DEPLOY, compose, filled
from youworker.tests.support.ports import free_port
from youworker.tests.support.waiting import is_open, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

STOP_SECONDS = 20
CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
    "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 "
    "-keyout tls_key -out tls_certificate"
)

PROGRAMS = "/usr/sbin:/usr/bin:/usr/local/bin"
POOLER = """
[databases]
youworker = host=127.0.0.1 port={postgres} dbname=youworker
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users
pool_mode = session
default_pool_size = 90
client_tls_sslmode = require
client_tls_cert_file = {folder}/tls_certificate
client_tls_key_file = {folder}/tls_key
"""


def make_certificate(folder: Path) -> None:
    """Write `tls_certificate`, signed by itself, and `tls_key` into a folder."""
    subprocess.run(CERTIFICATE.split(), cwd=folder, check=True, capture_output=True)


@contextmanager
def running_process(process: subprocess.Popen[bytes], number: int) -> Iterator[None]:
    """End a process afterwards by the signal it ends at."""
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(number)
        process.wait(STOP_SECONDS)


@contextmanager
def outside_postgres(folder: Path, secrets: Path) -> Iterator[int]:
    """PostgreSQL with the arguments of the file and a password; its port."""
    service = compose()["services"]["postgres"]
    port, own = free_port(), identity()
    folder.mkdir(mode=0o700)
    phrase = folder / "phrase"
    shutil.copy(secrets / "postgres_password", phrase)
    give_away(folder, own)
    cluster = folder / "cluster"
    initial = service["environment"]["POSTGRES_INITDB_ARGS"].split()
    login = ["-U", "youworker", f"--pwfile={phrase}", "--auth=scram-sha-256"]
    line = [binary("initdb"), "-D", str(cluster), *login, *initial]
    subprocess.run(line, check=True, capture_output=True, **own)
    told = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "fsync": "off",
    }
    options = [part for name, value in told.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        line = [binary("postgres"), "-D", str(cluster), *service["command"][1:], *options]
        process = subprocess.Popen(line, stdout=log, stderr=log, **own)
    with running_process(process, signal.SIGINT):
        wait_until(lambda: make_database(port, phrase), despite=(psycopg.OperationalError,))
        yield port


def make_database(port: int, phrase: Path) -> bool:
    """Make the database, as the image does at its first start."""
    with psycopg.connect(
        host="127.0.0.1",
        port=port,
        user="youworker",
        password=phrase.read_text().strip(),
        dbname="postgres",
        autocommit=True,
    ) as connection:
        connection.execute("CREATE DATABASE youworker")
    return True


def give_away(folder: Path, own: dict[str, Any]) -> None:
    """Let a folder be of the account that a server runs as."""
    if "user" in own:
        for path in (folder, *folder.iterdir()):
            os.chown(path, own["user"], own["group"])


@contextmanager
def pooler(folder: Path, secrets: Path, postgres: int) -> Iterator[int]:
    """PgBouncer in session mode before it, which takes TLS only; its port.

    The wheel's PostgreSQL knows no TLS.
    """
    port, own = free_port(), identity()
    folder.mkdir(mode=0o700)
    for name in ("tls_certificate", "tls_key"):
        shutil.copy(secrets / name, folder / name)
    password = (secrets / "postgres_password").read_text().strip()
    (folder / "users").write_text(f'"youworker" "{password}"\n')
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(POOLER.format(port=port, postgres=postgres, folder=folder))
    give_away(folder, own)
    program = shutil.which("pgbouncer", path=PROGRAMS)
    assert program, "PgBouncer is missing: tools/programs.sh servers installs it"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, str(configuration)], stdout=log, stderr=log, **own)
    with running_process(process, signal.SIGTERM):
        wait_until(lambda: is_open(port))
        yield port


@contextmanager
def outside_redis(folder: Path, secrets: Path) -> Iterator[int]:
    """Redis by the command of the file; its port."""
    folder.mkdir()
    port = free_port()
    shell, flag, script = compose()["services"]["redis"]["command"]
    script = filled(script, {}).replace("/tmp", str(folder))  # noqa: S108 -- the container's
    script = script.replace("/run/secrets", str(secrets))
    script = script.replace(
        "requirepass %s\\n", f"requirepass %s\\nbind 127.0.0.1\\nport {port}\\n"
    )
    path = f"{Path(redis_binary()).parent}:/usr/bin:/bin"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [shell, flag, script], env={"PATH": path}, stdout=log, stderr=log
        )
    with running_process(process, signal.SIGTERM):
        wait_until(lambda: is_open(port))
        yield port


class Nginx:
    """nginx with the configuration of `deploy/nginx`."""

    def __init__(self, folder: Path, webs: list[int], *, secrets: Path, gathers: bool) -> None:
        self.folder = folder
        self.port, self.tls_port = free_port(), free_port()
        folder.mkdir()
        told = {
            "CONF_DIR": str(folder),
            "TEMP_DIR": str(folder),
            "PORT": f"127.0.0.1:{self.port}",
            "SCHEME": "",
            "FRONT": "",
            "WEB_SERVERS": " ".join(f"server 127.0.0.1:{port} max_fails=0;" for port in webs),
        }
        text = (DEPLOY / "nginx/nginx.conf.template").read_text()
        # Only what is in capitals, as `envsubst` is told by the file.
        text = re.sub(r"\$\{([A-Z_]+)\}", lambda found: told[found[1]], text)
        self.configuration = folder / "nginx.conf"
        self.configuration.write_text(gathering(text) if gathers else text)
        tls = (DEPLOY / "nginx/tls.conf").read_text().replace("8443", f"127.0.0.1:{self.tls_port}")
        (folder / "tls.conf").write_text(tls.replace("/run/secrets", str(secrets)))

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[Nginx]:
        """Run it; it ends when its last answer is given."""
        program = shutil.which("nginx", path=PROGRAMS)
        assert program, "nginx is missing: tools/programs.sh servers installs it"
        line = [program, "-c", str(self.configuration), "-g", "daemon off;"]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(line, stdout=log, stderr=log)
        with running_process(self.process, signal.SIGTERM):
            wait_until(lambda: is_open(self.port))
            yield self

    def held_bytes(self) -> int:
        """What it has put into files of its own, which have no names."""
        size = 0
        for process in psutil.Process(self.process.pid).children():
            for link in Path(f"/proc/{process.pid}/fd").iterdir():
                with suppress(OSError):
                    if str(link.readlink()).startswith(
                        (f"{self.folder}/body", f"{self.folder}/proxy")
                    ):
                        size += link.stat().st_size
        return size


def gathering(text: str) -> str:
    """The configuration as nginx would be without ours: it gathers what it passes on."""
    large = "proxy_buffer_size 256k; proxy_buffers 8 256k; proxy_busy_buffers_size 512k;"
    text = text.replace(
        "proxy_buffering off;",
        f"proxy_buffering on; {large} proxy_ignore_headers X-Accel-Buffering;",
    )
    # Its default; answers have no chunks then, each of which it would pass on at once.
    text = text.replace("proxy_http_version 1.1;", "proxy_http_version 1.0;")
    return text.replace("proxy_request_buffering off;", "proxy_request_buffering on;")
