"""A scratch installation that is measured from outside, as its users see it."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from youworker.core.config import BASE_DIR
from youworker.tests.support.ports import free_port
from youworker.tests.support.processes import environment_of
from youworker.tests.support.waiting import is_open, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Bounds for a machine that does other things, too, not budgets: a supervisor may give its children
# and its database half a minute to end.
START_SECONDS = 180
STOP_SECONDS = 45
# What ties this process to its own servers and must not reach the scratch installation.
OWN = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY_FILE", "MESSAGE_ENCRYPTION_KEYS_FILE")
SCOPES = "chat,documents.read,documents.write,tools,account"
MAKE_PEOPLE = """
import json, secrets
from django.contrib.auth.hashers import make_password
from accounts.models import User
from accounts.services import create_api_key
people, password = [], secrets.token_urlsafe(16)
# Hashed once: a hash is meant to take long.
encoded = make_password(password)
for number in range({count}):
    name = f"{called}{{number}}"
    user = User.objects.create_user(username=name)
    User.objects.filter(pk=user.pk).update(password=encoded)
    _, key = create_api_key(user, name="bench", scopes="{scopes}".split(","), actor=user)
    people.append([name, password, key])
print(json.dumps(people))
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who uses the installation by a key of their own."""

    username: str
    password: str
    api_key: str


@dataclass(frozen=True)
class Product:
    """A running installation."""

    host: str
    port: int
    supervisor: psutil.Process
    ready_seconds: float
    # CPU seconds of its processes until then, without those of the database.
    ready_cpu: float
    environment: dict[str, str]

    @property
    def base_url(self) -> str:
        """Where it answers."""
        return f"http://{self.host}:{self.port}"

    @cached_property
    def api_key(self) -> str:
        """A key of its superuser, made by a command when it is first read."""
        return create_key(self.environment)

    def children(self, marker: str) -> list[psutil.Process]:
        """Its processes whose command line contains `marker`."""
        found = self.supervisor.children(recursive=True)
        return [process for process in found if marker in command_of(process)]

    @property
    def web(self) -> psutil.Process:
        """Its web process; raises `RuntimeError` when there is none at the moment."""
        found = self.children("youworker.server")
        if not found:
            raise RuntimeError("the web process is gone")
        return found[0]


def headers_of(who: Person | Product) -> dict[str, str]:
    """What says who asks: somebody, or the superuser of an installation."""
    return {"Authorization": f"Bearer {who.api_key}"}


def cpu_of(processes: Iterable[psutil.Process]) -> float:
    """The CPU seconds that processes have used."""
    used = [process.cpu_times() for process in processes]
    return float(sum(times.user + times.system for times in used))


def command_of(process: psutil.Process) -> str:
    """The command line of a process; empty when it ended in the meantime."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


@contextmanager
def running_product(**settings: str) -> Iterator[Product]:
    """Start an installation in an empty directory, and remove it afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="youworker-bench-") as folder,
        product_in(Path(folder), **settings) as product,
    ):
        yield product


@contextmanager
def product_in(folder: Path, **settings: str) -> Iterator[Product]:
    """Start the installation whose data lies in `folder`, and stop it afterwards."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if name not in OWN}
    environment = kept | {
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "ADMIN_USERNAME": "bench",
        "ADMIN_PASSWORD": secrets.token_urlsafe(16),
        "RATE_LIMITS_ENABLED": "0",
        "ALLOWED_HOSTS": "127.0.0.1",
        **settings,
    }
    start = time.monotonic()
    log = folder / "up.log"
    with log.open("wb") as output:
        up = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=BASE_DIR,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_ready(up, log)
        seconds, supervisor = time.monotonic() - start, psutil.Process(up.pid)
        cpu = cpu_of([supervisor, *supervisor.children()])
        yield Product("127.0.0.1", port, supervisor, seconds, cpu, environment)
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(STOP_SECONDS)


@contextmanager
def second_web(product: Product, **settings: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Another web process of the same installation, and its port."""
    port = free_port()
    command = [sys.executable, "-m", "youworker.server", "--port", str(port)]
    environment = environment_of(product.web) | settings
    other = subprocess.Popen(command, cwd=BASE_DIR, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: is_open(port))
        yield other, port
    finally:
        other.send_signal(signal.SIGCONT)
        other.terminate()
        other.wait(STOP_SECONDS)


def wait_until_ready(up: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the installation says that it is ready."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        lines = log.read_text(errors="replace").splitlines()
        if any(line.startswith("ready http") for line in lines):
            return
        if up.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError("the scratch installation did not start:\n" + log.read_text()[-2000:])


def create_key(environment: dict[str, str], scopes: str = SCOPES) -> str:
    """Create an API key of the installation's superuser."""
    arguments = (
        "create_api_key",
        environment["ADMIN_USERNAME"],
        "--name",
        "bench",
        "--scopes",
        scopes,
    )
    return run_command(environment, *arguments)


def make_people(product: Product, count: int, *, called: str = "person") -> list[Person]:
    """Add ordinary users, each with a key; their names are `called` with a number."""
    program = MAKE_PEOPLE.format(count=count, scopes=SCOPES, called=called)
    printed = run_command(product.environment, "shell", "-v0", "-c", program)
    return [Person(*row) for row in json.loads(printed)]


def run_command(environment: dict[str, str], *arguments: str) -> str:
    """Run one of `manage.py`'s commands inside the installation; what it prints."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE_DIR,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()
