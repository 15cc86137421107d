"""What a web process does about model servers now and then, beside its runs. Blocking."""

from __future__ import annotations

from chat.llm.admission import RENEW_SECONDS, renew_rooms
from chat.llm.endpoints import REFRESH_SECONDS, refresh_endpoints
from youworker.core.leases import elapsed_seconds


class Upkeep:
    """Keeps what is known of model servers new, and the room of this process' calls taken."""

    def __init__(self) -> None:
        self.refresh_at = self.renew_at = 0.0

    def carry_out(self) -> None:
        """Do what is due."""
        now = elapsed_seconds()
        if now >= self.refresh_at:
            refresh_endpoints()
            self.refresh_at = now + REFRESH_SECONDS
        if now >= self.renew_at:
            renew_rooms()
            self.renew_at = now + RENEW_SECONDS
