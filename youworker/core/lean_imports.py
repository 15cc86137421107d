"""Starting a process without what libraries load only in case that somebody uses it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Whoever imports these does without where they are not installed: TLS of Twisted (a proxy does
# that), WAMP over CBOR, coloured tracebacks, threads of gevent, Django's and DRF's test clients,
# figures that the client of Redis would give OpenTelemetry. Together they are a tenth of the memory
# of a web process or a worker.
OPTIONAL = (
    *("OpenSSL", "cbor2", "greenlet", "jinja2"),
    *("opentelemetry", "pygments", "requests", "rich"),
)


@contextmanager
def without_optional_libraries() -> Iterator[None]:
    """Let imports in this block find none of `OPTIONAL`; later ones find them as ever."""
    hidden = [name for name in OPTIONAL if name not in sys.modules]
    modules: dict[str, object] = sys.modules  # type: ignore[assignment]  # None = not to be found
    modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            modules.pop(name, None)
