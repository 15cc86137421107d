"""Secrets of tool servers that commands are given by the names of environment variables."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from django.core.management.base import CommandError

if TYPE_CHECKING:
    from argparse import ArgumentParser


def add_headers(parser: ArgumentParser) -> None:
    """Add the option of headers."""
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="NAME=VARIABLE",
        help="send this header; its value is read from the environment variable",
    )


def secrets_named(pairs: list[str]) -> dict[str, str]:
    """The values of environment variables by the names they are sent under."""
    parts = [pair.partition("=") for pair in pairs]
    return {name: variable(source) for name, _, source in parts}


def variable(name: str) -> str:
    """The value of an environment variable; secrets never stand on a command line."""
    try:
        return os.environ[name]
    except KeyError as error:
        raise CommandError(f"The environment variable {name!r} is not set.") from error
