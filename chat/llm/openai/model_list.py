"""The models a server offers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeGuard

import orjson

from chat.agent.errors import ModelRefused, ModelUnavailable
from chat.llm.openai.clients import client_for
from chat.llm.openai.errors import too_large
from chat.llm.openai.stream_reader import said_by_server

if TYPE_CHECKING:
    from youworker.common.config.sections import LlmConfig

# A list is short work: a server that needs longer is as good as gone.
ANSWER_SECONDS = 5.0
# Users choose from the list, which services that resell fill with hundreds.
MOST_MODELS = 2000
# The column of the model of a run.
LONGEST_NAME = 200


async def list_models(llm: LlmConfig) -> list[str]:
    """The ids a server lists, in its order.

    Raises `ModelUnavailable` when it does not answer, `ModelRefused` when it knows no such list.
    """
    from openai import APIError, APIStatusError  # noqa: PLC0415 -- 40 MB not everybody needs

    client = await client_for(llm)
    try:
        async with asyncio.timeout(llm.connect_timeout + ANSWER_SECONDS):
            answer = await client.models.with_raw_response.list()
            document = orjson.loads(answer.http_response.content)
    except APIStatusError as error:
        raise refusal(error.status_code, said_by_server(error.body)) from error
    except (APIError, TimeoutError) as error:
        if too_large(error):
            raise ModelRefused("The model's server lists far too many models.") from error
        raise ModelUnavailable("The model's server cannot be reached.") from error
    except ValueError as error:
        raise ModelRefused("The model's server answered no list of models.") from error
    return names_in(document)


def refusal(status: int, message: str) -> ModelRefused | ModelUnavailable:
    """What an error status means for the list."""
    if status >= 500:  # noqa: PLR2004 -- the HTTP boundary between refusing and failing
        return ModelUnavailable(f"The model's server failed with status {status}: {message}")
    return ModelRefused(f"The model's server lists no models: {message}")


def names_in(document: Any) -> list[str]:
    """The ids in a list of models; Ollama's own list has `models` and `name`."""
    if not isinstance(document, dict):
        return []
    rows = document.get("data") or document.get("models") or []
    if not isinstance(rows, list):
        return []
    names = [row.get("id") or row.get("name") for row in rows if isinstance(row, dict)]
    return [name for name in names if is_name(name)][:MOST_MODELS]


def is_name(name: Any) -> TypeGuard[str]:
    """Whether this can be a model's name: it goes into a column, and into the request."""
    return isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and name.isprintable()
