"""What a web process gives back once it has loaded everything."""

import gc
import platform
import subprocess
import sys

import pytest

from youworker.core.config import BASE_DIR
from youworker.server import memory

# In a process of its own: what is frozen here would stay so for the other tests.
SETTLED = """
import gc, weakref
from youworker.server.memory import settle_memory

class Ring: ...

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

gc.disable()
ring = Ring()
ring.itself = ring
seen = weakref.ref(ring)
del ring
# Each too large for Python's own pools; the last one keeps the heap from shrinking by itself.
blocks = [bytes(1000) for _ in range(50_000)]
del blocks[:-1]
before = resident()
settle_memory()
print(seen() is None, gc.get_freeze_count() > 1000, before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps free pages")
def test_rubbish_is_dropped_and_free_pages_are_given_back():
    done = subprocess.run(
        [sys.executable, "-c", SETTLED], cwd=BASE_DIR, check=True, capture_output=True, text=True
    )
    dropped, frozen, returned = done.stdout.split()

    assert (dropped, frozen) == ("True", "True")
    assert int(returned) > 30 * 1024 * 1024


def test_a_c_library_without_the_function_is_left_alone(monkeypatch):
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())

    assert memory.give_back_free_memory() is False


def test_rubbish_goes_before_anything_is_frozen(monkeypatch):
    order = []
    monkeypatch.setattr(gc, "collect", lambda: order.append("collect"))
    monkeypatch.setattr(gc, "freeze", lambda: order.append("freeze"))
    monkeypatch.setattr(memory, "give_back_free_memory", lambda: order.append("give back"))

    memory.settle_memory()

    assert order == ["collect", "freeze", "give back"]
