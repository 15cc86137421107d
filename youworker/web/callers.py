"""How many connections each address holds."""

from __future__ import annotations

from collections import Counter

from youworker.common.peers import in_networks, parsed, trusted_proxies

# An office behind one address needs many; a single machine must not take all of a process.
MOST_CONNECTIONS = 512


class Callers:
    """Counts connections by address; trusted proxies speak for many people and are not limited."""

    def __init__(self) -> None:
        self.held: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """Count a connection; whether there was room for it. Every call needs its `leave`."""
        self.held[address] += 1
        if self.held[address] <= MOST_CONNECTIONS or not address:
            return True
        known = parsed(address)
        return known is not None and in_networks(known, trusted_proxies())

    def leave(self, address: str) -> None:
        """Forget a connection."""
        self.held[address] -= 1
        if self.held[address] <= 0:
            del self.held[address]
