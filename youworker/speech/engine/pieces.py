"""Long sounds in pieces that are heard one after the other, cut where it is quiet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from youworker.speech.engine.decoding import RATE

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from youworker.speech.engine.decoding import Samples

# About two of the model's windows, and few enough seconds of work that others get their turn.
LONGEST_SECONDS = 60
# In the last seconds of a piece the quietest place is looked for, a tenth of a second long.
SEARCHED_SECONDS = 12
STEP = RATE // 10
# Below this (of 32,768) nobody speaks: rustling of a switched-off microphone.
AUDIBLE = 60


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples that begin at a second of their sound."""

    start: float
    samples: Samples
    is_last: bool

    @property
    def end(self) -> float:
        """The second at which it ends."""
        return self.start + len(self.samples) / RATE

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing to be heard."""
        return int(np.abs(self.samples.astype(np.int32)).max(initial=0)) < AUDIBLE


def cut(blocks: Iterable[Samples], *, skip: float = 0.0) -> Generator[Piece, None, None]:
    """The pieces of a sound that begin at `skip` seconds or later."""
    held: list[Samples] = []
    size, start, left = 0, skip, round(skip * RATE)
    for block in blocks:
        part = block[left:] if left else block
        left = max(0, left - len(block))
        if not len(part):
            continue
        held.append(part)
        size += len(part)
        # One more than a piece, so that the last one is known to be the last.
        while size > (LONGEST_SECONDS + 1) * RATE:
            samples = np.concatenate(held)
            end = quiet_place(samples)
            piece = Piece(start, samples[:end], is_last=False)
            yield piece
            held, size, start = [samples[end:]], size - end, piece.end
    if size:
        yield Piece(start, np.concatenate(held), is_last=True)


def quiet_place(samples: Samples) -> int:
    """Where to cut, so that no word is cut in two."""
    first = (LONGEST_SECONDS - SEARCHED_SECONDS) * RATE
    searched = samples[first : LONGEST_SECONDS * RATE].astype(np.float32)
    loudness = (searched.reshape(-1, STEP) ** 2).mean(axis=1)
    return first + int(loudness.argmin()) * STEP + STEP // 2
