"""Text and reasoning of one piece of an answer, under whatever name and in whatever shape."""

from __future__ import annotations

from typing import Any

from youworker.upstream.errors import as_text

# DeepSeek and llama.cpp; vLLM and OpenRouter; Ollama; and others.
THOUGHT_FIELDS = ("reasoning_content", "reasoning", "thinking", "reasoning_text", "thought")
# OpenRouter, LiteLLM.
THOUGHT_PARTS = ("reasoning_details", "thinking_blocks")
THOUGHT_TYPES = ("thinking", "reasoning", "thought")
DEEPEST = 4


def thought_of(delta: dict[str, Any]) -> str:
    """The reasoning in a piece; servers that have several names for it say it under each."""
    for field in THOUGHT_FIELDS:
        thought = delta.get(field)
        if thought:
            return thought if isinstance(thought, str) else text_in(thought)
    for field in THOUGHT_PARTS:
        if thought := text_in(delta.get(field)):
            return thought
    return ""


def parts_of(content: Any) -> tuple[str, str]:
    """Reasoning and text of content that is no string but parts with types."""
    if isinstance(content, dict) and text_in(content):
        content = [content]
    if not isinstance(content, list):
        return "", "" if isinstance(content, bool) else as_text(content)
    if all(isinstance(part, str) for part in content):
        return "", "".join(content)
    thoughts: list[str] = []
    texts: list[str] = []
    for part in content:
        if isinstance(part, str):
            continue
        kind = part.get("type") if isinstance(part, dict) else None
        is_thought = isinstance(kind, str) and kind.startswith(THOUGHT_TYPES)
        (thoughts if is_thought else texts).append(text_in(part))
    return "".join(thoughts), "".join(texts)


def text_in(value: Any, depth: int = DEEPEST) -> str:
    """The text that a part holds, or parts in it."""
    if isinstance(value, str):
        return value
    if depth and isinstance(value, list):
        return "".join(text_in(each, depth - 1) for each in value)
    if depth and isinstance(value, dict):
        for field in ("text", "thinking", "summary", "content", "refusal"):
            if value.get(field):
                return text_in(value[field], depth - 1)
    return ""
