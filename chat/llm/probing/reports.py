"""What is known of model servers and their models, as JSON and as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chat.llm.endpoints import most_runs
from chat.llm.probing.advice import advice_for, room_advice
from youworker.upstream.address import shown_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chat.model_servers import ModelServer, ServedModel

WORDS = {True: "yes", False: "no", None: "?"}


def server_as_json(server: ModelServer) -> dict[str, Any]:
    """A server with its models, without its key."""
    models = sorted(server.models.all(), key=lambda model: model.name)
    return {
        "url": shown_url(server.url),
        "state": server.state,
        "kind": server.kind,
        "error": server.last_error,
        "latency_ms": server.latency_ms,
        "max_runs": server.max_runs,
        "told_runs": server.told_runs,
        "advice": list(filter(None, [room_advice(server)])),
        "checked_at": None if server.checked_at is None else server.checked_at.isoformat(),
        "models": {model.name: model_as_json(model) for model in models},
    }


def model_as_json(model: ServedModel) -> dict[str, Any]:
    """What is known of a model; null is unknown."""
    return {
        "tools": model.tools,
        "reasoning": model.reasoning,
        "vision": model.vision,
        "context_tokens": model.context_tokens,
        "context_assumed": model.context_assumed,
        "longest_context": model.longest_context,
        "tokens_per_second": model.tokens_per_second,
        "first_token_ms": model.first_token_ms,
        "error": model.error,
        "probed_at": None if model.probed_at is None else model.probed_at.isoformat(),
        "advice": advice_for(model),
    }


def server_lines(server: ModelServer) -> Iterator[str]:
    """A server and its models, a line each, with what helps below."""
    url = shown_url(server.url)
    if server.last_error:
        yield f"FAILED  {server.name} ({url}): {server.last_error}"
        yield f"        {remedy_for(server)}"
        return
    yield f"ok      {server.name} ({url}): {server.kind}, {server.latency_ms} ms"
    if most := most_runs(server.address):
        yield f"        answers at a time: {most}"
    if advice := room_advice(server):
        yield f"        {advice}"
    for model in sorted(server.models.all(), key=lambda model: model.name):
        yield f"        {model.name}: {', '.join(figures_of(model))}"
        for sentence in (*filter(None, [model.error]), *advice_for(model)):
            yield f"          {sentence}"


def figures_of(model: ServedModel) -> Iterator[str]:
    """What is known of a model, in a few words each."""
    assumed = " (assumed)" if model.context_assumed else ""
    yield f"window {model.context_tokens or '?'}{assumed}"
    yield f"tools {WORDS[model.tools]}"
    yield f"reasoning {WORDS[model.reasoning]}"
    yield f"vision {WORDS[model.vision]}"
    if model.tokens_per_second is not None:
        yield f"{model.tokens_per_second:g} tokens/s"
    if model.first_token_ms is not None:
        yield f"first token after {model.first_token_ms} ms"


def remedy_for(server: ModelServer) -> str:
    """What an operator looks at when a server fails."""
    where = "LLM_BASE_URL and LLM_API_KEY" if server.is_configured else "its page in the console"
    return f"Is it running, and are its address and key right? They stand in {where}."
