"""Numbers as people read them, in the language in force."""

from __future__ import annotations

from django.utils.formats import number_format


def shown_decimal(value: float) -> str:
    """A number with one decimal; Django alone would cut the others off, and call 66.67 66.6."""
    return number_format(round(value, 1), 1)


def shown_change(value: float) -> str:
    """The same with its sign, also where nothing changed."""
    sign = "+" if value >= 0 else ""
    return f"{sign}{shown_decimal(value)}"
