"""Model files as servers that answer and embed."""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from youworker.core.config import config
from youworker.core.files import make_once
from youworker.upstream.endpoint import Capability, Endpoint, Timeouts
from youworker.upstream.model_files.files import chat_files, embedding_files
from youworker.upstream.model_files.header import Header, NotAModelFile, read_header

if TYPE_CHECKING:
    from pathlib import Path

    from youworker.core.config.sections import ModelFilesConfig
    from youworker.upstream.endpoint import Limits, Sampling
    from youworker.upstream.model_files.files import ModelFile

KEY_FILE = "model_files_key"
# Part of a host name, which ends at 63 characters.
LONGEST_LABEL = 48
# What a batch of passages takes on few cores.
EMBEDDING_SECONDS = 300.0


def model_file_endpoints(
    settings: ModelFilesConfig,
    data_dir: Path,
    timeouts: Timeouts,
    limits: Limits,
    sampling: Sampling,
) -> tuple[Endpoint, ...]:
    """The servers of the models that answer; each runs as long as `manage.py up` does."""
    return tuple(
        Endpoint(
            url_of(file),
            ensure_service_key(data_dir),
            Capability.CHAT,
            timeouts,
            limits,
            replace(sampling, context_tokens=window_of(file, sampling.context_tokens)),
            socket=str(file.socket),
        )
        for file in chat_files(settings, data_dir)
    )


def own_embedding_files() -> tuple[ModelFile, ...]:
    """The embedding model that is a file, if there is one."""
    if not config.model_files.embedding:
        return ()
    return embedding_files(config.model_files, config.data_dir)


def embedding_file_endpoint() -> Endpoint | None:
    """The server of the embedding model that is a file; None where there is none."""
    for file in own_embedding_files():
        timeouts = Timeouts(total=EMBEDDING_SECONDS)
        key = ensure_service_key(config.data_dir)
        return Endpoint(url_of(file), key, Capability.EMBEDDING, timeouts, socket=str(file.socket))
    return None


def embedding_file_model() -> tuple[str, int] | None:
    """Id and dimensions of the embedding model that is a file; None when it cannot be read."""
    for file in own_embedding_files():
        header = header_or_none(file.path)
        if header is not None and header.dimensions:
            return file.name, header.dimensions
    return None


def window_of(file: ModelFile, otherwise: int) -> int:
    """The tokens that a conversation with a model may have."""
    wanted = config.model_files.context_tokens or otherwise
    header = header_or_none(file.path)
    return min(wanted, header.context_tokens) if header and header.context_tokens else wanted


def header_or_none(path: Path) -> Header | None:
    """What a file says of itself, if it is one."""
    with suppress(OSError, NotAModelFile):
        return read_header(path)
    return None


def url_of(file: ModelFile) -> str:
    """How messages call a server that only a socket leads to; `localhost` leads to nobody else."""
    words = re.sub(r"[^a-z0-9]+", "-", file.name.lower()).strip("-")[-LONGEST_LABEL:].strip("-")
    # Two names may have the same letters; their sockets differ.
    digest = file.socket.stem.rpartition("-")[2]
    return f"http://{words or 'model'}-{digest}.localhost/v1"


@cache
def ensure_service_key(data_dir: Path) -> str:
    """The key of our own model servers, made once and kept in a file of mode 600."""
    folder = data_dir / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / KEY_FILE
    make_once(path, lambda: secrets.token_urlsafe(32))
    return path.read_text().strip()
