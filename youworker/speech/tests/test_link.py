"""The engine: replaced when it dies, told when nobody waits, never for ever at one thing."""

from __future__ import annotations

import os
import signal
import threading
import time
from multiprocessing.connection import Listener

import psutil
import pytest

from youworker.speech import link
from youworker.speech.engine.exceptions import Trouble
from youworker.speech.engine.turns import Turns
from youworker.speech.engine.wire import packed, unpacked
from youworker.speech.exceptions import SpeechLost
from youworker.speech.link import ask_engine
from youworker.speech.speaking import speak
from youworker.tests.support.waiting import wait_until


def engine():
    """The engine of this process."""
    return link.own[os.getpid()][0]


@pytest.mark.slow
def test_an_engine_that_was_killed_is_replaced():
    list(ask_engine({"do": "speak", "texts": [], "format": "mp3"}))
    former = engine().pid
    os.kill(former, signal.SIGKILL)

    assert b"".join(speak(["Hello."]))
    assert engine().pid != former


@pytest.mark.slow
def test_an_engine_that_takes_connections_though_it_is_dying_is_waited_for(monkeypatch, tmp_path):
    path = str(tmp_path / "speech.sock")
    monkeypatch.setenv(link.SOCKET_VARIABLE, path)
    dying = Listener(path, "AF_UNIX")

    def die_and_come_back():
        for _ in range(5):
            dying.accept().close()
        dying.close()
        started.append(link.start_engine(path))

    started = []
    death = threading.Thread(target=die_and_come_back)
    death.start()
    try:
        assert b"".join(speak(["Hello."]))
    finally:
        death.join()
        for engine in started:
            engine.kill()
            engine.communicate()


@pytest.mark.slow
def test_an_engine_that_dies_in_the_middle_is_told_apart():
    frames = ask_engine({"do": "speak", "texts": ["word " * 300] * 200, "format": "wav"})
    next(frames)
    engine().kill()

    with pytest.raises(SpeechLost):
        list(frames)


@pytest.mark.slow
def test_work_ends_when_nobody_waits_for_it():
    frames = ask_engine({"do": "speak", "texts": ["word " * 300] * 5000, "format": "wav"})
    next(frames)
    process = psutil.Process(engine().pid)
    frames.close()

    def is_idle():
        before = process.cpu_times().user
        time.sleep(0.3)
        return process.cpu_times().user - before < 0.05

    wait_until(is_idle)


@pytest.mark.slow
def test_the_engine_knows_no_secrets_and_dumps_no_core(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "not for the engine")
    link.end_own_engine()
    list(ask_engine({"do": "speak", "texts": ["Hello."], "format": "wav"}))

    process = psutil.Process(engine().pid)
    assert "SECRET_KEY" not in process.environ()
    assert process.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    assert process.rlimit(psutil.RLIMIT_DATA)[0] == 3072 * 2**20


def test_people_go_before_recordings_and_too_many_are_refused():
    turns, order = Turns(most_waiting=1), []

    def work(name, *, is_urgent):
        with turns.take(is_urgent=is_urgent):
            order.append(name)

    with turns.take(is_urgent=False):
        threads = [
            threading.Thread(target=work, args=[name], kwargs={"is_urgent": name == "person"})
            for name in ("recording", "person")
        ]
        for thread in threads:
            thread.start()
        wait_until(lambda: turns.urgent == 1)
        with pytest.raises(Trouble), turns.take(is_urgent=True):
            pass
    for thread in threads:
        thread.join()

    assert order == ["person", "recording"]


def test_frames_carry_an_object_and_bytes():
    assert unpacked(packed({"a": "ü"}, b"\0\1")) == ({"a": "ü"}, b"\0\1")
    for frame in (b"", b"\0\0\0\2[]", b"\0\0\0\5{"):
        with pytest.raises((ValueError, TypeError)):
            unpacked(frame)
