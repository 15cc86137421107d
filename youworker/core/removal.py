"""Removing rows for good while others use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from youworker.core.managers import BaseQuerySet


def remove_each(rows: BaseQuerySet[Any], remove: Callable[[Any], object]) -> int:
    """Call `remove` with each row, locked and in a transaction of its own; how many there were.

    Rows that left the selection meanwhile, because they were restored for instance, are spared.
    """
    removed = 0
    for pk in list(rows.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            row = lock_selected(rows, pk)
            if row is not None:
                remove(row)
                removed += 1
    return removed


def lock_selected(rows: BaseQuerySet[Any], pk: Any) -> Any:
    """The row, locked until the transaction ends; none when `rows` has it no more.

    The lock keeps out whoever would restore the row, or add something that refers to it.
    """
    everything = rows.model._base_manager  # noqa: SLF001 -- hidden rows, too
    if everything.filter(pk=pk).select_for_update().first() is None:
        return None
    # A statement of its own sees all that was committed while the lock was waited for,
    # in other tables, too; the one that waited compares only the row itself again.
    return rows.filter(pk=pk).first()
