"""Decorators that check the input of services which commands and tasks call."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from youworker.core.exceptions import InvalidInput
from youworker.core.unicode import is_blank

if TYPE_CHECKING:
    from enum import Enum

P = ParamSpec("P")
R = TypeVar("R")
Check = Callable[[Any, str], None]


def validate_service_input(**checks: Check) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Run one check per named argument; `None` passes, an unknown name is a mistake of ours."""

    def decorate(service: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(service)
        unknown = set(checks) - set(signature.parameters)
        if unknown:
            raise TypeError(f"{service.__qualname__} has no argument {sorted(unknown)}")

        @functools.wraps(service)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            for name, check in checks.items():
                if bound.arguments[name] is not None:
                    check(bound.arguments[name], name)
            return service(*args, **kwargs)

        return checked

    return decorate


def validate_not_empty(*names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuse empty texts and collections, and texts of nothing visible."""
    return validate_service_input(**dict.fromkeys(names, not_empty))


def validate_range(
    name: str, low: float, high: float
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuse numbers outside `low` to `high`, both included."""
    return validate_service_input(**{name: in_range(low, high)})


def validate_enum(name: str, kind: type[Enum]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuse values that are not in `kind`."""
    return validate_service_input(**{name: one_of(kind)})


def not_empty(value: Any, name: str) -> None:
    """Raise `InvalidInput` for an empty value, or a text of nothing visible."""
    if is_blank(value) if isinstance(value, str) else not value:
        raise InvalidInput("This may not be empty.", attr=name)


def in_range(low: float, high: float) -> Check:
    """A check that a number lies between `low` and `high`."""

    def check(value: Any, name: str) -> None:
        if not low <= value <= high:
            raise InvalidInput(
                "This must be between %(low)s and %(high)s.",
                attr=name,
                low=f"{low:g}",
                high=f"{high:g}",
            )

    return check


def one_of(kind: type[Enum]) -> Check:
    """A check that a value is one of an enumeration's."""

    def check(value: Any, name: str) -> None:
        allowed = [member.value for member in kind]
        if value not in allowed:
            raise InvalidInput(
                "This must be one of %(allowed)s.", attr=name, allowed=", ".join(map(str, allowed))
            )

    return check
