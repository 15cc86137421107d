"""What the operator tells every model: written in the admin, else set in the environment."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from chat.models import SystemPrompt
from youworker.core.config import config
from youworker.encryption.fields import Ciphertext

if TYPE_CHECKING:
    from uuid import UUID

REMEMBERED_SECONDS = 3.0
# Until when it counts, on the clock of the process, and the text of the row.
remembered: tuple[float, str] | None = None


def remember_prompt(text: str) -> str:
    """Keep what was just read for some seconds; the prompt in force."""
    global remembered  # noqa: PLW0603 -- one row, looked for at every question
    remembered = (time.monotonic() + REMEMBERED_SECONDS, text)
    return in_force(text)


def in_force(text: str) -> str:
    """What the row says, else what the environment sets."""
    return text.strip() or config.agent.system_prompt.strip()


def remember_stored(pk: UUID | None, content: str) -> str:
    """Keep what a statement read of the row, if there is one; the prompt in force."""
    if pk is None:
        return remember_prompt("")
    names = ["id", "content"]
    return remember_prompt(
        SystemPrompt.from_db("default", names, [pk, Ciphertext(content)]).content
    )


def remembered_prompt() -> str | None:
    """The prompt in force; None when it has to be looked up."""
    if remembered is None or remembered[0] < time.monotonic():
        return None
    return in_force(remembered[1])


def read_prompt() -> str:
    """The prompt in force."""
    known = remembered_prompt()
    if known is not None:
        return known
    stored = SystemPrompt.objects.first()
    return remember_prompt(stored.content if stored else "")
