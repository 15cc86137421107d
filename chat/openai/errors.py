"""What goes wrong with a model, as OpenAI's clients are told it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat.agent.exceptions import AgentError, ModelRefused, ModelUnknown, PromptTooLong
from chat.exceptions import ModelFailed, ModelRefusal, OversizedPrompt
from chat.openai.names import not_found

if TYPE_CHECKING:
    from youworker.core.exceptions import DomainError


def refusal_of(error: AgentError, name: str) -> DomainError:
    """What an error of a model means to whoever asked for it."""
    if isinstance(error, ModelUnknown):
        return not_found(name)
    if isinstance(error, PromptTooLong):
        return OversizedPrompt(error.message)
    if isinstance(error, ModelRefused):
        return ModelRefusal(error.message)
    return ModelFailed(error.message)
