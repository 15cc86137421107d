"""One user's rows as plain values, a piece at a time, as the registry says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import ForeignKey, ManyToManyField, Model

from youworker.data_protection.registry import model_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from youworker.core.data_policies import DataPolicy

ROWS_AT_ONCE = 500
# Lines of the audit log that others wrote about the user tell nothing about those others.
OTHERS_LINES = {"remote_addr": None}


def exported_rows(policy: DataPolicy, user_id: UUID) -> Iterator[dict[str, Any]]:
    """What the export says about each of a user's rows of one model."""
    fields = {name: model_of(policy)._meta.get_field(name) for name in policy.exported}
    lists = [name for name, field in fields.items() if isinstance(field, ManyToManyField)]
    singles = [path.partition(".")[0] for path in policy.also.values()]
    related = [name for name in singles if name not in lists]
    rows = rows_of(policy, user_id).order_by("pk")
    rows = rows.select_related(*related) if related else rows
    for row in rows.prefetch_related(*lists).iterator(chunk_size=ROWS_AT_ONCE):
        told = {name: value_of(row, name, field) for name, field in fields.items()}
        told |= {name: followed(row, path) for name, path in policy.also.items()}
        yield shaped(policy, row, told, user_id)


def value_of(row: Model, name: str, field: Any) -> Any:
    """A field's value: ids for relations, readable text for encrypted content."""
    if isinstance(field, ManyToManyField):
        return [other.pk for other in getattr(row, name).all()]
    return getattr(row, field.attname if isinstance(field, ForeignKey) else name)


def followed(row: Model, path: str) -> Any:
    """A value of a related row, or of all related rows."""
    first, _, name = path.partition(".")
    found = getattr(row, first)
    if hasattr(found, "all"):
        return [getattr(other, name) for other in found.all()]
    return getattr(found, name, None)


def shaped(policy: DataPolicy, row: Any, told: dict[str, Any], user_id: UUID) -> dict[str, Any]:
    """The row, without what an audit line says about other people."""
    if policy.model != "auditlog.LogEntry":
        return told
    data = dict(told["additional_data"] or {})
    own = data.get("actor") == str(user_id)
    told["by"] = "you" if own else "somebody else" if data.get("actor") else "the system"
    for name in ("actor", "key"):
        data.pop(name, None)
    told["additional_data"] = data
    return told if own else {**told, **OTHERS_LINES}
