"""Sign-ins at the provider that a browser began: kept in its session until it comes back."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from youworker.core.pending import PendingSignIns

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """What only the browser that began a sign-in has, and what its answer has to match."""

    nonce: str
    # The proof of RFC 7636 that whoever redeems the code asked for it.
    verifier: str
    next_url: str
    begun_at: float


sign_ins: PendingSignIns[PendingSignIn] = PendingSignIns("oidc_sign_ins", PendingSignIn)


def begin_sign_in(session: SessionBase, *, next_url: str) -> tuple[str, PendingSignIn]:
    """Remember a new sign-in; its state, which nobody can guess, and the rest."""
    pending = PendingSignIn(
        nonce=secrets.token_urlsafe(32),
        # 64 characters, of which 43 to 128 are allowed.
        verifier=secrets.token_urlsafe(48),
        next_url=next_url,
        begun_at=time.time(),
    )
    return sign_ins.keep(session, pending), pending
