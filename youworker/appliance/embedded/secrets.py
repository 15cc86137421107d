"""Secrets of an embedded installation: made once, kept in files of mode 600."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet

from youworker.core.files import make_once, write_private

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


KEYS = "MESSAGE_ENCRYPTION_KEYS"


def export_secrets(data_dir: Path) -> None:
    """Point the secret variables that are unset at files under `data_dir`."""
    folder = data_dir / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    export_secret("SECRET_KEY", folder / "secret_key", lambda: secrets.token_urlsafe(64))
    export_secret(KEYS, key_path(data_dir), lambda: Fernet.generate_key().decode())


def key_path(data_dir: Path) -> Path:
    """Where an embedded installation keeps its encryption keys."""
    return data_dir / "secrets" / "message_encryption_keys"


def own_key_file(data_dir: Path) -> Path | None:
    """The file of the encryption keys; None when the operator keeps them."""
    path = key_path(data_dir)
    named = os.environ.get(f"{KEYS}_FILE", "")
    return path if named and path.exists() and path.samefile(named) else None


def put_key_in_front(path: Path) -> None:
    """Make a new key the first one; the others stay behind it."""
    replace_whole(path, f"{Fernet.generate_key().decode()},{path.read_text().strip()}")


def keep_first_key(path: Path) -> None:
    """Remove every key but the first."""
    replace_whole(path, path.read_text().split(",")[0].strip())


def replace_whole(path: Path, text: str) -> None:
    """Replace a secret file by one of the same owner, at once and for good."""
    draft = path.with_suffix(f".{os.getpid()}")
    owner = path.stat()
    try:
        write_private(draft, text)
        if owner.st_uid != os.geteuid():
            os.chown(draft, owner.st_uid, owner.st_gid)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def export_secret(name: str, path: Path, make: Callable[[], str]) -> None:
    """Export `name`_FILE; the file is written whole or not at all."""
    if os.environ.get(name) or os.environ.get(f"{name}_FILE"):
        return
    make_once(path, make)
    os.environ[f"{name}_FILE"] = str(path)
