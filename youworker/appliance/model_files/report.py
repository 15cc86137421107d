"""How the served model files do, for health, doctor and the notices of the start."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psutil
from django.utils.translation import gettext

from youworker.appliance.model_files.obstacles import find_obstacle
from youworker.core.config import config
from youworker.upstream.model_files.files import absolute, configured_files
from youworker.upstream.model_files.state import Status, read_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from youworker.upstream.model_files.files import ModelFile


def file_notices() -> Iterator[str]:
    """What operators should know about files that are not served, now or at the start."""
    for file in configured_files(config.model_files, config.data_dir):
        if reason := why_not_served(file):
            yield f"{reason}: {consequence(file)}"
    folder = absolute(config.model_files.folder)
    if folder is not None and not any(
        file.may_sleep for file in configured_files(config.model_files, config.data_dir)
    ):
        yield gettext("no model file (.gguf) is in %(folder)s (LLM_GGUF_DIR)") % {"folder": folder}


def why_not_served(file: ModelFile) -> str:
    """Why a file is not served; empty when it is, or when nothing is known to be in the way."""
    state = read_state(file.state_path)
    if state.status == Status.STOPPED:
        # Whether it fits into memory its own process finds out, which knows the graphics cards.
        return state.reason or find_obstacle(file, memory=False)
    return state.reason


def consequence(file: ModelFile) -> str:
    """What happens without a model."""
    if file.is_for_embedding:
        return gettext("search does without its vectors")
    return gettext("other models answer, or the built-in quote model")


def describe_files() -> list[dict[str, Any]]:
    """Each file with how its process does and what memory it takes, in bytes."""
    return [describe_file(file) for file in configured_files(config.model_files, config.data_dir)]


def describe_file(file: ModelFile) -> dict[str, Any]:
    """One file."""
    state = read_state(file.state_path)
    runs = state.status != Status.STOPPED
    return {
        "model": file.name,
        "purpose": "embedding" if file.is_for_embedding else "chat",
        "status": str(state.status),
        "reason": state.reason or ("" if runs else find_obstacle(file, memory=False)),
        "memory_bytes": memory_of(state.pid) if runs else 0,
        "context_tokens": state.context_tokens,
        "load_seconds": state.load_seconds,
    }


def memory_of(pid: int) -> int:
    """The memory of a process, the mapped part of its file included; 0 when it is gone."""
    with suppress(psutil.Error):
        resident: int = psutil.Process(pid).memory_info().rss
        return resident
    return 0
