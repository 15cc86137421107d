"""What commands share: how they end, what they print, and secrets they are given by name.

Trouble that an operator can end is a sentence, never a traceback.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    NotSupportedError,
    ProgrammingError,
)
from redis.exceptions import RedisError

from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator, Mapping

    from django.core.management.base import OutputWrapper

# What shells give for a program that Ctrl-C has ended.
INTERRUPTED = 130
# An unknown table, column or schema: those of another version, or none at all.
OTHER_TABLES = {"42P01", "42703", "3F000"}
# These say that a statement of ours is wrong.
OUR_FAULT = (ProgrammingError, IntegrityError, DataError, NotSupportedError)


@contextmanager
def refusing_trouble() -> Iterator[None]:
    """Raise `CommandError` with a sentence for trouble that an operator can end."""
    try:
        yield
    except (CommandError, BrokenPipeError):
        raise
    except Exception as error:
        sentence = sentence_for(error)
        if sentence is None:
            raise
        raise CommandError(sentence) from error


def sentence_for(error: Exception) -> str | None:
    """What an operator is told of an error; None for one that is a bug of ours."""
    said: str | None = None
    if isinstance(error, DomainError):
        said = error.message
    elif isinstance(error, ImproperlyConfigured):
        said = str(error)
    elif isinstance(error, (DatabaseError, InterfaceError)):
        said = sentence_for_database(error)
    elif isinstance(error, RedisError) or is_queue_trouble(error):
        said = f"Redis does not answer: {first_line(error)}"
    elif isinstance(error, UnicodeDecodeError):
        said = "A file that was given is no text in UTF-8."
    elif isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        said = f"{place}{error.strerror}."
    return said


def sentence_for_database(error: Exception) -> str | None:
    """What an operator is told when the database refuses."""
    if getattr(error.__cause__, "sqlstate", None) in OTHER_TABLES:
        return "The tables are not those of this version: run manage.py migrate (or up) first."
    if isinstance(error, OUR_FAULT):
        return None
    return f"The database does not answer, or refuses: {first_line(error)}"


def is_queue_trouble(error: Exception) -> bool:
    """Whether the queue could not be reached; its library is loaded only by who uses it."""
    kombu = sys.modules.get("kombu.exceptions")
    return kombu is not None and isinstance(error, kombu.OperationalError)


def first_line(error: Exception) -> str:
    """The beginning of what a library says; the rest is hints for programmers."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def print_counts(stdout: OutputWrapper, counts: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what was counted: a line each, or one JSON object for scripts."""
    if as_json:
        stdout.write(json.dumps(dict(counts), default=str))
        return
    for kind, count in counts.items():
        stdout.write(f"{kind}: {count}")


def share(said: str) -> float:
    """A number between 0 and 1, as the type of an option; percents would never be reached."""
    number = float(said)
    if not 0 <= number <= 1:
        raise ValueError
    return number


def tell_progress(stderr: OutputWrapper, done: int, total: int) -> None:
    """Rewrite one line on a terminal: how much is done, and of how much."""
    if stderr.isatty():
        stderr.write(f"\r{done}/{total}", ending="" if done < total else "\n")


def add_headers(parser: ArgumentParser) -> None:
    """Add the option of headers that a server is sent."""
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
