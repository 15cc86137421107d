"""`python -m youworker.appliance ROLE`: one process of the product, in the place of this one.

What a container runs. The process becomes that of the role, so signals reach it and nobody stands
in between; what is no role is a command of `manage.py`.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

from youworker.core.config import BASE_DIR, config

if TYPE_CHECKING:
    from collections.abc import Callable

# One setting of the supervisor's children, which here names a socket that containers share.
EMBEDDING_SOCKET = "YOUWORKER_EMBEDDING_SOCKET"
SPEECH_SOCKET = "YOUWORKER_SPEECH_SOCKET"
PROBE_SECONDS = 4
WORKER_SECONDS = "8"


def main(arguments: list[str]) -> int:
    """Become what the first argument names; 1 when settings or the address do not fit."""
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 -- probes need no Django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "youworker.settings")
    name, *rest = arguments or ["up"]
    try:
        if name == "ready":
            return 0 if is_ready() else 1
        line = command_line(name, rest)
    except ImproperlyConfigured as error:
        print(f"youworker: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return become_program(line)


def become_program(line: list[str]) -> NoReturn:
    """Put a program in the place of this one."""
    os.chdir(BASE_DIR)
    os.execv(line[0], line)  # noqa: S606 -- a list of our own words


def command_line(name: str, rest: list[str]) -> list[str]:
    """The command line of a role; of anything else, that of a command."""
    role = roles().get(name)
    return [*role(), *rest] if role else manage(name, *rest)


def roles() -> dict[str, Callable[[], list[str]]]:
    """What a container can be, and how that is started."""
    return {
        "web": web,
        "worker": worker,
        "beat": beat,
        "embed": embed,
        "speech": speech,
        "working": working,
    }


def web() -> list[str]:
    """A web process at `HOST` and `PORT`."""
    from youworker.appliance import commands  # noqa: PLC0415 -- imports settings, as those below

    return commands.web(config.api.host, config.api.port)


def worker() -> list[str]:
    """A worker with `WORKER_PROCESSES` children."""
    from youworker.appliance import commands  # noqa: PLC0415

    return commands.worker(config.ingestion.worker_processes)


def beat() -> list[str]:
    """The scheduler."""
    from youworker.appliance import commands  # noqa: PLC0415

    return commands.beat()


def embed() -> list[str]:
    """The local embedding model, at the socket of the environment; it needs no secrets."""
    return [sys.executable, "-m", "documents.encoder.server", required(EMBEDDING_SOCKET)]


def speech() -> list[str]:
    """What hears and speaks, at the socket of the environment; it knows no secrets."""
    from youworker.appliance import commands  # noqa: PLC0415

    return commands.speech_engine(required(SPEECH_SOCKET))


def working() -> list[str]:
    """The question whether the worker of this container takes tasks."""
    from socket import gethostname  # noqa: PLC0415

    from youworker.appliance import commands  # noqa: PLC0415

    here = ["--destination", f"celery@{gethostname()}", "--timeout", WORKER_SECONDS]
    return [*commands.celery(), "inspect", "ping", *here]


def manage(*arguments: str) -> list[str]:
    """One of the commands."""
    return [sys.executable, str(BASE_DIR / "manage.py"), *arguments]


def required(name: str) -> str:
    """A variable that a role cannot do without."""
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415

    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} has to name a socket.")
    return value


def is_ready() -> bool:
    """Whether the web process of this container can do its work."""
    from http.client import HTTPConnection, HTTPException  # noqa: PLC0415

    hosts = config.security.allowed_hosts
    named = next((name.lstrip(".") for name in hosts if name != "*"), "localhost")
    connection = HTTPConnection("127.0.0.1", config.api.port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", "/health/ready", headers={"Host": named})
        return connection.getresponse().status == 200  # noqa: PLR2004
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
