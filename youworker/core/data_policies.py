"""How each app declares what it knows about people: data, from which exports and erasures work."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Why a field is not exported.
SECRET = "opens something, or proves who somebody is"  # noqa: S105 -- a reason
DERIVED = "computed from fields that are exported"
TECHNICAL = "keeps the machinery in step and says nothing about a person"
OTHERS = "is about other people, or about all of them"
# Fields that many models have.
TIMES = ("created_at", "updated_at")
LEASE = "lease_token lease_until lease_suspected_at"


class ErasureAction(StrEnum):
    """What an erasure does to the rows of a model."""

    ERASED = "erased"
    KEPT = "kept"
    ANONYMISED = "anonymised"


@dataclass(frozen=True, slots=True)
class DataPolicy:
    """What happens to one model's rows and to each of its fields.

    `owners` are lookups that lead to the user, `texts` lookups that hold their id as text. Every
    field stands in `exported` or, with the reason, in `not_exported`. `also` adds values of related
    rows to the export. `reason` says why rows are kept, or what is left of anonymised ones,
    whose fields in `replaced` get these values.
    """

    model: str
    owners: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    file: str = ""
    exported: tuple[str, ...] = ()
    not_exported: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)
    erasure_action: ErasureAction = ErasureAction.ERASED
    reason: str = ""
    replaced: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_personal(self) -> bool:
        """Whether rows belong to somebody."""
        return bool(self.owners or self.texts)


def not_exported(reason: str, names: str) -> dict[str, str]:
    """The same reason for several fields, named in one string."""
    return dict.fromkeys(names.split(), reason)


def impersonal(model: str, names: str, *, because: str = TECHNICAL) -> DataPolicy:
    """A model whose rows belong to nobody: neither exported nor erased."""
    return DataPolicy(
        model,
        not_exported=not_exported(because, names),
        erasure_action=ErasureAction.KEPT,
        reason=because,
    )


def names(*parts: Iterable[str] | str) -> tuple[str, ...]:
    """Field names written in strings."""
    found: list[str] = []
    for part in parts:
        found += part.split() if isinstance(part, str) else part
    return tuple(found)
