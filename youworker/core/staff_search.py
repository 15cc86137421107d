"""Looking words up in lists of staff pages without reading whole tables.

Django's own search casts ids to text and compares names in joined tables, which reads every row of
a million. Here an id is compared as an id, and a name in another table is looked up there first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db.models import AutoField, Field, IntegerField, Q, UUIDField
from django.utils.text import smart_split, unescape_string_literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.db.models import Model, QuerySet

# Rows of another table that one word may stand for.
MOST_RELATED = 1_000
# Numbers the database counts to.
LARGEST = 2**63 - 1


def search_rows(rows: QuerySet[Any], fields: Sequence[str], said: str) -> QuerySet[Any]:
    """Rows in which every word is found in one of the fields; `=` before a field: as a whole."""
    for word in words_of(said):
        conditions = [found for each in fields if (found := meaning(rows.model, each, word))]
        if not conditions:
            return rows.none()
        either = Q()
        for condition in conditions:
            either |= condition
        rows = rows.filter(either)
    return rows


def words_of(said: str) -> Iterator[str]:
    """The words of a search; what is in quotation marks is one."""
    for word in smart_split(said.replace("\0", "")):
        if word[0] in "\"'" and word[-1] == word[0] and len(word) > 1:
            yield unescape_string_literal(word)
        else:
            yield word


def meaning(model: type[Model], said: str, word: str) -> Q | None:
    """Where a word may stand by way of one field; nothing where it cannot."""
    path = said.removeprefix("=")
    steps = path.split("__")
    field = resolved(model, steps)
    if isinstance(field, UUIDField):
        return as_id(path, word)
    if isinstance(field, (AutoField, IntegerField)):
        return Q(**{path: int(word)}) if is_number(word) else None
    lookup = "iexact" if said.startswith("=") else "icontains"
    if len(steps) == 1:
        return Q(**{f"{path}__{lookup}": word})
    if as_id("pk", word) is not None:
        return None  # No name looks like an id.
    everything = field.model._default_manager  # noqa: SLF001 -- Django's documented name
    found = everything.filter(**{f"{steps[-1]}__{lookup}": word}).values_list("pk", flat=True)
    return through(model, steps[:-1], list(found[:MOST_RELATED]))


def resolved(model: type[Model], steps: Sequence[str]) -> Field[Any, Any]:
    """The field at the end of a path."""
    *way, last = steps
    for step in way:
        model = model._meta.get_field(step).related_model  # type: ignore[assignment]
    field = model._meta.pk if last == "pk" else model._meta.get_field(last)
    if not isinstance(field, Field):
        raise FieldDoesNotExist(f"{model._meta.label} has no column {last}.")
    return field


def through(model: type[Model], steps: Sequence[str], keys: Sequence[Any]) -> Q | None:
    """Rows that lead to one of these, by one table after the other."""
    first, *others = steps
    if not keys:
        return None
    if not others:
        return Q(**{f"{first}__in": keys})
    between: Any = model._meta.get_field(first).related_model
    condition = through(between, others, keys)
    assert condition is not None  # noqa: S101 -- there are keys
    return Q(**{f"{first}__in": between._base_manager.filter(condition).values("pk")})  # noqa: SLF001 -- deleted rows too


def as_id(path: str, word: str) -> Q | None:
    """An id in any of its spellings."""
    try:
        return Q(**{path: UUID(word)})
    except ValueError:
        return None


def is_number(word: str) -> bool:
    """Whether a word is a number that a column can hold."""
    is_short = len(word) <= len(str(LARGEST))
    return is_short and word.isascii() and word.isdigit() and int(word) <= LARGEST
