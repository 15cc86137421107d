"""Sign-ins at tool servers that a browser began: kept in its session until it comes back."""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.sessions.backends.base import UpdateError

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase

KEPT = "tool_sign_ins"
# How long somebody may take there, and how many tabs they may have open.
SECONDS = 600
MOST = 10


@dataclass(frozen=True, slots=True)
class PendingConnection:
    """What was asked of whom: the answer has to match, whatever it says itself."""

    user_id: str
    server_id: str
    server_url: str
    # The row of our registration there; empty where the operator set a client.
    registration_id: str
    verifier: str
    redirect_uri: str
    issuer: str
    names_itself: bool
    resource: str
    scope: str
    token_endpoint: str
    revocation_endpoint: str
    method: str
    begun_at: float


def keep_pending(session: SessionBase, pending: PendingConnection) -> str:
    """Keep a new sign-in in the session; its state, which nobody can guess."""
    state = secrets.token_urlsafe(32)
    kept = sorted(unexpired(session).items(), key=lambda entry: entry[1]["begun_at"])
    session[KEPT] = dict(kept[1 - MOST :]) | {state: asdict(pending)}
    return state


def take_pending(session: SessionBase, state: str) -> PendingConnection | None:
    """The sign-in that was begun with `state` in this session, once; none when it is too old."""
    kept = unexpired(session)
    found = kept.pop(state, None)
    if found is None:
        return None
    session[KEPT] = kept
    try:
        # At once: the authorization server is asked next, which may take a while.
        session.save()
    except UpdateError:
        return None
    return PendingConnection(**found)


def unexpired(session: SessionBase) -> dict[str, Any]:
    """The sign-ins of a session that may still be finished, by their states."""
    oldest = time.time() - SECONDS
    kept: dict[str, Any] = session.get(KEPT, {})
    return {state: each for state, each in kept.items() if each["begun_at"] > oldest}
