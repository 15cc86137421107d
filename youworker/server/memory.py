"""Giving the system what loading left behind, once a web process has everything."""

from __future__ import annotations

import ctypes
import gc


def settle_memory() -> None:
    """Drop the rubbish of loading, and let later collections pass over what stays for ever.

    A full collection stops the event loop for as long as it looks at everything there is; modules
    and classes are most of that.
    """
    gc.collect()
    gc.freeze()
    give_back_free_memory()


def give_back_free_memory() -> bool:
    """Give free pages of the heap back to the system; whether its C library can."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is None:
        return False  # Only glibc keeps them, and has the function.
    trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    return bool(trim(0))
