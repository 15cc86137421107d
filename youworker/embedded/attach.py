"""Start or join the embedded servers and tell this process where they are."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured

from youworker.common.config import Config, load_config
from youworker.embedded import postgres, redis
from youworker.embedded.folders import prepare_data_dir, prepare_socket_dir
from youworker.embedded.refusal import StartupRefused
from youworker.embedded.secrets import export_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def attached(*, durable: bool = True) -> Iterator[None]:
    """Export the servers' URLs for the duration; the last one to leave stops the servers.

    `durable=False` trades crash safety for speed and is meant for test databases.
    Raises `StartupRefused` when a server cannot be started.
    """
    try:
        config = load_config()
    except ImproperlyConfigured as error:
        raise StartupRefused(str(error)) from error
    if config.database.url and config.database.redis_url:
        yield
        return
    with refusing(config):
        servers = Servers(config, durable=durable)
    try:
        with refusing(config):
            servers.join()
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
        raise StartupRefused(f"cannot use {config.data_dir}: {error.strerror}") from error


def ensure_running() -> None:
    """Restart an embedded server that died; nothing happens for external ones."""
    if Servers.current is not None:
        Servers.current.start()


class Servers:
    """The embedded servers of one data directory, as seen by this process."""

    current: Servers | None = None

    def __init__(self, config: Config, *, durable: bool) -> None:
        self.data_dir = prepare_data_dir(config.data_dir)
        self.sockets = prepare_socket_dir(self.data_dir)
        self.durable = durable
        self.postgres = not config.database.url
        self.redis = not config.database.redis_url
        self.users = open_lock(self.data_dir / "users.lock")

    def join(self) -> None:
        """Count this process as a user and make sure that the servers run."""
        with self.changing():
            fcntl.flock(self.users, fcntl.LOCK_SH)
            self.start_locked()
        if self.postgres:
            export_secrets(self.data_dir)
            os.environ["DATABASE_URL"] = postgres.url(self.sockets)
        if self.redis:
            os.environ["REDIS_URL"] = redis.url(self.sockets)
        os.environ["DATA_DIR"] = str(self.data_dir)
        Servers.current = self

    def start(self) -> None:
        """Start what does not run."""
        with self.changing():
            self.start_locked()

    def start_locked(self) -> None:
        """Start what does not run; the caller holds the lock."""
        if self.postgres:
            postgres.start(self.data_dir, self.sockets, durable=self.durable)
        if self.redis:
            redis.start(self.data_dir, self.sockets)

    def leave(self) -> None:
        """Stop counting this process, and stop the servers when it was the last."""
        Servers.current = None
        with self.changing():
            # Kernel locks end with their process, so a killed user never counts.
            fcntl.flock(self.users, fcntl.LOCK_UN)
            with suppress(BlockingIOError):
                fcntl.flock(self.users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self.redis:
                    redis.stop(self.sockets)
                if self.postgres:
                    postgres.stop(self.data_dir)
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


def open_lock(path: Path) -> int:
    """A descriptor to lock; children do not inherit it."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
