"""Whether the secret of a request belongs to somebody, before its body is taken."""

from __future__ import annotations

from accounts import services
from youworker.common.db import in_thread


async def recognised(key: str, session: str) -> bool:
    """Whether an API key, or else a session, is somebody's; rights are looked at later."""
    return await in_thread(belongs_to_somebody, key, session)


def belongs_to_somebody(key: str, session: str) -> bool:
    """The same, for synchronous code."""
    if key:
        # Proxies have not been asked for the address yet, so a key's networks are looked at later.
        return services.opens_somewhere(key)
    return services.user_of_session(services.session_store()(session)) is not None
