"""The room that a run takes at a model server, also when another server answers it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from chat.agent.exceptions import ModelUnavailable
from chat.agent.sentences import NO_ROOM, WAITS_ELSEWHERE
from chat.llm.admission import model_address
from chat.llm.fallback import FallbackModel
from chat.reasons import notice_in
from chat.runs.leases import write_to_database
from chat.runs.queue import move_run
from youworker.core.config import config

if TYPE_CHECKING:
    from chat.agent.types import LanguageModel
    from chat.models import Run
    from chat.runs.leases import RunLease
    from chat.runs.log.run_log import RunLog

# Between two looks whether a server that is full has room.
LOOK_SECONDS = 0.5


class RunRoom:
    """Where one run takes room."""

    def __init__(self, run: Run, lease: RunLease, log: RunLog) -> None:
        self.run, self.lease, self.log = run, lease, log

    async def settle(self, model: LanguageModel) -> None:
        """Take room where the model is, if that is not where it was when the run was accepted.

        Raises `ModelUnavailable` when there is none for as long as a first word may take.
        """
        if isinstance(model, FallbackModel):
            model.enter = self.enter
        address = model_address(model)
        # Whoever has no server takes no room, but leaves the one that the run was given.
        if address and address != self.run.endpoint and not await self.enter(address):
            raise ModelUnavailable(NO_ROOM)

    async def enter(self, address: str) -> bool:
        """Wait for room at another server, and take it; false when there was none in time."""
        deadline = time.monotonic() + config.llm.first_token_timeout
        has_told = False
        while not await write_to_database(
            self.lease, move_run, self.run.pk, self.lease.token, address
        ):
            if time.monotonic() >= deadline:
                return False
            if not has_told:
                has_told = True
                text = notice_in(self.run.user.language, WAITS_ELSEWHERE)
                self.log.emit("log", {"level": "warning", "message": text})
            await asyncio.sleep(LOOK_SECONDS)
        self.run.endpoint = address
        return True
