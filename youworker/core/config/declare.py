"""How one setting is declared, read from the environment and checked."""

from __future__ import annotations

import dataclasses
import ipaddress
from typing import TYPE_CHECKING, Any, Self, cast

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from collections.abc import Callable

    import environ
    from _typeshed import DataclassInstance

READERS: dict[str, Callable[[environ.Env, str], Any]] = {
    # A secret file usually ends with a line feed that is not part of the secret.
    "str": lambda env, name: env.str(name).strip(),
    "int": lambda env, name: env.int(name),
    "float": lambda env, name: env.float(name),
    "bool": lambda env, name: env.bool(name),
    "tuple[str, ...]": lambda env, name: tuple(
        part.strip() for part in env.list(name) if part.strip()
    ),
}


@dataclasses.dataclass(frozen=True)
class Setting:
    """What is known about one environment variable."""

    name: str
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    networks: bool = False

    @property
    def allowed(self) -> str:
        """The permitted values, worded for an error message."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.networks:
            return "addresses or networks such as 10.0.0.0/8, comma separated"
        if self.low is not None and self.high is not None:
            return f"between {self.low:g} and {self.high:g}"
        if self.low is not None:
            return f"at least {self.low:g}"
        return "a value of the right type"

    def accepts(self, value: Any) -> bool:
        """Whether `value` lies in the declared range or list."""
        if self.choices:
            return value in self.choices
        if self.networks:
            return all(is_network(entry) for entry in value)
        if self.low is not None and value < self.low:
            return False
        return not (self.high is not None and value > self.high)


def setting(
    name: str,
    default: Any,
    about: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    networks: bool = False,
) -> Any:
    """Declare a dataclass field that is read from the variable `name`."""
    described = Setting(name, about, low, high, choices, networks)
    return dataclasses.field(default=default, metadata={"setting": described})


class Section:
    """A group of settings: a frozen dataclass whose fields are declared by `setting`."""

    @classmethod
    def settings(cls) -> list[tuple[dataclasses.Field[Any], Setting]]:
        """The declared settings, in order."""
        fields = dataclasses.fields(cast("type[DataclassInstance]", cls))
        return [(field, cast("Setting", field.metadata["setting"])) for field in fields]

    @classmethod
    def from_env(cls, env: environ.Env) -> Self:
        """Read the section; raise `ImproperlyConfigured` naming the bad variable."""
        declared = cls.settings()
        return cls(**{field.name: read_one(field, described, env) for field, described in declared})


def read_one(field: dataclasses.Field[Any], described: Setting, env: environ.Env) -> Any:
    """Read one variable, or its default when it is unset or empty."""
    if not is_set(env, described.name):
        return field.default
    try:
        value = READERS[str(field.type)](env, described.name)
    except (ValueError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(
            f"{described.name} must be {described.allowed} ({field.type})."
        ) from error
    if not described.accepts(value):
        raise ImproperlyConfigured(f"{described.name} must be {described.allowed}.")
    return value


def is_set(env: environ.Env, name: str) -> bool:
    """Whether the variable, or its `_FILE` twin, holds anything."""
    return bool(env.ENVIRON.get(name) or env.ENVIRON.get(f"{name}_FILE"))


def is_network(entry: str) -> bool:
    """Whether `entry` is an address or a network."""
    try:
        ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
    return True
