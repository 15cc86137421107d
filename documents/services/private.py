"""What staff read of a document with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from accounts.enums import PrivateKind
from accounts.services import open_private
from documents.services.documents import passages_of

if TYPE_CHECKING:
    from accounts.models import User
    from documents.models import Document


@transaction.atomic
def read_document(document: Document, *, reason: str, actor: User) -> list[tuple[str, str]]:
    """Note who reads a document and why, and give its passages; raises `Forbidden`."""
    open_private(
        document,
        kind=PrivateKind.DOCUMENT,
        title=document.title,
        owner=document.owner,
        reason=reason,
        actor=actor,
    )
    return [
        (passage.heading or f"Passage {passage.ordinal}", passage.text)
        for passage in passages_of(document)
    ]
