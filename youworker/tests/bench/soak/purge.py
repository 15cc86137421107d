"""The purge, as an operator runs it, beside the load."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING

from youworker.core.config import BASE_DIR
from youworker.tests.bench.soak.ledger import LoadFault

if TYPE_CHECKING:
    from youworker.tests.bench.product import Product
    from youworker.tests.bench.soak.ledger import Ledger

PURGE_SECONDS = 120.0
# Rows deleted a moment ago are removed, which nobody may notice who restored something.
PURGE_PAUSE = 12.0


async def purge_repeatedly(product: Product, ledger: Ledger, until: float) -> None:
    """Run `purge_deleted --days 0` again and again beside the load."""
    command = [sys.executable, "manage.py", "purge_deleted", "--days", "0"]
    while time.monotonic() < until:
        with ledger.time("purge"):
            await run_purge(product, ledger, command)
        ledger.acts["purge"] += 1
        await asyncio.sleep(PURGE_PAUSE)


async def run_purge(product: Product, ledger: Ledger, command: list[str]) -> None:
    """Run the command to its end; it is ended when it takes too long."""
    purge = await asyncio.create_subprocess_exec(
        *command,
        cwd=BASE_DIR,
        env=product.environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PURGE_SECONDS):
            _, printed = await purge.communicate()
    except TimeoutError:
        purge.kill()
        _, printed = await purge.communicate()
    if purge.returncode:
        ledger.add_fault(LoadFault(f"purge: exit code {purge.returncode}", printed.decode()[-300:]))
