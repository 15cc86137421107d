"""Under which names the agent and the models are asked for."""

from __future__ import annotations

from typing import Any

from chat import services
from chat.exceptions import ModelNotFound, UnknownModel
from chat.llm.registry import is_for_chat
from documents.services import offered_embedding_models

AGENT = "youworker"
OF_AGENT = f"{AGENT}/"


def is_agent(name: str) -> bool:
    """Whether a name means the agent, whichever model speaks for it."""
    return name == AGENT or name.startswith(OF_AGENT)


def model_of_agent(name: str) -> str:
    """The model that speaks for the agent; empty for the default one."""
    return "" if name == AGENT else name.removeprefix(OF_AGENT)


def require_model(name: str) -> None:
    """Raise `ModelNotFound` for a name nobody knows; blocks while servers are asked."""
    if name == OF_AGENT:
        raise not_found(name)
    try:
        services.check_model(model_of_agent(name) if is_agent(name) else name)
    except UnknownModel as error:
        if name in offered_embedding_models():
            # It is in the list, and programs offer it with the others.
            raise ModelNotFound(
                "The model %(name)s computes vectors only: ask another one.", name=repr(name)
            ) from error
        raise not_found(name) from error


def not_found(name: str) -> ModelNotFound:
    """The refusal of a name that nobody has."""
    return ModelNotFound("The model %(name)s does not exist.", name=repr(name[:200]))


def list_names() -> list[str]:
    """Everything that can be asked for now: the agent first, then its models, then vectors."""
    models = services.list_models()
    agents = [f"{OF_AGENT}{name}" for name in models if is_for_chat(name)]
    return list(dict.fromkeys([AGENT, *agents, *models, *offered_embedding_models()]))


def rendered_model(name: str) -> dict[str, Any]:
    """One model as OpenAI's clients read it; servers do not say when they were given it."""
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": AGENT if is_agent(name) else "organization",
    }


def find_model(name: str) -> dict[str, Any]:
    """One model that can be asked for; raises `ModelNotFound`."""
    if name not in list_names():
        raise not_found(name)
    return rendered_model(name)
