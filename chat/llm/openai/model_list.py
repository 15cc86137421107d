"""The models a server offers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeGuard

import orjson

from chat.agent.exceptions import ModelRefused, ModelUnavailable
from chat.agent.sentences import FAILED_WITH_STATUS, LISTS_NO_MODELS
from youworker.upstream.body_limits import AnswerTooLarge
from youworker.upstream.client import read_answer
from youworker.upstream.errors import FIRST_SERVER_ERROR, TRANSPORT_ERRORS, StatusError
from youworker.upstream.model_files.state import is_being_loaded

if TYPE_CHECKING:
    from youworker.upstream.endpoint import Endpoint

# A list is short work: a server that needs longer is as good as gone.
ANSWER_SECONDS = 5.0
# The longest lists of models, of services that resell hundreds, have one megabyte.
LONGEST_LIST = 4_194_304
# Users choose from the list, which services that resell fill with hundreds.
MOST_MODELS = 2000
# The column of the model of a run.
LONGEST_NAME = 200


async def list_models(endpoint: Endpoint) -> list[str]:
    """The ids a server lists, in its order; raises what `read_list` does."""
    return names_in(await read_list(endpoint))


async def read_list(endpoint: Endpoint) -> Any:
    """The list of a server as it is.

    Raises `ModelUnavailable` when it does not answer, `ModelRefused` when it knows no such list.
    """
    if endpoint.socket and is_being_loaded(endpoint.socket):
        raise ModelUnavailable("The model is being loaded. Ask again in a moment.")
    try:
        async with asyncio.timeout(endpoint.timeouts.connect + ANSWER_SECONDS):
            content = await read_answer(endpoint, "models", longest=LONGEST_LIST)
            return orjson.loads(content)
    except StatusError as error:
        raise refusal(error) from error
    except AnswerTooLarge as error:
        raise ModelRefused("The model's server lists far too many models.") from error
    except (*TRANSPORT_ERRORS, TimeoutError) as error:
        raise ModelUnavailable("The model's server cannot be reached.") from error
    except ValueError as error:
        raise ModelRefused("The model's server answered no list of models.") from error


def refusal(error: StatusError) -> ModelRefused | ModelUnavailable:
    """What an error status means for the list."""
    if error.status >= FIRST_SERVER_ERROR:
        return ModelUnavailable(FAILED_WITH_STATUS.format(status=error.status, reason=error.reason))
    return ModelRefused(LISTS_NO_MODELS.format(reason=error.reason))


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
