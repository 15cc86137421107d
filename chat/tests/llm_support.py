"""Short ways to a model on the double, and to what it said."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

from chat.agent.types import ChatMessage, ReasoningDelta, TextDelta, ToolCall, ToolSchema, Usage
from chat.llm.openai.model import OpenAICompatibleModel
from youworker.core.config import config
from youworker.upstream.configured import chat_endpoints

SEARCH = ToolSchema(
    "semantic_query",
    "Searches the documents.",
    {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
    "semantic.query",
)
CLOCK = ToolSchema("datetime_now", "Tells the time.", {"type": "object"}, "datetime.now")
QUICK_RETRY = replace(config.retry, attempts=3, base_seconds=0.01, max_seconds=0.05)


def model_on(base_url, name="double", **changes):
    """A model whose clocks and limits can be changed; retries wait next to nothing."""
    return OpenAICompatibleModel(name, endpoint_at(base_url, **changes), QUICK_RETRY)


def endpoint_at(base_url, **changes):
    """The endpoint of a server, with other settings where `changes` names them."""
    (endpoint,) = chat_endpoints(replace(config.llm, base_url=base_url, **changes))
    return endpoint


def user(text="Hello"):
    return [ChatMessage("user", text)]


async def events_of(model, messages=None, tools=(), *, found=None):
    """Everything a model says in one turn; `found` keeps it when the turn fails."""
    found = [] if found is None else found
    async with aclosing(model.stream(messages or user(), tools=list(tools))) as stream:
        async for event in stream:
            found.append(event)
    return found


def text_of(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def reasoning_of(events):
    return "".join(event.text for event in events if isinstance(event, ReasoningDelta))


def calls_of(events):
    return [event for event in events if isinstance(event, ToolCall)]


def usages_of(events):
    return [event for event in events if isinstance(event, Usage)]
