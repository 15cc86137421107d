"""What operators can do about what was found of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext, gettext_noop

from chat.enums import ServerKind
from chat.llm.endpoints import most_runs
from chat.llm.probing.facts import SMALL_WINDOW

if TYPE_CHECKING:
    from chat.model_servers import ModelServer, ServedModel

ASSUMED = gettext_noop(
    "Ollama tells the window of a model once it is loaded; %(tokens)s tokens are assumed until "
    "then, and what is longer Ollama cuts off without a word. Set OLLAMA_CONTEXT_LENGTH=%(wanted)s "
    "where Ollama runs, or num_ctx in the Modelfile."
)
SMALL = {
    ServerKind.OLLAMA: gettext_noop(
        "Ollama serves it with a window of %(tokens)s tokens and cuts off what is longer without a "
        "word. Set OLLAMA_CONTEXT_LENGTH=%(wanted)s where Ollama runs and start it again, or "
        "num_ctx in the Modelfile, which counts more."
    ),
    ServerKind.LLAMA_CPP: gettext_noop(
        "Its window has %(tokens)s tokens. Start llama-server with -c %(wanted)s (times the number "
        "of answers at a time, --parallel)."
    ),
    ServerKind.VLLM: gettext_noop(
        "Its window has %(tokens)s tokens. Start vLLM with --max-model-len %(wanted)s."
    ),
    ServerKind.LM_STUDIO: gettext_noop(
        "It is loaded with a window of %(tokens)s tokens. Load it with %(wanted)s (lms load "
        "--context-length)."
    ),
}
SMALL_ANYWHERE = gettext_noop("Its window has only %(tokens)s tokens: documents hardly fit.")
NO_TOOLS = gettext_noop(
    "It calls no tools, so it searches nothing by itself. Choose a model that does, or a template "
    "of its server that has tools (llama-server --jinja, vLLM --enable-auto-tool-choice)."
)
UNTOLD_ROOM = gettext_noop(
    "Ollama makes OLLAMA_NUM_PARALLEL answers at a time, one unless it is set, and does not tell. "
    "Set LLM_MAX_RUNS, or the answers at a time of this server, to the same number: who waits sees "
    "their place then, and nobody waits behind another user's ten questions."
)
WANTED = 32_768


def room_advice(server: ModelServer) -> str | None:
    """What is to be said of how many answers a server makes at a time; None when that is known."""
    if server.kind != ServerKind.OLLAMA or most_runs(server.address):
        return None
    return gettext(UNTOLD_ROOM)


def advice_for(model: ServedModel) -> list[str]:
    """The sentences about a model, in the language in force."""
    found = []
    if (window := window_advice(model)) is not None:
        found.append(window)
    if model.tools is False:
        found.append(gettext(NO_TOOLS))
    return found


def window_advice(model: ServedModel) -> str | None:
    """What is to be said of a window; None when it is large enough or as large as it can be."""
    tokens, longest = model.context_tokens, model.longest_context
    if tokens is None or tokens >= SMALL_WINDOW or model.server.context_tokens:
        return None
    about = {"tokens": tokens, "wanted": min(WANTED, longest or WANTED)}
    if model.context_assumed:
        return gettext(ASSUMED) % about
    if longest is not None and longest <= tokens:
        return gettext(SMALL_ANYWHERE) % about
    kind = ServerKind(model.server.kind)
    return gettext(SMALL.get(kind, SMALL_ANYWHERE)) % about
