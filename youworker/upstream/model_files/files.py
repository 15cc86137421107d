"""Which model files the settings name, under which id, and at which socket each is served."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from youworker.core.config import BASE_DIR
from youworker.core.sockets import socket_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from youworker.core.config.sections import ModelFilesConfig

SUFFIX = ".gguf"
# Each is a process; whoever has more wants another server.
MOST_FILES = 16
# Folders of thousands of files are no folders of models.
MOST_LOOKED_AT = 10_000
# A model in several files is loaded by its first one.
PART = re.compile(r"-(\d{5})-of-\d{5}$")
# The eyes of a model, which are no model by themselves.
PROJECTOR = re.compile(r"mmproj", re.IGNORECASE)
LONGEST_ID = 180


@dataclass(frozen=True)
class ModelFile:
    """One model file that is served by a process of its own."""

    name: str
    path: Path
    socket: Path
    is_for_embedding: bool = False
    # Only those of a folder sleep: there may be more of them than the memory holds.
    may_sleep: bool = False

    @property
    def state_path(self) -> Path:
        """Where its process says how it does."""
        return self.socket.with_suffix(".json")


@lru_cache(maxsize=8)
def configured_files(settings: ModelFilesConfig, data_dir: Path) -> tuple[ModelFile, ...]:
    """All model files that the settings name; looked for once in each process."""
    return (*chat_files(settings, data_dir), *embedding_files(settings, data_dir))


@lru_cache(maxsize=8)
def chat_files(settings: ModelFilesConfig, data_dir: Path) -> tuple[ModelFile, ...]:
    """The models that answer: the file, then those of the folder in the order of their ids."""
    found: dict[str, ModelFile] = {}
    own = absolute(settings.chat)
    if own is not None:
        found[id_of(own.name)] = served(id_of(own.name), own, data_dir)
    folder = absolute(settings.folder)
    if folder is not None:
        others = {own, absolute(settings.embedding)}
        for path in models_below(folder):
            name = id_of(str(path.relative_to(folder)))
            if path not in others and name not in found and len(found) < MOST_FILES:
                found[name] = served(name, path, data_dir, may_sleep=True)
    return tuple(found.values())


def embedding_files(settings: ModelFilesConfig, data_dir: Path) -> tuple[ModelFile, ...]:
    """The model of embeddings, if it is a file."""
    path = absolute(settings.embedding)
    if path is None:
        return ()
    return (served(id_of(path.name), path, data_dir, is_for_embedding=True),)


def served(
    name: str,
    path: Path,
    data_dir: Path,
    *,
    is_for_embedding: bool = False,
    may_sleep: bool = False,
) -> ModelFile:
    """A file with the socket that belongs to it and to nothing else."""
    kind = "embed" if is_for_embedding else "chat"
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
    socket = socket_dir(data_dir) / f"{kind}-{digest}.sock"
    return ModelFile(name, path, socket, is_for_embedding, may_sleep)


def absolute(setting: str) -> Path | None:
    """The path of a setting; relative ones start at the project. None for an empty one."""
    return Path(os.path.normpath(BASE_DIR / Path(setting).expanduser())) if setting else None


def models_below(folder: Path) -> list[Path]:
    """The model files of a folder and of those below it, sorted."""
    return sorted(path for path in gguf_files(folder) if is_model(path))


def gguf_files(folder: Path) -> Iterator[Path]:
    """Files with the suffix, as long as there are not too many files at all."""
    looked_at = 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in names:
            looked_at += 1
            if looked_at > MOST_LOOKED_AT:
                return
            if name.lower().endswith(SUFFIX):
                yield Path(place, name)


def is_model(path: Path) -> bool:
    """Whether a file is a model, or the first part of one."""
    part = PART.search(path.stem)
    if not is_text(str(path)):
        return False
    return not PROJECTOR.search(path.name) and (part is None or int(part[1]) == 1)


def is_text(path: str) -> bool:
    """Whether a path can be told to others: names may have bytes that are no text."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def id_of(path: str) -> str:
    """The model id of a file: its place without the suffix, which users see and ask for."""
    stem = PART.sub("", path[: -len(SUFFIX)] if path.lower().endswith(SUFFIX) else path)
    # Names may hold what no id may, such as line feeds.
    text = "".join(sign if sign.isprintable() else "_" for sign in stem)
    return text[-LONGEST_ID:].strip() or "model"
