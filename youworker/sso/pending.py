"""Sign-ins at the provider that a browser began: kept in its session until it comes back."""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.sessions.backends.base import UpdateError

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase

KEPT = "oidc_sign_ins"
# How long somebody may take at the provider, and how many tabs they may have open there.
SECONDS = 600
MOST = 10


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """What only the browser that began a sign-in has, and what its answer has to match."""

    nonce: str
    # The proof of RFC 7636 that whoever redeems the code asked for it.
    verifier: str
    next_url: str
    begun_at: float


def begin_sign_in(session: SessionBase, *, next_url: str) -> tuple[str, PendingSignIn]:
    """Remember a new sign-in; its state, which nobody can guess, and the rest."""
    state = secrets.token_urlsafe(32)
    pending = PendingSignIn(
        nonce=secrets.token_urlsafe(32),
        # 64 characters, of which 43 to 128 are allowed.
        verifier=secrets.token_urlsafe(48),
        next_url=next_url,
        begun_at=time.time(),
    )
    kept = sorted(unexpired_sign_ins(session).items(), key=lambda entry: entry[1]["begun_at"])
    session[KEPT] = dict(kept[1 - MOST :]) | {state: asdict(pending)}
    return state, pending


def take_sign_in(session: SessionBase, state: str) -> PendingSignIn | None:
    """The sign-in that was begun with `state` here, once; none when it is too long ago."""
    kept = unexpired_sign_ins(session)
    found = kept.pop(state, None)
    if found is None:
        return None
    session[KEPT] = kept
    try:
        # At once: the provider is asked next, which may take a while.
        session.save()
    except UpdateError:
        return None
    return PendingSignIn(**found)


def unexpired_sign_ins(session: SessionBase) -> dict[str, Any]:
    """The sign-ins of a session that may still be finished, by their states."""
    oldest = time.time() - SECONDS
    kept: dict[str, Any] = session.get(KEPT, {})
    return {state: each for state, each in kept.items() if each["begun_at"] > oldest}
