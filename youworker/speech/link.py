"""The engine asked over its socket; safe for several threads."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from multiprocessing.connection import Client
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from youworker.core.config import BASE_DIR, config
from youworker.speech.engine.wire import packed, unpacked
from youworker.speech.exceptions import SpeechLost, SpeechUnavailable, refusal_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from multiprocessing.connection import Connection

# Where the supervisor says that its engine listens; without, a process starts one of its own.
SOCKET_VARIABLE = "YOUWORKER_SPEECH_SOCKET"
PASSED_ON = ("LANG", "LC_ALL", "PATH", "TMPDIR", "TZ", "OMP_NUM_THREADS")
# It is restarted within half a second; a first start on a busy machine takes some.
ATTEMPTS = 60
PAUSE_SECONDS = 0.5
# Between two looks at whether the answer is still wanted.
BEAT_SECONDS = 1.0
# Work waits for the work of others: that long, and its own time.
QUEUE_SHARE = 4
NO_ANSWER = gettext_noop("The speech process does not answer.")

starting = threading.Lock()
# By process, because a fork has no engine of its own.
own: dict[int, tuple[subprocess.Popen[bytes], str]] = {}


def ask_engine(
    head: dict[str, Any], payload: bytes = b"", *, goes_on: Callable[[], None] | None = None
) -> Generator[tuple[dict[str, Any], bytes], None, None]:
    """The frames that answer a request, the last one with `over`; raises `DomainError`.

    Closing this ends the work. `goes_on` is called each second; what it raises ends it, too.
    """
    frame = packed(head | {"seconds": float(config.speech.work_seconds)}, payload)
    has_answered = False
    for is_last in (False, True):
        try:
            with closing(answer_of(frame, goes_on)) as frames:
                for found, data in frames:
                    has_answered = True
                    yield found, data
        except SpeechLost:
            # It may have been at its end when it was asked.
            if has_answered or is_last:
                raise
        else:
            return


def answer_of(
    frame: bytes, goes_on: Callable[[], None] | None
) -> Generator[tuple[dict[str, Any], bytes], None, None]:
    """The frames that answer one request on a connection of its own; raises `DomainError`."""
    with closing(open_connection(goes_on)) as connection:
        try:
            connection.send_bytes(frame)
            while True:
                await_frame(connection, config.speech.work_seconds * QUEUE_SHARE, goes_on)
                found, data = unpacked(connection.recv_bytes())
                if "error" in found:
                    raise refusal_of(found["error"], found.get("detail") or "")
                yield found, data
                if found.get("over"):
                    return
        except (OSError, EOFError) as error:
            # It was ended, or ended itself: what was asked of it may be the reason.
            raise SpeechLost(NO_ANSWER) from error


def await_frame(connection: Connection, seconds: float, goes_on: Callable[[], None] | None) -> None:
    """Wait until a frame can be read; raises `SpeechUnavailable` after so many seconds."""
    until = time.monotonic() + seconds
    while not connection.poll(BEAT_SECONDS):
        if goes_on is not None:
            goes_on()
        if time.monotonic() > until:
            raise SpeechUnavailable(NO_ANSWER)


def open_connection(goes_on: Callable[[], None] | None) -> Connection:
    """Open a connection to the engine, also to one that is started meanwhile."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return greeted(Client(socket_path(), "AF_UNIX"), goes_on)
        except (OSError, EOFError) as error:
            if attempt == ATTEMPTS:
                raise SpeechUnavailable(NO_ANSWER) from error
        time.sleep(PAUSE_SECONDS)
    raise AssertionError("unreachable")


def greeted(connection: Connection, goes_on: Callable[[], None] | None) -> Connection:
    """The same connection as soon as the engine has it; raises `OSError` or `EOFError`.

    The socket of an engine that was killed takes connections until the system has cleared it away.
    """
    try:
        await_frame(connection, config.speech.work_seconds * QUEUE_SHARE, goes_on)
        connection.recv_bytes()
    except BaseException:
        connection.close()
        raise
    return connection


def socket_path() -> str:
    """Where the engine listens; starts one when there is no common one."""
    if shared := os.environ.get(SOCKET_VARIABLE):
        return shared
    with starting:
        process, path = own.get(os.getpid(), (None, ""))
        if process is None or process.poll() is not None:
            close_pipe(process)
            path = path or str(Path(make_folder(), "speech.sock"))
            own[os.getpid()] = (start_engine(path), path)
    return path


def close_pipe(process: subprocess.Popen[bytes] | None) -> None:
    """Close what an engine would have ended with."""
    if process is not None and process.stdin is not None:
        process.stdin.close()


def make_folder() -> str:
    """A private folder for the socket of a process' own engine."""
    if not own:
        atexit.register(end_own_engine)
    return tempfile.mkdtemp(prefix="youworker-speech-")


def start_engine(path: str) -> subprocess.Popen[bytes]:
    """An engine that knows no secrets, and ends with this process."""
    return subprocess.Popen(  # noqa: S603 -- no shell, no input of others
        [*engine_command(path), "with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=tempfile.gettempdir(),
        env=engine_environment(),
        start_new_session=True,
    )


def engine_environment() -> dict[str, str]:
    """What the engine is told of its surroundings: no secrets, for it reads files of strangers."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return kept | {"PYTHONPATH": str(BASE_DIR), "HOME": tempfile.gettempdir()}


def engine_command(path: str) -> list[str]:
    """How the engine is started."""
    module = "youworker.speech.engine.server"
    return [sys.executable, "-P", "-m", module, path, str(config.speech.memory_mb)]


def end_own_engine() -> None:
    """End this process' engine, when it has one."""
    process, path = own.pop(os.getpid(), (None, ""))
    if process is not None:
        process.kill()
        process.wait()
        close_pipe(process)
        shutil.rmtree(Path(path).parent, ignore_errors=True)
