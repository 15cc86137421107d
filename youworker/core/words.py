"""Sentences that are translated when somebody reads them, not when they are made.

What one process found out is kept for many readers, each with a language of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from django.utils.functional import lazy
from django.utils.translation import gettext, override

from youworker.core.exceptions import DomainError, filled
from youworker.core.storable import storable_json, storable_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# What other programs said is quoted in a sentence; of more nobody reads the end.
LONGEST_DETAIL = 500


def fill(message: str, details: Mapping[str, Any]) -> str:
    """The sentence in the reader's language, with the details it names."""
    return filled(gettext(message), details)


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


@dataclass(frozen=True, slots=True)
class Sentence:
    """A constant message with details, stored and then told to each reader in their language.

    `%(name)s` in the message stands for a detail: a text, a number, or a sentence as well.
    """

    message: str
    details: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, error: DomainError) -> Self:
        """What a refusal says."""
        return cls(error.template, error.details)

    @classmethod
    def joined(cls, sentences: Sequence[Sentence]) -> Sentence:
        """Several, one behind the other; there is at least one."""
        if len(sentences) == 1:
            return sentences[0]
        parts = {str(number): each for number, each in enumerate(sentences)}
        return cls(" ".join(f"%({name})s" for name in parts), parts)

    def __str__(self) -> str:
        """The sentence in the language in force."""
        return fill(self.message, self.details)

    def in_english(self) -> str:
        """The sentence as logs and models have it."""
        with override(None):
            return str(self)

    def with_texts(self, change: Callable[[str], str]) -> Sentence:
        """The same with every text among the details changed."""
        return Sentence(
            self.message, {name: changed(value, change) for name, value in self.details.items()}
        )

    def as_json(self) -> dict[str, Any]:
        """What is stored of it."""
        with override(None):
            details = {name: stored_detail(value) for name, value in self.details.items()}
        return {"message": storable_text(self.message), "details": details}

    @classmethod
    def from_json(cls, stored: Any) -> Sentence | None:
        """What was stored; None for nothing, and for what cannot be read any more."""
        match stored:
            case {"message": str(message), "details": dict(details)}:
                return cls(message, {name: read_detail(value) for name, value in details.items()})
        return None


def changed(value: Any, change: Callable[[str], str]) -> Any:
    """One detail of a sentence, changed where it is a text or has texts."""
    if isinstance(value, Sentence):
        return value.with_texts(change)
    return change(value) if isinstance(value, str) else value


def stored_detail(value: Any) -> Any:
    """One detail as JSON: numbers as they are, and the beginning of a text."""
    match value:
        case Sentence():
            return value.as_json()
        case bool() | int() | float() | None:
            return storable_json(value)
    return storable_text(str(value))[:LONGEST_DETAIL]


def read_detail(value: Any) -> Any:
    """One stored detail."""
    return Sentence.from_json(value) or "" if isinstance(value, dict) else value
