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
# What shells give for programs that Ctrl-C, or a reader who left, has ended.
FAILED, INTERRUPTED, NOBODY_READS = 1, 130, 141


def main() -> int:
    """Run the command line; a refusal is one line on stderr and exit code 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "youworker.settings")
    from youworker.appliance.embedded import StartupRefused

    try:
        run(sys.argv)
        # Here a reader who left is noticed, and not by the interpreter when it ends.
        sys.stdout.flush()
    except StartupRefused as refusal:
        print(f"youworker: {refusal}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        return NOBODY_READS
    return 0


def run(arguments: list[str]) -> None:
    """Run one command, with the data servers if it needs them."""
    from youworker.appliance.embedded import attached

    command = arguments[1] if len(arguments) > 1 else "help"
    if command in OFFLINE_COMMANDS:
        execute(arguments)
        return
    with attached(meanwhile=load, required=command not in DIAGNOSES):
        execute(arguments)


def load() -> None:
    """Load the product, which takes as long as the servers' start; settings are read on import."""
    import django

    with refusing_settings():
        django.setup()


def execute(arguments: list[str]) -> None:
    """Hand over to Django; trouble that is no bug of ours raises `StartupRefused`."""
    from django.core.management import CommandError, execute_from_command_line

    from youworker.appliance.embedded import StartupRefused
    from youworker.core.commands import refusing_trouble

    if "--traceback" in arguments:
        execute_from_command_line(arguments)
        return
    try:
        with refusing_settings(), refusing_trouble():
            execute_from_command_line(arguments)
    except CommandError as error:
        raise StartupRefused(str(error)) from error


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
    code = main()
    if code == NOBODY_READS:
        # The interpreter would write what is left when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)
