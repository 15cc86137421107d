#!/usr/bin/env python
"""The operator's entry point: attaches to the data servers, then runs one command."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# These never talk to PostgreSQL or Redis, so nothing has to be started for them.
OFFLINE_COMMANDS = {"help", "version", "--version", "--help", "-h", "spectacular"}
# These say what is wrong, also with the servers.
DIAGNOSES = {"doctor"}


def main() -> int:
    """Run the command line; a refusal is one line on stderr and exit code 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "youworker.settings")
    from youworker.appliance.embedded import StartupRefused, attached

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    try:
        if command in OFFLINE_COMMANDS:
            execute()
        else:
            with attached(meanwhile=load, required=command not in DIAGNOSES):
                execute()
    except StartupRefused as refusal:
        print(f"youworker: {refusal}", file=sys.stderr)
        return 1
    return 0


def load() -> None:
    """Load the product, which takes as long as the servers' start; settings are read on import."""
    import django

    with refusing_settings():
        django.setup()


def execute() -> None:
    """Hand over to Django."""
    from django.core.management import execute_from_command_line

    with refusing_settings():
        execute_from_command_line(sys.argv)


@contextmanager
def refusing_settings() -> Iterator[None]:
    """Turn settings that do not fit into one line for the operator."""
    from django.core.exceptions import ImproperlyConfigured

    from youworker.appliance.embedded import StartupRefused

    try:
        yield
    except ImproperlyConfigured as error:
        raise StartupRefused(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
