"""What models can do, as far as their names and the operator say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chat.llm.endpoints import known_model
from youworker.core import config as configuration

if TYPE_CHECKING:
    from chat.agent.types import LanguageModel
    from youworker.upstream.endpoint import Endpoint

# Parts of names under which models that see are known. Those of one family that do not see are
# kept apart by what follows: `gemma3:1b` and `gemma3:270m` read text only.
SEEING = re.compile(
    r"llava|bakllava|moondream|pixtral|vision|minicpm-?v|internvl|smolvlm|molmo|cogvlm|idefics"
    r"|paligemma|florence|[-_.]?vl\b|[-_]vl[-_:\d]|\d-?vl|qwen[\d.]*-?omni|granite[\w.-]*vision"
    r"|gemma-?3(?!n?[-:](?:1b|270m))|gemma-?4|mistral-small-?3\.[12]|mistral-medium-?3|magistral"
    r"|llama-?4|gpt-4o|gpt-4\.1|gpt-4-turbo|gpt-5|\bo[134]\b(?!-mini-2024)|claude-(?:3|opus|sonnet|haiku)"
    r"|gemini|grok-(?:4|2-vision)|phi-?[34][\w.-]*(?:vision|multimodal)|kimi-vl|glm-4\.?\d?v",
    re.I,
)
EVERY, NONE = "*", "none"


def sees_images(model: LanguageModel) -> bool:
    """Whether a model is to be shown images; one that refuses them is asked again without.

    The operator's word counts: `LLM_VISION_MODELS` names further ones, all of them, or none. Then
    what was seen of the model when it was tried, and then its name.
    """
    said = said_by_operator(model.name)
    if said is None:
        endpoint: Endpoint | None = getattr(model, "endpoint", None)
        known = known_model(endpoint, model.name) if endpoint else None
        said = known.vision if known else None
    return is_known_to_see(model.name) if said is None else said


def said_by_operator(name: str) -> bool | None:
    """What the settings say of a model; None when they say nothing."""
    named = [word.lower() for word in configuration.config.llm.vision_models]
    if NONE in named:
        return False
    wanted = name.lower()
    return True if any(word == EVERY or word in wanted for word in named) else None


def is_known_to_see(name: str) -> bool:
    """Whether models of this name see."""
    return bool(SEEING.search(name.lower()))
