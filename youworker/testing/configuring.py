"""Other settings for the length of a test, seen by every module."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from youworker.common.config import config

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def configured(section: str, **values: Any) -> Iterator[None]:
    """Change settings of one section; the section is frozen for everybody else."""
    frozen = getattr(config, section)
    before = {name: getattr(frozen, name) for name in values}
    for name, value in values.items():
        object.__setattr__(frozen, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            object.__setattr__(frozen, name, value)
