"""Rows in tests: what the database has of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from django.db.models import Model

M = TypeVar("M", bound="Model")


def refreshed(row: M) -> M:
    """The row as the database has it now."""
    row.refresh_from_db()
    return row
