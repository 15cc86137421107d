"""Programs and their keys, as they call the API in tests."""

from __future__ import annotations

from accounts.services import create_api_key
from accounts.tests.factories import UserFactory
from youworker.core.db import run_in_thread


async def key_of(user, *scopes):
    """The headers of a program with a new key of somebody."""
    _, secret = await run_in_thread(create_api_key, user, name="k", scopes=scopes, actor=user)
    return {"authorization": f"Bearer {secret}"}


async def caller():
    """Somebody with a key that may ask: the user, and the headers."""
    user = await run_in_thread(UserFactory)
    return user, await key_of(user, "chat")
