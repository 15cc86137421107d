"""Which models there are to choose from, and whether one that a caller names is there."""

from __future__ import annotations

import asyncio

from asgiref.sync import async_to_sync

from chat.agent.exceptions import AgentError, ModelUnknown
from chat.exceptions import UnknownModel
from chat.llm import registry
from chat.llm.quote.model import NAME as QUOTE
from youworker.core.config import config
from youworker.core.slots import holding_nothing

# Nobody waits longer for a page because a server of models is slow.
LIST_SECONDS = 0.5


def list_models() -> list[str]:
    """The models one can choose now, the built-in one last.

    Those that servers listed last, when they do not answer at once.
    """
    with holding_nothing():
        return async_to_sync(find_models)()


async def find_models() -> list[str]:
    """The models of all servers, or after half a second those that are known."""
    # Not cancelled when it is late: the next caller finds its answer.
    asked = asyncio.ensure_future(registry.list_available())
    await asyncio.wait([asked], timeout=LIST_SECONDS)
    return asked.result() if asked.done() else registry.list_known()


def quotes_by_default(models: list[str]) -> bool:
    """Whether the built-in model answers, of these, where nobody chose another one."""
    return config.llm.chat_model == QUOTE or models == [QUOTE]


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
        # The same sentence in the asker's language: that of a run is stored in English.
        raise UnknownModel(
            "There is no model called “%(name)s”.", name=name, attr="model"
        ) from error
    except AgentError:
        return
