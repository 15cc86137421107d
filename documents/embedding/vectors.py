"""Checking the vectors that another server gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from documents.exceptions import VectorsUnusable

if TYPE_CHECKING:
    from numpy.typing import NDArray


def checked(rows: list[Any], *, count: int, dimensions: int) -> NDArray[np.float32]:
    """Vectors that somebody else computed; raises `VectorsUnusable` unless they can be stored."""
    if len(rows) != count:
        raise VectorsUnusable(f"The embedding server gave {len(rows)} vectors for {count} texts.")
    for row in rows:
        if not isinstance(row, list) or len(row) != dimensions:
            raise VectorsUnusable(
                f"The embedding server gave something else than {dimensions} numbers;"
                " check EMBEDDING_DIMENSIONS."
            )
        # Exactly: a string of digits would be converted, and true is an integer to Python.
        if not {type(number) for number in row} <= {int, float}:
            raise VectorsUnusable("The embedding server gave something else than numbers.")
    try:
        with np.errstate(over="ignore"):
            vectors = np.array(rows, np.float32).reshape(count, dimensions)
    except OverflowError as error:
        raise VectorsUnusable("The embedding server gave a number without end.") from error
    if not np.isfinite(vectors).all():
        raise VectorsUnusable("The embedding server gave numbers that cannot be stored.")
    return vectors
