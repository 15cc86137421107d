#!/usr/bin/env python
"""The operator's entry point: attaches to the data servers, then runs one command."""

import os
import sys

# These never talk to PostgreSQL or Redis, so nothing has to be started for them.
OFFLINE_COMMANDS = {"help", "version", "--version", "--help", "-h", "spectacular"}


def main() -> int:
    """Run the command line; a refusal is one line on stderr and exit code 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "youworker.settings")
    from youworker.appliance.embedded import StartupRefused, attached

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    try:
        if command in OFFLINE_COMMANDS:
            execute()
        else:
            with attached():
                execute()
    except StartupRefused as refusal:
        print(f"youworker: {refusal}", file=sys.stderr)
        return 1
    return 0


def execute() -> None:
    """Hand over to Django; imported late because settings are read on import."""
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from youworker.appliance.embedded import StartupRefused

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        raise StartupRefused(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
