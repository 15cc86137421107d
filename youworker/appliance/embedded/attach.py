"""Start or join the embedded servers and tell this process where they are."""

from __future__ import annotations

import fcntl
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured

from youworker.appliance.embedded.exceptions import NotReady, StartupRefused
from youworker.appliance.embedded.folders import prepare_data_dir, prepare_socket_dir
from youworker.appliance.embedded.locks import open_lock
from youworker.appliance.embedded.obstacles import refusal_of
from youworker.appliance.embedded.postgres import Postgres
from youworker.appliance.embedded.redis import Redis
from youworker.appliance.embedded.secrets import export_secrets
from youworker.appliance.embedded.server import LAUNCH_SECONDS, LONGEST_SILENCE
from youworker.core.config import Config
from youworker.core.files import try_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from youworker.appliance.embedded.server import EmbeddedServer

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.2
# For whoever can do without the servers; a new database takes a few seconds.
LONGEST_WAIT = 10.0


@contextmanager
def attached(
    *,
    durable: bool = True,
    required: bool = True,
    meanwhile: Callable[[], object] = lambda: None,
) -> Iterator[None]:
    """Export the servers' URLs for the duration; the last one to leave stops the servers.

    `durable=False` trades crash safety for speed and is meant for test databases. `meanwhile` runs
    in this thread while the servers start: it may read the URLs, and not use the servers.
    Raises `StartupRefused` when a server cannot be started; unless they are `required`, that is
    only logged, for whoever wants to say what else is wrong.
    """
    try:
        config = Config.from_env()
    except ImproperlyConfigured as error:
        raise StartupRefused(str(error)) from error
    if config.database.url and config.database.redis_url:
        meanwhile()
        yield
        return
    with refusing(config):
        servers = Servers(config, durable=durable)
    try:
        with refusing(config):
            servers.join(meanwhile, required=required)
        yield
    finally:
        # Also after half a start: what did come up must not be left behind.
        servers.leave()


@contextmanager
def refusing(config: Config) -> Iterator[None]:
    """Turn trouble with the data directory into one line for the operator."""
    try:
        yield
    except OSError as error:
        raise refusal_of(error, config.data_dir) from error


def ensure_running() -> None:
    """Look after the embedded servers once; nothing happens for external ones.

    Raises `NotReady` while one is alive but does not serve, `StartupRefused` for one that fails.
    """
    if Servers.current is not None:
        Servers.current.start()


def stop_waiting() -> None:
    """Let no thread wait for a server's start any more."""
    if Servers.current is not None:
        Servers.current.give_up()


class Servers:
    """The embedded servers of one data directory, as seen by this process."""

    current: Servers | None = None

    def __init__(self, config: Config, *, durable: bool) -> None:
        self.data_dir = prepare_data_dir(config.data_dir)
        sockets = prepare_socket_dir(self.data_dir)
        self.postgres = self.redis = None
        if not config.database.url:
            self.postgres = Postgres(self.data_dir, sockets, durable=durable)
        if not config.database.redis_url:
            self.redis = Redis(self.data_dir, sockets)
        found: list[EmbeddedServer | None] = [self.postgres, self.redis]
        self.servers = [server for server in found if server is not None]
        self.users = open_lock(self.data_dir / "users.lock")

    def join(
        self, meanwhile: Callable[[], object] = lambda: None, *, required: bool = True
    ) -> None:
        """Count this process as a user and make sure that the servers run."""
        with self.changing():
            fcntl.flock(self.users, fcntl.LOCK_SH)
        self.export_urls()
        with ThreadPoolExecutor(1) as threads:
            serving = threads.submit(self.serve)
            try:
                meanwhile()
            except BaseException:
                self.give_up()
                raise
            if not required:
                wait([serving], timeout=LONGEST_WAIT)
                self.give_up()
        if required or not isinstance(serving.exception(), StartupRefused):
            serving.result()
        else:
            logger.warning("youworker: %s", serving.exception())
        Servers.current = self

    def export_urls(self) -> None:
        """Say where the servers are, or will be, and where their secrets are."""
        if self.postgres:
            export_secrets(self.data_dir)
            os.environ["DATABASE_URL"] = self.postgres.url
        if self.redis:
            os.environ["REDIS_URL"] = self.redis.url
        os.environ["DATA_DIR"] = str(self.data_dir)

    def serve(self) -> None:
        """Start what does not run, and make the database of a new cluster."""
        self.start_patiently()
        if self.postgres:
            with self.changing():
                # After a crash in between the database stays empty, and migrations fill it.
                if self.postgres.create_database():
                    self.postgres.create_tables()

    def start_patiently(self) -> None:
        """Return when all servers serve; one that is busy may take its time, a silent one not."""
        said = ""
        deadline = time.monotonic() + LONGEST_SILENCE + LAUNCH_SECONDS
        while True:
            try:
                return self.start()
            except NotReady as reason:
                now = time.monotonic()
                if reason.busy:
                    deadline = now + LONGEST_SILENCE + LAUNCH_SECONDS
                elif now > deadline:
                    raise
                if any(server.given_up.is_set() for server in self.servers):
                    raise
                if said != str(reason):
                    said = str(reason)
                    logger.warning("youworker: %s; waiting", said)
            time.sleep(LOOK_SECONDS)

    def start(self) -> None:
        """Start what does not run; raises the first trouble after all were looked at."""
        trouble: StartupRefused | None = None
        with self.changing():
            for server in self.servers:
                try:
                    server.ensure_running()
                except StartupRefused as refusal:
                    trouble = trouble or refusal
        if trouble:
            raise trouble

    def give_up(self) -> None:
        """Wait for no start any more."""
        for server in self.servers:
            server.given_up.set()

    def leave(self) -> None:
        """Stop counting this process, and stop the servers when it was the last."""
        Servers.current = None
        with self.changing():
            # Kernel locks end with their process, so a killed user never counts.
            fcntl.flock(self.users, fcntl.LOCK_UN)
            if try_lock(self.users):
                # One that cannot be ended keeps no other running.
                with ExitStack() as ends:
                    for server in self.servers:
                        ends.callback(server.stop)
        os.close(self.users)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Let one process at a time start or stop servers."""
        lock = open_lock(self.data_dir / "start.lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)
