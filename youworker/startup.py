"""What is checked and made before the first process starts."""

from __future__ import annotations

import errno
import os
import secrets
import socket
from pathlib import Path

import httpx
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from youworker.common.config import config
from youworker.common.crypto import current_cipher, fingerprints
from youworker.common.models import KeyFingerprint
from youworker.embedded import StartupRefused

# Any number; all starts of all processes have to use the same.
MIGRATION_LOCK = 7_310_421
LEAST_FREE_BYTES = 64 * 1024 * 1024
MODEL_SECONDS = 3.0


def check_port(host: str, port: int) -> None:
    """Raise `StartupRefused` when somebody else listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise StartupRefused(f"port {port} on {host} is in use: set PORT") from error
            raise StartupRefused(f"cannot listen on {host}:{port}: {error.strerror}") from error


def check_disk(folder: Path) -> None:
    """Raise `StartupRefused` when there is no room to work."""
    found = os.statvfs(folder)
    if found.f_bavail * found.f_frsize < LEAST_FREE_BYTES:
        raise StartupRefused(f"the disk of {folder} is full: 64 MB have to be free")


def migrate() -> None:
    """Bring the tables up to date; of two starts at once, one does it and one waits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def check_encryption_keys() -> None:
    """Remember which keys are in use; raise `StartupRefused` with keys of another database."""
    current_cipher()
    ours = set(fingerprints())
    known = set(KeyFingerprint.objects.values_list("fingerprint", flat=True))
    if known and not known & ours:
        raise StartupRefused(
            "MESSAGE_ENCRYPTION_KEYS does not hold the key this database was written with"
        )
    rows = [KeyFingerprint(fingerprint=each) for each in ours - known]
    KeyFingerprint.objects.bulk_create(rows, ignore_conflicts=True)


def create_first_superuser() -> str | None:
    """Create the first superuser; the line that tells its random password, if it got one."""
    if User.objects.root() is not None:
        return None
    name = config.security.admin_username or "admin"
    given = config.security.admin_password
    password = given or secrets.token_urlsafe(12)
    User.objects.create_superuser(name, password=password)
    if given:
        return f"created the superuser {name}"
    return f"created the superuser {name} with the password {password} (shown only now)"


def remarks() -> list[str]:
    """One line for each thing that is missing or worth knowing."""
    if not config.llm.base_url:
        return ["LLM_BASE_URL is not set: the built-in model `quote` answers by quoting"]
    try:
        key = {"Authorization": f"Bearer {config.llm.api_key}"} if config.llm.api_key else {}
        url = config.llm.base_url.rstrip("/") + "/models"
        httpx.get(url, timeout=MODEL_SECONDS, headers=key).raise_for_status()
    except httpx.HTTPError as error:
        return [f"the model server at LLM_BASE_URL does not answer ({type(error).__name__})"]
    return []
