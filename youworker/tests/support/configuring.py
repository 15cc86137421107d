"""Other settings for the length of a test, seen by every module."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from youworker.core.config import Config, in_force

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def override_config(section: str, **values: Any) -> Iterator[None]:
    """Put a configuration in force that differs in some settings of a section."""
    before = in_force.value or Config.from_env()
    changed = replace(getattr(before, section), **values)
    in_force.value = replace(before, **{section: changed})
    try:
        yield
    finally:
        in_force.value = before
