"""Secrets of an embedded installation: made once, kept in files of mode 600."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def export_secrets(data_dir: Path) -> None:
    """Point the secret variables that are unset at files under `data_dir`."""
    folder = data_dir / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    export_secret("SECRET_KEY", folder / "secret_key", lambda: secrets.token_urlsafe(64))
    export_secret(
        "MESSAGE_ENCRYPTION_KEYS",
        folder / "message_encryption_keys",
        lambda: Fernet.generate_key().decode(),
    )


def export_secret(name: str, path: Path, make: Callable[[], str]) -> None:
    """Export `name`_FILE; the file is written whole or not at all."""
    if os.environ.get(name) or os.environ.get(f"{name}_FILE"):
        return
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link refuses to replace: of two first starts, one secret wins.
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    os.environ[f"{name}_FILE"] = str(path)
