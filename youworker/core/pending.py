"""Sign-ins elsewhere that a browser began: kept in its session until it comes back, once."""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from django.contrib.sessions.backends.base import UpdateError

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase

# How long somebody may take there, and how many tabs they may have open.
SECONDS = 600
MOST = 10


class Begun(Protocol):
    """What a sign-in was begun with; a dataclass of what a session stores."""

    @property
    def begun_at(self) -> float:
        """When, in seconds of the clock."""


B = TypeVar("B", bound=Begun)


class PendingSignIns(Generic[B]):
    """The sign-ins of one kind, which stand in a session under a name."""

    def __init__(self, name: str, kind: type[B]) -> None:
        self.name, self.kind = name, kind

    def keep(self, session: SessionBase, begun: B) -> str:
        """Keep a new sign-in in the session; its state, which nobody can guess."""
        state = secrets.token_urlsafe(32)
        kept = sorted(self.unexpired(session).items(), key=lambda entry: entry[1]["begun_at"])
        fields: dict[str, Any] = asdict(begun)  # type: ignore[call-overload]  # it is a dataclass
        session[self.name] = dict(kept[1 - MOST :]) | {state: fields}
        return state

    def take(self, session: SessionBase, state: str) -> B | None:
        """The sign-in that was begun with `state` here, once; none when it is too long ago."""
        kept = self.unexpired(session)
        found = kept.pop(state, None)
        if found is None:
            return None
        session[self.name] = kept
        try:
            # At once: another server is asked next, which may take a while.
            session.save()
        except UpdateError:
            return None
        return self.kind(**found)

    def unexpired(self, session: SessionBase) -> dict[str, Any]:
        """The sign-ins of a session that may still be finished, by their states."""
        oldest = time.time() - SECONDS
        kept: dict[str, Any] = session.get(self.name, {})
        return {state: each for state, each in kept.items() if each["begun_at"] > oldest}
