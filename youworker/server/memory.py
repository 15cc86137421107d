"""What a web process does about its memory once it has loaded everything."""

from __future__ import annotations

import gc


def settle_memory() -> None:
    """Drop the rubbish of loading, and let later collections pass over what stays for ever.

    A full collection stops the event loop for as long as it looks at everything there is; modules
    and classes are most of that, and take more than a tenth of a second.
    """
    gc.collect()
    gc.freeze()
