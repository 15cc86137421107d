"""PgBouncer before the database of the tests: with TLS only, or in transaction mode."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.db import connection

from youworker.appliance.embedded.postgres import identity
from youworker.tests.support.outside_servers import (
    PROGRAMS,
    give_away,
    make_certificate,
    running_process,
)
from youworker.tests.support.ports import free_port
from youworker.tests.support.waiting import is_open, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIGURATION = """
[databases]
* = host={host} port={server_port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = 20
ignore_startup_parameters = extra_float_digits
client_tls_sslmode = {tls}
client_tls_cert_file = {folder}/tls_certificate
client_tls_key_file = {folder}/tls_key
"""


@dataclass(frozen=True)
class Pooler:
    """A pooler that runs, and the folder with its certificate."""

    port: int
    folder: Path

    def address(self, *, to: str = "", **options: str) -> str:
        """The URL of the database of the tests, or of another one, through it."""
        name = to or connection.settings_dict["NAME"]
        query = f"?{urlencode(options)}" if options else ""
        return f"postgres://anybody@127.0.0.1:{self.port}/{name}{query}"


@contextmanager
def running_pooler(*, mode: str = "session", tls: str = "disable") -> Iterator[Pooler]:
    """PgBouncer before the server of the tests; `tls` is its `client_tls_sslmode`."""
    program = shutil.which("pgbouncer", path=PROGRAMS)
    assert program, "PgBouncer is missing: tools/servers.sh installs it"
    own, port, known = identity(), free_port(), connection.settings_dict
    # Not pytest's own folder, which is for nobody else: it runs as another account than root.
    with tempfile.TemporaryDirectory(prefix="youworker-pooler-") as name:
        folder = Path(name)
        make_certificate(folder)
        configuration = folder / "pgbouncer.ini"
        configuration.write_text(
            CONFIGURATION.format(
                host=known["HOST"],
                server_port=known["PORT"] or 5432,
                user=known["USER"],
                port=port,
                mode=mode,
                tls=tls,
                folder=folder,
            )
        )
        give_away(folder, own)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([program, str(configuration)], stdout=log, stderr=log, **own)
        with running_process(process, signal.SIGTERM):
            wait_until(lambda: is_open(port))
            yield Pooler(port, folder)
