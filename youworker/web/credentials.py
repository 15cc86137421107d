"""Whether the secret of a request belongs to somebody, before its body is taken."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings

from accounts import services
from youworker.common.db import in_thread


async def recognised(key: str, session: str) -> bool:
    """Whether an API key, or else a session, is somebody's; rights are looked at later."""
    return await in_thread(belongs_to_somebody, key, session)


def belongs_to_somebody(key: str, session: str) -> bool:
    """The same, for synchronous code."""
    if key:
        return services.user_of_key(key) is not None
    store = import_module(settings.SESSION_ENGINE).SessionStore(session)
    return services.user_of_session(store) is not None
