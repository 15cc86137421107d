"""Processes of a running product: what they were told, and letting them hang."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from youworker.appliance.embedded.locks import ServerLock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from youworker.tests.bench.product import Product


@contextmanager
def hanging(processes: Sequence[psutil.Process]) -> Iterator[None]:
    """Let processes sleep meanwhile."""
    if not processes:
        raise RuntimeError("nothing to be put to sleep")
    try:
        for each in processes:
            # A connection may have ended since they were looked for.
            with suppress(psutil.NoSuchProcess):
                each.suspend()
        yield
    finally:
        for each in processes:
            with suppress(psutil.NoSuchProcess):
                each.resume()


def server_processes(product: Product, name: str) -> list[psutil.Process]:
    """All processes of an embedded server: `postgresql` or `redis`."""
    return ServerLock(Path(product.environment["DATA_DIR"]) / f"{name}.lock").find_holders()


def environment_of(process: psutil.Process) -> dict[str, str]:
    """The environment a process was started with."""
    raw = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
    return dict(part.decode().split("=", 1) for part in raw if b"=" in part)
