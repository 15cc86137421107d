"""Ports of this machine for servers that tests start, or that nobody is to answer at."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress

# Below those of the system: it gives these to any connection, also between the choice of a port
# and the start of its server.
PORTS = range(20_000, 32_000)
given: set[int] = set()


def free_port() -> int:
    """A port nobody listens at, another one each time."""
    # Tests that run side by side may have sown the same random numbers.
    while (port := secrets.choice(PORTS)) in given or not is_free(port):
        pass
    given.add(port)
    return port


def is_free(port: int) -> bool:
    """Whether a server may listen at a port."""
    with suppress(OSError), socket.socket() as probe:
        probe.bind(("127.0.0.1", port))
        return True
    return False
