"""What keeps a model file from being loaded, in a sentence for operators."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from youworker.core.config import config
from youworker.upstream.model_files.endpoints import window_of
from youworker.upstream.model_files.files import PART, absolute
from youworker.upstream.model_files.header import NotAModelFile, read_header

if TYPE_CHECKING:
    from youworker.upstream.model_files.files import ModelFile
    from youworker.upstream.model_files.header import Header

WHEEL = "xllamacpp"
MEGABYTE = 1024 * 1024
# What llama.cpp takes beside weights and context: buffers of one batch, the program itself.
BYTES_BESIDE = 150 * MEGABYTE
CGROUP = Path("/sys/fs/cgroup")
# Embedding models read a passage at once; longer texts are cut by whoever asks.
LONGEST_PASSAGE = 2048


def find_obstacle(file: ModelFile, *, memory: bool = True) -> str:
    """Why a file cannot be loaded now; empty when nothing is known to be in the way."""
    if importlib.util.find_spec(WHEEL) is None:
        return "llama.cpp is not installed: make run, or pip install -r requirements-gguf.txt"
    try:
        header = read_header(file.path)
        check_readable(file.path)
        template_text()
    except NotAModelFile as error:
        return f"{file.path} is not a model file (GGUF): {error}"
    except FileNotFoundError as error:
        return f"{error.filename} is missing"
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        name = error.filename if isinstance(error, OSError) else config.model_files.template
        return f"{name or file.path} cannot be read: {str(reason).lower()}"
    return memory_obstacle(file, header) if memory else ""


def check_readable(path: Path) -> None:
    """Raise `OSError` when one part of a model cannot be read."""
    for part in parts_of(path):
        with part.open("rb"):
            pass


def parts_of(path: Path) -> list[Path]:
    """The files of a model, which may come in several."""
    found = PART.search(path.stem)
    if found is None:
        return [path]
    count = int(found[0].rpartition("-")[2])
    stem = path.stem[: found.start()]
    return [
        path.with_name(f"{stem}-{n:05}-of-{count:05}{path.suffix}") for n in range(1, count + 1)
    ]


def memory_obstacle(file: ModelFile, header: Header) -> str:
    """Why a file does not fit into memory; what a graphics card holds is not known beforehand."""
    if config.model_files.gpu_layers != 0 and has_graphics_card():
        return ""
    weights = sum(part.stat().st_size for part in parts_of(file.path))
    needed = weights + header.bytes_per_token * context_of(file) + BYTES_BESIDE
    free = free_memory()
    if needed <= free:
        return ""
    return (
        f"{file.path} needs about {needed // MEGABYTE} MB of memory and {free // MEGABYTE} MB are "
        "free: choose a smaller file, or a smaller GGUF_CONTEXT_TOKENS or GGUF_PARALLEL"
    )


def context_of(file: ModelFile) -> int:
    """The tokens of all conversations that a model has at a time."""
    return window_for(file) * (1 if file.is_for_embedding else config.model_files.parallel)


def window_for(file: ModelFile) -> int:
    """The tokens of one conversation, or of one passage."""
    if file.is_for_embedding:
        return window_of(file, LONGEST_PASSAGE)
    return window_of(file, config.llm.context_tokens)


def has_graphics_card() -> bool:
    """Whether llama.cpp, as it is installed, can compute elsewhere than on the processor."""
    import xllamacpp  # noqa: PLC0415 -- an extra, and 100 MB

    kinds = xllamacpp.ggml_backend_dev_type
    on_card = {kinds.GGML_BACKEND_DEVICE_TYPE_GPU, kinds.GGML_BACKEND_DEVICE_TYPE_IGPU}
    return any(device["type"] in on_card for device in xllamacpp.get_device_info())


def free_memory() -> int:
    """The bytes that this process may still take, of the machine and of its container."""
    free: int = psutil.virtual_memory().available
    limit, used = figure(CGROUP / "memory.max"), figure(CGROUP / "memory.current")
    if limit is None or used is None:
        return free
    # Files that were read count as used, and are given up at once.
    cached = re.search(r"^inactive_file (\d+)$", text_of(CGROUP / "memory.stat"), re.MULTILINE)
    return min(free, limit - used + (int(cached[1]) if cached else 0))


def usable_cores() -> int:
    """The processors that this process may keep busy; a container's share counts."""
    cores = len(os.sched_getaffinity(0))
    share = text_of(CGROUP / "cpu.max").split()
    if len(share) == 2 and share[0].isdigit() and int(share[1]):  # noqa: PLR2004 -- quota, period
        cores = min(cores, -(-int(share[0]) // int(share[1])))
    return max(1, cores)


def threads_for(cores: int) -> int:
    """How many threads compute: all processors but one, which is left to everybody else.

    llama.cpp's threads wait for each other many times a token, and spin meanwhile: one that has to
    share its processor holds up all of them.
    """
    return max(1, cores - 1)


def figure(path: Path) -> int | None:
    """The number in a file of the kernel; None where there is none."""
    text = text_of(path).strip()
    return int(text) if text.isdigit() else None


def text_of(path: Path) -> str:
    """A file of the kernel; empty where there is none."""
    try:
        return path.read_text()
    except OSError:
        return ""


def template_text() -> str:
    """The chat template of the settings; empty for the model's own. Raises `OSError`."""
    path = absolute(config.model_files.template)
    return "" if path is None else path.read_text(encoding="utf-8")
