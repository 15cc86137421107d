"""Values that cross the borders of the app."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.enums import SignInMethod

# Hashing takes time with the length; nobody's password is a page.
LONGEST_PASSWORD = 4096
# Of the second factor: an authenticator shows six digits, a recovery code is longer.
LONGEST_CODE = 64


@dataclass(frozen=True, slots=True)
class Identity:
    """What somebody we trust says about a person who has signed in there.

    `issuer` and `subject` together name the person for ever; everything else may change. Groups
    that were not told are None, which is not the same as none.
    """

    method: SignInMethod
    issuer: str
    subject: str
    username: str
    email: str = ""
    email_verified: bool = False
    display_name: str = ""
    groups: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class AccessGrant:
    """By what somebody was let in: an API key, or a session and the password it rests on."""

    user_id: UUID
    key_id: UUID | None = None
    session_key: str | None = field(default=None, repr=False)
    password: str = field(default="", repr=False)
