"""What staff tell every model before all questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from chat.runs.system_prompts import remember_prompt
from youworker import audit
from youworker.core.exceptions import InvalidInput

if TYPE_CHECKING:
    from accounts.models import User
    from chat.models import SystemPrompt

# It is in every prompt, and small windows have to hold a conversation as well.
LONGEST_PROMPT = 8000


@transaction.atomic
def save_system_prompt(prompt: SystemPrompt, *, actor: User | None) -> SystemPrompt:
    """Write what every model is told; in force within seconds. Raises `InvalidInput`."""
    check_prompt(prompt.content, attr="content")
    prompt.save()
    audit.record("admin.settings.update", actor=actor, target=prompt, fields=["content"])
    remember_prompt(prompt.content)
    return prompt


@transaction.atomic
def delete_system_prompt(prompt: SystemPrompt, *, actor: User | None) -> None:
    """Remove it; what the environment sets is in force again."""
    audit.record("admin.settings.update", actor=actor, target=prompt, fields=["deleted"])
    prompt.delete()
    remember_prompt("")


def check_prompt(text: str, *, attr: str) -> None:
    """Raise `InvalidInput` for a prompt that would fill a window."""
    if len(text) > LONGEST_PROMPT:
        raise InvalidInput(
            "A system prompt has at most %(most)s characters.",
            attr=attr,
            most=f"{LONGEST_PROMPT:,}",
        )
