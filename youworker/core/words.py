"""Sentences that are translated when somebody reads them, not when they are made.

What one process found out is kept for many readers, each with a language of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.functional import lazy
from django.utils.translation import gettext

from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence


def fill(message: str, details: dict[str, Any]) -> str:
    """The sentence in the reader's language, with the details it names."""
    return gettext(message) % details


def join(sentences: Sequence[Any]) -> str:
    """The pieces, one behind the other."""
    return ", ".join(str(each) for each in sentences)


lazily_filled, lazily_joined = lazy(fill, str), lazy(join, str)
lazily_worded = lazy(DomainError.in_words, str)


def phrased(message: str, **details: Any) -> str:
    """A constant sentence whose `%(name)s` stand for details, which may be such sentences, too."""
    return lazily_filled(message, details)


def phrased_together(sentences: Sequence[Any]) -> str:
    """Several pieces with commas between them."""
    return lazily_joined(sentences)
