"""Lines of the audit log in words."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from accounts.views.audit import serialize_lines
from youworker.audit.words import PARTS, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User


def described_lines(rows: Iterable[Any], user: User) -> list[dict[str, Any]]:
    """Lines as their subject reads them, with the act in words and who did it."""
    lines = list(rows)
    return folded(
        {**told, "words": words_of(line), "who": who_did(told["by"])}
        for line, told in zip(lines, serialize_lines(lines, user), strict=True)
    )


def words_of(line: Any) -> Any:
    """The act of a line; of a changed account the part that opens it, where that was all."""
    fields = line.additional_data.get("fields")
    if line.act == "user.update" and fields and len(fields) == 1 and fields[0] in PARTS:
        return PARTS[fields[0]]
    return WORDS.get(line.act, line.act or "")


def folded(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines with `times`: what was done again and again within a minute stands once."""
    same = [list(group) for _same, group in groupby(lines, sameness)]
    return [{**group[0], "times": len(group)} for group in same]


def sameness(line: dict[str, Any]) -> tuple[Any, ...]:
    """What lines that stand as one have in common."""
    told = [line[name] for name in ("words", "result", "who", "key", "address")]
    return (*told, f"{line['time']:%Y-%m-%d %H:%M}")


def who_did(by: str) -> str:
    """Who did it, seen by the subject."""
    return {"me": _("you"), "other": _("somebody else")}.get(by, _("the system"))
