"""Makes the archive: starts servers in a scratch directory, fills the database, packs it."""

from __future__ import annotations

import base64
import os
import sys
import tempfile
from pathlib import Path

# Valid in form and known to everybody: they open the rows of the archive and nothing else.
TEST_KEYS = {
    "secret_key": "test-key-of-the-fixture-installation-it-protects-nothing",
    "message_encryption_keys": base64.urlsafe_b64encode(
        b"a key for tests: of no other use"
    ).decode(),
}
SETTINGS = {
    "ALLOWED_HOSTS": "testserver,127.0.0.1",
    "DJANGO_SETTINGS_MODULE": "youworker.settings",
    "EMBEDDING_BASE_URL": "",
    "LLM_BASE_URL": "",
    "LOG_FORMAT": "console",
    "LOG_LEVEL": "ERROR",
    "RATE_LIMITS_ENABLED": "0",
}
OTHERS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "MESSAGE_ENCRYPTION_KEYS")


def main(archive: Path) -> None:
    """Make an installation and pack it."""
    for name in OTHERS:
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)
    with tempfile.TemporaryDirectory(prefix="youworker-fixture-") as folder:
        os.environ.update(SETTINGS, DATA_DIR=folder)
        secrets = Path(folder) / "secrets"
        secrets.mkdir(mode=0o700)
        for name, text in TEST_KEYS.items():
            (secrets / name).write_text(text)
            (secrets / name).chmod(0o600)

        from youworker.appliance.embedded import attached
        from youworker.tests.installation.archive import save_installation

        with attached(durable=False):
            save_installation(Path(folder), archive, fill_database())
    print(f"{archive}: {archive.stat().st_size:,} bytes")  # noqa: T201 -- a script


def fill_database() -> dict[str, object]:
    """Fill the database; what a test has to know about it."""
    import django

    django.setup()

    from youworker.tests.installation.world import make_world

    return make_world()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
