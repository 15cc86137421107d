"""What the servers in use say of their models, read from JSON that may be anything. Pure.

llama.cpp has `/props` and `meta` in its list, vLLM `max_model_len`, Ollama `/api/show` and
`/api/ps`, LM Studio `/api/v0/models`; services that resell models have their own names in the list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chat.agent.types import MOST_TOKENS
from chat.enums import ServerKind

if TYPE_CHECKING:
    from collections.abc import Sequence

# What Ollama serves a model with when nobody says otherwise and there is little memory.
OLLAMA_DEFAULT = 4096
# Less than that leaves no room for documents.
SMALL_WINDOW = 8192
# More are no answers at a time, whatever a server says.
MOST_SLOTS = 10_000
OWNERS = {
    "llamacpp": ServerKind.LLAMA_CPP,
    "vllm": ServerKind.VLLM,
    "library": ServerKind.OLLAMA,
    "organization_owner": ServerKind.LM_STUDIO,
}
# The names of the window in lists of models, as vLLM, resellers and Mistral have them.
WINDOW_NAMES = ("max_model_len", "context_length", "max_context_length", "context_window")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one model; None is unknown. Windows are in tokens."""

    tools: bool | None = None
    reasoning: bool | None = None
    vision: bool | None = None
    context_tokens: int | None = None
    longest_context: int | None = None
    # The window is the one such servers have when they do not tell.
    context_assumed: bool = False


def tokens_in(value: Any) -> int | None:
    """A number of tokens, if it can be one."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 < value <= MOST_TOKENS else None


def truth_in(value: Any) -> bool | None:
    """A truth value, if it is one."""
    return value if isinstance(value, bool) else None


def mapping_in(value: Any, name: str) -> dict[str, Any]:
    """The object under a name; an empty one where there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def rows_in(value: Any, name: str) -> list[dict[str, Any]]:
    """The objects in the list under a name."""
    found = value.get(name) if isinstance(value, dict) else None
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def words_in(value: Any, name: str) -> set[str] | None:
    """The words in the list under a name; None where there is no list."""
    found = value.get(name) if isinstance(value, dict) else None
    return {word for word in found if isinstance(word, str)} if isinstance(found, list) else None


def kind_in(document: Any) -> ServerKind:
    """Which program wrote a list of models, as far as that shows."""
    for row in rows_in(document, "data"):
        owner = row.get("owned_by")
        if isinstance(owner, str) and owner in OWNERS:
            return OWNERS[owner]
        if tokens_in(row.get("max_model_len")):
            return ServerKind.VLLM
    return ServerKind.UNKNOWN


def listed_facts(document: Any) -> dict[str, Facts]:
    """What a list itself says of each model."""
    return {
        row["id"]: facts_of_row(row)
        for row in rows_in(document, "data")
        if isinstance(row.get("id"), str)
    }


def facts_of_row(row: dict[str, Any]) -> Facts:
    """What one row of a list says."""
    meta, can = mapping_in(row, "meta"), mapping_in(row, "capabilities")
    windows = [tokens_in(row.get(name)) for name in WINDOW_NAMES]
    window = next(filter(None, windows), None) or tokens_in(meta.get("n_ctx"))
    taken = words_in(row, "supported_parameters")
    senses = words_in(mapping_in(row, "architecture"), "input_modalities")
    return Facts(
        tools=truth_in(can.get("function_calling")) if taken is None else "tools" in taken,
        reasoning=None if taken is None else "reasoning" in taken,
        vision=truth_in(can.get("vision")) if senses is None else "image" in senses,
        context_tokens=window,
        longest_context=tokens_in(meta.get("n_ctx_train")) or window,
    )


def facts_of_props(props: Any) -> Facts:
    """What llama.cpp's `/props` says of the model it has loaded."""
    window = mapping_in(props, "default_generation_settings").get("n_ctx")
    caps = mapping_in(props, "chat_template_caps")
    return Facts(
        tools=truth_in(caps.get("supports_tools")),
        vision=truth_in(mapping_in(props, "modalities").get("vision")),
        context_tokens=tokens_in(window),
    )


def slots_in(props: Any) -> int | None:
    """How many answers at a time llama.cpp makes, from `/props`."""
    told = tokens_in(props.get("total_slots")) if isinstance(props, dict) else None
    return told if told and told <= MOST_SLOTS else None


def facts_of_show(shown: Any, loaded: int | None) -> Facts:
    """What Ollama's `/api/show` says of a model, which is `loaded` with a window or not at all."""
    can, info = words_in(shown, "capabilities"), mapping_in(shown, "model_info")
    longest = tokens_in(info.get(f"{info.get('general.architecture')}.context_length"))
    window = loaded or chosen_window(shown)
    return Facts(
        tools=None if can is None else "tools" in can,
        reasoning=None if can is None else "thinking" in can,
        vision=None if can is None else "vision" in can,
        context_tokens=window or min(OLLAMA_DEFAULT, longest or OLLAMA_DEFAULT),
        longest_context=longest,
        context_assumed=window is None,
    )


def chosen_window(shown: Any) -> int | None:
    """The `num_ctx` among the parameters of a model of Ollama's, which are lines of text."""
    parameters = shown.get("parameters") if isinstance(shown, dict) else None
    for line in parameters.splitlines() if isinstance(parameters, str) else ():
        words = line.split()
        # No window has more digits, and long ones would cost time.
        if len(words) == 2 and words[0] == "num_ctx" and words[1].isdecimal() and len(line) < 100:  # noqa: PLR2004
            return tokens_in(int(words[1]))
    return None


def loaded_windows(running: Any) -> dict[str, int]:
    """The windows of the models that Ollama has loaded, from `/api/ps`."""
    return {
        row["name"]: window
        for row in rows_in(running, "models")
        if isinstance(row.get("name"), str) and (window := tokens_in(row.get("context_length")))
    }


def facts_of_studio(document: Any) -> dict[str, Facts]:
    """What LM Studio's own list says of its models."""
    found = {}
    for row in rows_in(document, "data"):
        name, can = row.get("id"), words_in(row, "capabilities")
        if isinstance(name, str):
            found[name] = Facts(
                tools=None if can is None else "tool_use" in can,
                vision=row.get("type") == "vlm" if isinstance(row.get("type"), str) else None,
                context_tokens=tokens_in(row.get("loaded_context_length")),
                longest_context=tokens_in(row.get("max_context_length")),
            )
    return found


def joined(first: Facts, second: Facts) -> Facts:
    """What two sources say of a model; the first one counts where both do."""
    pairs = {
        name: getattr(first, name) if getattr(first, name) is not None else getattr(second, name)
        for name in ("tools", "reasoning", "vision", "context_tokens", "longest_context")
    }
    is_assumed = first.context_assumed if first.context_tokens else second.context_assumed
    return Facts(**pairs, context_assumed=is_assumed)


def same_model(name: str, names: Sequence[str]) -> str:
    """`name` as another list of the same server has it; empty if it has not."""
    return next((each for each in (name, f"{name}:latest") if each in names), "")
