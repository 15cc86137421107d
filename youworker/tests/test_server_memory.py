"""What the garbage collector still looks at in a web process that has loaded everything."""

import subprocess
import sys

from youworker.core.config import BASE_DIR

# In a process of its own: what is frozen here would stay so for the other tests.
SETTLED = """
import gc, weakref
from youworker.server.__main__ import settle_memory

class Ring: ...

def forgotten_ring():
    ring = Ring()
    ring.itself = ring
    return weakref.ref(ring)

gc.disable()
before, looked_at = forgotten_ring(), len(gc.get_objects())
settle_memory()
later, still_looked_at = forgotten_ring(), len(gc.get_objects())
gc.collect()
print(before() is None, later() is None, gc.get_freeze_count(), looked_at, still_looked_at)
"""


def test_rubbish_is_dropped_and_what_stays_is_passed_over():
    done = subprocess.run(
        [sys.executable, "-c", SETTLED], cwd=BASE_DIR, check=True, capture_output=True, text=True
    )
    dropped, dropped_later, frozen, looked_at, still_looked_at = done.stdout.split()

    assert (dropped, dropped_later) == ("True", "True")
    assert int(frozen) > 1000
    assert int(still_looked_at) * 20 < int(looked_at)
