"""Why a model stopped speaking, in the words of each server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chat.agent.types import StopReason

# OpenAI, Anthropic, Gemini, Mistral, Cohere, Bedrock, Ollama.
CUT = frozenset(
    {
        "length",
        "max_tokens",
        "max_output_tokens",
        "max_completion_tokens",
        "max_length",
        "model_length",
        "model_context_window_exceeded",
        "token_limit",
    }
)
# OpenAI and Azure, Gemini, Zhipu, Anthropic, Cohere, Bedrock.
FILTERED = frozenset(
    {
        "content_filter",
        "content_filtered",
        "safety",
        "image_safety",
        "recitation",
        "prohibited_content",
        "blocklist",
        "spii",
        "sensitive",
        "refusal",
        "error_toxic",
        "guardrail_intervened",
        "language",
        "moderation",
    }
)
# vLLM and SGLang, OpenRouter and Mistral, DeepSeek, Zhipu, Gemini.
FAILED = frozenset(
    {
        "error",
        "abort",
        "aborted",
        "cancelled",
        "canceled",
        "insufficient_system_resource",
        "network_error",
        "malformed_function_call",
        "unexpected_tool_call",
        "internal_error",
        "engine_error",
        "failed",
        "timeout",
        "other_error",
        "server_error",
    }
)


def stop_reason(finish: Any) -> StopReason:
    """Why a model stopped, where the user should know."""
    word = finish.lower() if isinstance(finish, str) else ""
    if word in CUT:
        return "length"
    return "filter" if word in FILTERED else ""


def is_failure(finish: Any) -> bool:
    """Whether a model stopped because its server failed."""
    return isinstance(finish, str) and finish.lower() in FAILED
