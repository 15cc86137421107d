"""Secrets of a configuration: named in the file, and read where the operator keeps them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from youworker.configuration.shapes import Secret

UNUSABLE = re.compile(r"[^A-Z0-9]+")


class SecretMissing(Exception):
    """Variables that are neither set nor named by a file; for whoever leaves a row out."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        verb = "is" if len(names) == 1 else "are"
        super().__init__(f"{', '.join(names)} {verb} not set")


@dataclass(slots=True)
class Secrets:
    """What the environment holds: NAME, or NAME_FILE for the path of a file."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def read(self, secret: Secret) -> str | None:
        """The value of a secret; None when it is not there, or empty."""
        value = self.environment.get(secret.name, "")
        path = self.environment.get(f"{secret.name}_FILE", "")
        if not value and path:
            try:
                value = Path(path).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                return None
        return value.strip("\r\n") or None

    def read_all(self, wanted: Mapping[str, Secret], stored: Mapping[str, str]) -> dict[str, str]:
        """The values of several; those that are stored stand in for what is not set.

        Raises `SecretMissing` for what is neither.
        """
        found = {name: self.read(secret) or stored.get(name) for name, secret in wanted.items()}
        missing = [wanted[name].name for name, value in found.items() if not value]
        if missing:
            raise SecretMissing(missing)
        return {name: value for name, value in found.items() if value}

    def unset(self, wanted: Mapping[str, Secret]) -> list[str]:
        """The variables that are not set."""
        return [secret.name for secret in wanted.values() if self.read(secret) is None]


@dataclass(slots=True)
class Placeholders:
    """Names of variables for the secrets of one file: no two secrets have the same one."""

    given: set[str] = field(default_factory=set)

    def name(self, *words: str) -> dict[str, str]:
        """What stands in the file for a secret; names that are alike are numbered."""
        plain = "_".join(UNUSABLE.sub("_", word.upper()).strip("_") for word in words)
        name = next(one for one in numbered(plain) if one not in self.given)
        self.given.add(name)
        return {"secret": f"${{{name}}}"}


def numbered(name: str) -> Iterator[str]:
    """A name, and the same with numbers behind it."""
    yield name
    for number in count(2):
        yield f"{name}_{number}"
