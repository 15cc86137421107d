"""`python -m youworker.server`: one web process."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import resource
import sys
import threading

from youworker.core.lean_imports import without_optional_libraries

# Modules read settings while they are imported, before the one that would name these.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "youworker.settings")
# Threads for names, files and libraries; the database's are in `youworker.core.db`.
os.environ.setdefault("ASGI_THREADS", "16")
BACKLOG = 1024
MOST_FILES = 65_536
# For threads that still do something when nothing is served any more.
THREAD_SECONDS = 3.0
# Loading the tools' library takes a second of CPU, which the start of the others needs more.
LOADING_PAUSE = 2.0


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal; 1 when settings or keys do not fit, or the address cannot be used."""
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415

    options = command_line().parse_args(arguments)
    try:
        return serve(options.host, options.port)
    except ImproperlyConfigured as error:
        print(f"youworker: {error}", file=sys.stderr)  # noqa: T201
        return 1


def serve(host: str, port: int) -> int:
    """Import what needs the settings, and serve."""
    with without_optional_libraries():
        # daphne installs its event loop on import, before anything else may ask for one.
        from youworker.server.web_server import WebServer  # isort: skip # noqa: PLC0415
        from youworker.asgi import application  # noqa: PLC0415
        from youworker.core.tracing.beginning import begin_tracing  # noqa: PLC0415
        from youworker.server.access_middleware import has_known_secret  # noqa: PLC0415

        load_routes()

    if not keys_fit():
        return 1
    begin_tracing("web")
    raise_file_limit()
    server = WebServer(application, endpoint(host, port), has_known_secret, begin_work, finish_work)
    server.report_connections()
    server.run()
    return end_in_time(1 if server.failed else 0)


def end_in_time(status: int) -> int:
    """End the process with this status, whatever its threads wait for; gives it back.

    Python waits for them without a limit. What they were about to write is rolled back, as after
    a crash.
    """
    end = threading.Timer(THREAD_SECONDS, os._exit, [status])
    end.daemon = True
    end.start()
    return status


def load_routes() -> None:
    """Import every view, before somebody asks for one."""
    from django.urls import get_resolver  # noqa: PLC0415 -- needs settings

    _ = get_resolver().url_patterns


async def begin_work() -> None:
    """Take up runs; then load what the first question would wait for, while nobody does.

    What an update changed in our own tools is stored thereby.
    """
    from chat.llm import registry  # noqa: PLC0415 -- needs settings, as the following do
    from chat.llm.endpoints import refresh_endpoints  # noqa: PLC0415
    from chat.runs.manager import serve_runs  # noqa: PLC0415
    from mcp.services import load_speakers, sync_builtin_servers  # noqa: PLC0415
    from youworker.core.db import run_in_thread  # noqa: PLC0415
    from youworker.server.measuring import begin_measuring  # noqa: PLC0415

    begin_measuring()
    await run_in_thread(refresh_endpoints)
    await serve_runs()
    await registry.warm_up()
    await asyncio.sleep(LOADING_PAUSE)
    await run_in_thread(sync_builtin_servers)
    await run_in_thread(load_speakers)
    await asyncio.to_thread(settle_memory)


def settle_memory() -> None:
    """Drop the rubbish of loading, and let later collections pass over what stays for ever.

    A full collection stops the event loop for as long as it looks at everything there is; modules
    and classes are most of that, and take more than a tenth of a second.
    """
    gc.collect()
    gc.freeze()


async def finish_work(seconds: float) -> None:
    """Let answers that are being made end by themselves, within this time."""
    from chat.runs.manager import drain_runs  # noqa: PLC0415 -- needs settings

    await drain_runs(seconds)


def raise_file_limit() -> None:
    """Allow as many connections as the system does; the usual limit is made for programs of old."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def keys_fit() -> bool:
    """Whether this process may use the database; if not, one line says why."""
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415
    from django.db import OperationalError, connection  # noqa: PLC0415

    from youworker.appliance.bootstrap import wait_until_prepared  # noqa: PLC0415
    from youworker.encryption.keyring import require_keys  # noqa: PLC0415

    try:
        wait_until_prepared()
        require_keys()
    except (ImproperlyConfigured, OperationalError) as error:
        print(f"youworker: {error}".strip(), file=sys.stderr)  # noqa: T201
        return False
    finally:
        connection.close()
    return True


def command_line() -> argparse.ArgumentParser:
    """The command line."""
    known = argparse.ArgumentParser(prog="python -m youworker.server")
    known.add_argument("--host", default="127.0.0.1")
    known.add_argument("--port", type=int, default=8000)
    return known


def endpoint(host: str, port: int) -> str:
    """Where to listen, in Twisted's notation."""
    interface = host.strip("[]").replace(":", r"\:")
    return f"tcp:port={port}:interface={interface}:backlog={BACKLOG}"


if __name__ == "__main__":
    sys.exit(main())
