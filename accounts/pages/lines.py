"""Lines of the audit log in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from accounts.views.audit import serialize_lines
from youworker.audit.words import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User


def described_lines(rows: Iterable[Any], user: User) -> list[dict[str, Any]]:
    """Lines as their subject reads them, with the act in words and who did it."""
    return [
        {**line, "words": WORDS.get(line["action"], line["action"]), "who": who_did(line["by"])}
        for line in serialize_lines(rows, user)
    ]


def who_did(by: str) -> str:
    """Who did it, seen by the subject."""
    return {"me": _("you"), "other": _("somebody else")}.get(by, _("the system"))
