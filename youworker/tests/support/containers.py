"""The containers of `deploy/compose.yaml` without an engine: the same commands and environment.

As root, each process begins in a mount and a process namespace of its own: everything is read-only
but its volumes, it is the child of tini, and it has the image's user and no capability. Elsewhere
it is a plain process of this user.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import yaml

from youworker.core.config import BASE_DIR
from youworker.tests.support.waiting import wait_until

DEPLOY = BASE_DIR / "deploy"
USER = 10001
END_SECONDS = 40
VARIABLE = re.compile(r"\$(?:\$|\{(\w+)(?:(:-|:\?)([^}]*))?\})")
# What `docker run` does before the first program, as far as it can be had without one.
CONTAIN = """
set -e
mount --make-rprivate /
if [ -n "$HIDDEN" ]; then
  mount -t tmpfs -o mode=755 tmpfs "$STASH"
  mkdir -p "$STASH$PREFIX"
  mount --bind "$HIDDEN$PREFIX" "$STASH$PREFIX"
  mount --rbind "$STASH" "$HIDDEN"
fi
for volume in $VOLUMES; do mount --bind "$volume" "$volume"; done
mount -o remount,bind,ro /
cd "$CODE"
exec setpriv --reuid {user} --regid {user} --clear-groups --bounding-set=-all --inh-caps=-all \
  --no-new-privs {line}
"""


@cache
def compose() -> dict[str, Any]:
    """The file, its anchors and merges resolved."""
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return read


def filled(text: str, values: dict[str, str]) -> str:
    """A text of the file with its variables: those given, or their defaults."""

    def value(found: re.Match[str]) -> str:
        if found[1] is None:
            return "$"
        return values.get(found[1]) or found[3] or ""

    return VARIABLE.sub(value, text)


@cache
def can_contain() -> bool:
    """Whether this machine lets us make namespaces."""
    tools = [shutil.which(name) for name in ("unshare", "setpriv", "tini")]
    if os.geteuid() != 0 or not all(tools):
        return False
    trial = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "true"]
    return subprocess.run(trial, check=False, capture_output=True).returncode == 0


@dataclass
class Host:
    """Where containers lie: their volumes, their secrets, and what each of them is told."""

    folder: Path
    replaced: dict[str, str]
    running: list[Container] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("data", "sockets", "tmp", "stash"):
            path = self.folder / name
            path.mkdir(mode=0o700)
            if can_contain():
                os.chown(path, USER, USER)

    def environment_of(self, service: str, **values: str) -> dict[str, str]:
        """What the image and the file give a service, with places of this machine."""
        told = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
        told["PATH"] = f"{Path(sys.executable).parent}:/usr/bin:/bin"
        told["TMPDIR"] = str(self.folder / "tmp")
        told["DATA_DIR"] = str(self.folder / "data")
        for name, value in compose()["services"][service]["environment"].items():
            told[name] = filled(str(value), values)
            for before, after in self.replaced.items():
                told[name] = told[name].replace(before, after)
        return told | values

    def run(self, service: str, *command: str, **values: str) -> Container:
        """Start a container."""
        words = command or compose()["services"][service]["command"]
        told = self.environment_of(service, **values)
        line = [sys.executable, "-m", "youworker.appliance", *words]
        log = self.folder / f"{service}-{len(self.running)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                self.contained(line),
                cwd=BASE_DIR,
                env=told | self.place() if can_contain() else told,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        started = Container(service, process, log, told)
        self.running.append(started)
        return started

    def contained(self, line: list[str]) -> list[str]:
        """The command line with what a container puts before it."""
        if not can_contain():
            return line
        # What only the mounting has to know is taken away again.
        unset = ["env", *(f"--unset={name}" for name in self.place())]
        script = CONTAIN.format(user=USER, line=shlex.join([*unset, "tini", "--", *line]))
        namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        return ["unshare", *namespaces, "sh", "-c", script]

    def place(self) -> dict[str, str]:
        """Where volumes, code and the interpreter lie, which others may not reach."""
        volumes = [str(self.folder / name) for name in ("data", "sockets", "tmp")]
        place = {"VOLUMES": " ".join(volumes), "CODE": str(BASE_DIR), "HIDDEN": ""}
        prefix = Path(sys.base_prefix).resolve()
        for above in reversed(prefix.parents):
            if not above.stat().st_mode & 1:
                inside = f"/{prefix.relative_to(above)}"
                hidden = {"HIDDEN": str(above), "PREFIX": inside}
                return place | hidden | {"STASH": str(self.folder / "stash")}
        return place

    def stop(self) -> None:
        """End everything, however it is."""
        for container in self.running:
            container.kill()


@dataclass
class Container:
    """One process of the product."""

    service: str
    outer: subprocess.Popen[bytes]
    log: Path
    environment: dict[str, str]

    @property
    def first(self) -> psutil.Process:
        """The first process of the container, which is what an engine signals."""
        if not can_contain():
            return psutil.Process(self.outer.pid)
        (inner,) = wait_until(lambda: psutil.Process(self.outer.pid).children())
        return inner

    @property
    def program(self) -> psutil.Process:
        """The product's process in it."""
        if not can_contain():
            return self.first
        return wait_until(lambda: (self.first.children() or [None])[0])

    def stop(self) -> int:
        """Ask it to end, as an engine does, and wait; its exit code."""
        self.first.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self, seconds: float = END_SECONDS) -> int:
        """Wait for its end; its exit code."""
        return self.outer.wait(seconds)

    def kill(self) -> None:
        """End it at once, unless it has ended."""
        if self.outer.poll() is None:
            self.first.kill()
            self.outer.wait(END_SECONDS)

    def said(self) -> str:
        """What it wrote."""
        return self.log.read_text(errors="replace")
