"""For migrations: names that were stored before they had one form."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from django.db.models import Value
from django.db.models.functions import Lower

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

# What no form of a name that is kept could have: everything but single blanks and printable ASCII.
SUSPICIOUS = r"[^ -~]|^ | $|  "


def misspelt_names(rows: QuerySet[Any], field: str) -> Iterator[tuple[Any, str]]:
    """Ids and kept forms of the names among some rows that are in another form, oldest first."""
    clean = rows.model._meta.get_field(field).clean_text
    suspicious = rows.filter(**{f"{field}__regex": SUSPICIOUS}).order_by("pk")
    for pk, name in suspicious.values_list("pk", field).iterator():
        if (kept := clean(name)) != name:
            yield pk, kept


def rename(rows: QuerySet[Any], field: str) -> int:
    """Bring the names of some rows into the form that is kept; how many were in another."""
    found = list(misspelt_names(rows, field))
    for pk, name in found:
        rows.filter(pk=pk).update(**{field: name})
    return len(found)


def rename_apart(rows: QuerySet[Any], field: str, *, within: str = "") -> int:
    """Do so where rows, or those with the same `within`, differ by name whatever the case.

    A name that another row has already gets a number.
    """
    found = list(misspelt_names(rows, field))
    for pk, name in found:
        others = rows.exclude(pk=pk)
        if within:
            others = others.filter(**{within: rows.values_list(within, flat=True).get(pk=pk)})
        rows.filter(pk=pk).update(**{field: free_name(name or "Unnamed", others, field)})
    return len(found)


def free_name(name: str, others: QuerySet[Any], field: str, numbered: str = " ({})") -> str:
    """The name, with the first number that makes it differ from those of other rows."""
    longest = others.model._meta.get_field(field).max_length
    lowered = others.alias(lowered=Lower(field))
    for number in itertools.count(1):
        ending = numbered.format(number) if number > 1 else ""
        found = name[: longest - len(ending)] + ending
        if not lowered.filter(lowered=Lower(Value(found))).exists():
            return found
    raise AssertionError
