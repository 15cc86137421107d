"""The endpoints that the settings name."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from youworker.core.config import config
from youworker.upstream.endpoint import Capability, Endpoint, Limits, Sampling, Timeouts
from youworker.upstream.model_files.endpoints import embedding_file_endpoint, model_file_endpoints

if TYPE_CHECKING:
    from pathlib import Path

    from youworker.core.config.sections import LlmConfig, ModelFilesConfig, VectorConfig


def chat_endpoints(llm: LlmConfig) -> tuple[Endpoint, ...]:
    """The servers of language models: those of the network, then our own of the model files."""
    files, remote = config.model_files, remote_endpoints(llm)
    if not files.chat and not files.folder:
        return remote
    return remote + own_endpoints(llm, files, config.data_dir)


@lru_cache(maxsize=8)
def own_endpoints(llm: LlmConfig, files: ModelFilesConfig, data_dir: Path) -> tuple[Endpoint, ...]:
    """The servers of the model files."""
    return model_file_endpoints(files, data_dir, *figures_of(llm))


@lru_cache(maxsize=8)
def remote_endpoints(llm: LlmConfig) -> tuple[Endpoint, ...]:
    """The servers of the network: URLs and keys may be lists separated by commas."""
    urls = [url.strip().rstrip("/") for url in llm.base_url.split(",") if url.strip()]
    keys = [key.strip() for key in llm.api_key.split(",")]
    # A key is never sent to a server it does not stand beside.
    keys += [""] * (len(urls) - len(keys))
    timeouts, limits, sampling = figures_of(llm)
    return tuple(
        Endpoint(url, key, Capability.CHAT, timeouts, limits, sampling)
        for url, key in zip(urls, keys, strict=False)
    )


def figures_of(llm: LlmConfig) -> tuple[Timeouts, Limits, Sampling]:
    """What the settings allow every server of language models."""
    timeouts = Timeouts(
        connect=llm.connect_timeout,
        first_token=llm.first_token_timeout,
        idle=llm.idle_timeout,
        total=llm.total_timeout,
    )
    limits = Limits(
        answer_bytes=llm.max_answer_bytes,
        line_bytes=llm.max_line_bytes,
        tool_calls=llm.max_tool_calls,
        argument_chars=llm.max_argument_chars,
    )
    return timeouts, limits, Sampling(llm.context_tokens, llm.max_output_tokens, llm.temperature)


def endpoints_for(capability: Capability) -> tuple[Endpoint, ...]:
    """The servers that are asked for something, none where we do it ourselves."""
    if capability == Capability.CHAT:
        return chat_endpoints(config.llm)
    if capability == Capability.RERANK:
        endpoint = rerank_endpoint(config.vector)
    else:
        endpoint = embedding_endpoint(config.vector)
    return () if endpoint is None else (endpoint,)


def embedding_endpoint(vector: VectorConfig) -> Endpoint | None:
    """The server of embeddings; None when the local model does the work."""
    if not vector.embedding_base_url:
        return embedding_file_endpoint()
    return Endpoint(
        vector.embedding_base_url.rstrip("/"), vector.embedding_api_key, Capability.EMBEDDING
    )


def rerank_endpoint(vector: VectorConfig) -> Endpoint | None:
    """The server that orders passages anew; None where there is none."""
    url = vector.rerank_base_url.strip().rstrip("/")
    if not url:
        return None
    seconds = vector.rerank_seconds
    timeouts = Timeouts(connect=seconds, total=seconds)
    return Endpoint(url, vector.rerank_api_key, Capability.RERANK, timeouts)
