"""What must be true before anything is started; each refusal is one line."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from typing import TYPE_CHECKING

from youworker.embedded import StartupRefused
from youworker.embedded.folders import require_space

if TYPE_CHECKING:
    from pathlib import Path


def require_address(host: str, port: int) -> None:
    """Refuse an address that cannot be listened on."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        with closing(socket.socket(family, kind, protocol)) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            trial.listen()
    except OSError as error:
        reason = error.strerror or str(error)
        raise StartupRefused(
            f"cannot listen on {host}:{port} ({reason.lower()}): set HOST and PORT, or stop the "
            "program that uses them"
        ) from error


def require_files(*folders: Path) -> None:
    """Refuse folders that cannot be written, and a full disk."""
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StartupRefused(f"cannot create {folder}: {error.strerror}") from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise StartupRefused(f"cannot write to {folder}: set DATA_DIR to a writable directory")
        require_space(folder)
