"""What a check of the installation's data looks like: it finds, tells, and may repair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from django.utils.functional import _StrPromise as Words


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be: what it is about, by id, and what else is known.

    Never content, nor names that people gave: operators and staff read it.
    """

    subject: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One rule of the data: `look` finds what breaks it, and `repair` mends what was found.

    `look(deep)` may be called at any time, in order of the subjects; work in progress may show in
    one look, not in two. `repair` looks again under the locks that the work takes. A notice breaks
    no rule; people should know of it.
    """

    name: str
    title: Words
    look: Callable[[bool], Iterator[Finding]]
    repair: Callable[[Sequence[str]], object] | None = None
    is_notice: bool = False
