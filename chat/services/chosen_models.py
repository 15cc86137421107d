"""Whether a model that a caller names is there."""

from __future__ import annotations

from asgiref.sync import async_to_sync

from chat.agent.exceptions import AgentError, ModelUnknown
from chat.exceptions import UnknownModel
from chat.llm import registry
from youworker.core.slots import holding_nothing


def check_model(name: str) -> None:
    """Raise `UnknownModel` for a name that no server has; blocks while servers are asked.

    Without a name it is the default. A server that does not answer may have it: the run tells.
    """
    if name and not registry.is_listed(name):
        with holding_nothing():
            async_to_sync(find_model)(name)


async def find_model(name: str) -> None:
    """Ask the servers for a model; raises `UnknownModel`."""
    try:
        await registry.resolve_model(name)
    except ModelUnknown as error:
        raise UnknownModel(error.message, attr="model") from error
    except AgentError:
        return
