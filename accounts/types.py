"""Values of accounts that other parts hold on to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class Grant:
    """By what somebody was let in: an API key, or a session and the password it rests on."""

    user_id: UUID
    key_id: UUID | None = None
    session_key: str | None = field(default=None, repr=False)
    password: str = field(default="", repr=False)
