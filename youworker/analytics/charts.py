"""Timelines as bars: numbers for a drawing without scripts or styles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.formats import number_format

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django_stubs_ext import StrOrPromise

# Units of the drawing, which is as wide as its place.
WIDTH, HEIGHT, TOP = 720, 160, 8
LEAST_SHOWN = 1.5
GAP_SHARE = 0.25
LABELS = 6


@dataclass(frozen=True, slots=True)
class Part:
    """One colour of a bar: that of the series with this number."""

    place: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """What happened in one piece of the period; `words` tells it."""

    x: float
    width: float
    parts: list[Part]
    words: str
    label: str
    when: str
    figures: list[int]
    # They as people read them.
    said: list[str]


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of stacked parts, and how much the highest stands for."""

    title: StrOrPromise
    series: list[tuple[str, StrOrPromise]]
    bars: list[Bar]
    most: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened."""
        return self.most == 0


def draw(
    title: StrOrPromise,
    rows: Sequence[dict[str, Any]],
    series: Sequence[tuple[str, StrOrPromise]],
    say: Callable[[Any], str],
    mark: Callable[[Any], str],
) -> Chart:
    """The chart of some columns of a timeline; `say` and `mark` word the beginning of a piece."""
    most = max((sum(row[name] for name, _ in series) for row in rows), default=0)
    step = WIDTH / max(len(rows), 1)
    every = max(1, -(-len(rows) // LABELS))
    bars = []
    for place, row in enumerate(rows):
        figures = [row[name] for name, _ in series]
        when = say(row["at"])
        said = [shown_number(figure) for figure in figures]
        told = ", ".join(
            f"{words} {number}" for (_, words), number in zip(series, said, strict=True)
        )
        label = mark(row["at"]) if place % every == 0 else ""
        x, width = step * (place + GAP_SHARE / 2), step * (1 - GAP_SHARE)
        parts = stacked(figures, most)
        bars.append(
            Bar(round(x, 2), round(width, 2), parts, f"{when}: {told}", label, when, figures, said)
        )
    return Chart(title, list(series), bars, most)


def stacked(figures: Sequence[int], most: int) -> list[Part]:
    """The parts of one bar from below; what is little can still be seen."""
    parts: list[Part] = []
    y = float(HEIGHT)
    for place, figure in enumerate(figures, 1):
        if figure:
            height = max(LEAST_SHOWN, (HEIGHT - TOP) * figure / most)
            y -= height
            parts.append(Part(place, round(y, 2), round(height, 2)))
    return parts


def shown_number(number: int) -> str:
    """A number as people read it, in the page's language."""
    return number_format(number, use_l10n=True, force_grouping=True)
