"""How we introduce ourselves to other servers, and whose certificates we believe."""

from __future__ import annotations

import ssl
from functools import cache

import certifi

USER_AGENT = "YouWorker/1"


@cache
def trusted_authorities() -> ssl.SSLContext:
    """The system's certificate authorities, so that a company's own count, and the usual ones."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
