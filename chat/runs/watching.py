"""Streams that end with the access of whoever reads them."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, aclosing, contextmanager
from typing import TYPE_CHECKING, Any

from accounts.services import watching_access
from chat.models import Session
from chat.runs.viewing import view_run
from youworker.common.revocation import RevocationPoller

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Collection, Iterator
    from uuid import UUID

    from accounts.types import AccessGrant
    from chat.events import Event


def live_sessions(pks: Collection[UUID]) -> set[UUID]:
    """Those of the conversations that are not deleted."""
    return set(Session.objects.filter(pk__in=pks).values_list("pk", flat=True))


sessions: RevocationPoller[UUID] = RevocationPoller(live_sessions)


@contextmanager
def watching_session(
    grant: AccessGrant, session_id: UUID, gone: Callable[[], object]
) -> Iterator[None]:
    """Inside the context: `gone` is called when the grant or the conversation ends."""
    with ExitStack() as stack:
        stack.enter_context(watching_access(grant, gone))
        stack.enter_context(sessions.watching(session_id, gone))
        yield


async def view_while_granted(
    run_id: UUID, session_id: UUID, grant: AccessGrant, *, after: int = 0
) -> AsyncGenerator[list[Event], None]:
    """`view_run`, which ends early, without `done`, when the viewer may not look any more."""
    interruption = Interruption()
    with watching_session(grant, session_id, interruption.come):
        async with aclosing(view_run(run_id, after=after)) as batches:
            while (batch := await interruption.before(batches)) is not None:
                yield batch


class Interruption:
    """Breaks off a wait; a task for each wait would cost more than the tokens themselves."""

    def __init__(self) -> None:
        self.came = False
        self.scope: asyncio.Timeout | None = None

    def come(self) -> None:
        """Break off the wait at hand and all later ones."""
        self.came = True
        if self.scope is not None:
            self.scope.reschedule(asyncio.get_running_loop().time())

    async def before(self, items: AsyncGenerator[Any, None]) -> Any:
        """The next item; None at the end, or when interrupted."""
        if self.came:
            return None
        try:
            async with asyncio.timeout(None) as self.scope:
                return await anext(items, None)
        except TimeoutError:
            if self.came:
                return None
            raise
        finally:
            self.scope = None
