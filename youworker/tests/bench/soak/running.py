"""The whole of it: an installation, a warm-up, the load, and a look when everybody has left."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx2

from youworker.tests.bench.chat import model_double
from youworker.tests.bench.product import create_key, make_people, running_product
from youworker.tests.bench.soak.acts.filing import upload_large
from youworker.tests.bench.soak.ledger import FINAL_STATUSES, Ledger, LoadFault
from youworker.tests.bench.soak.load import USERS, apply_load, make_users
from youworker.tests.bench.soak.samples import Probe, Sample, probe_of, take_samples
from youworker.tests.bench.soak.verdict import Measured, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from youworker.tests.bench import Report
    from youworker.tests.bench.product import Person, Product
    from youworker.tests.bench.soak.user import User

# Enough for every act to have been done by everybody, so that pools and caches have their size.
WARM_UP_SECONDS = 40.0
# Event logs go after half a minute, so that within the shortest run as many end as begin.
SETTINGS = {"RUN_LOG_SECONDS": "30", "LOG_LEVEL": "WARNING"}
# Until what was closed is noticed everywhere: keepalives and pollers take some seconds.
REST_SECONDS, LOOK_SECONDS = 45.0, 1.0
MOST_MINUTES = 24 * 60.0


def run(minutes: float) -> Report:
    """Put a scratch installation under load for some minutes."""
    if not 0 < minutes <= MOST_MINUTES:
        raise ValueError(f"--minutes must be above 0 and at most {MOST_MINUTES:g}.")
    with ExitStack() as stack:
        port = stack.enter_context(model_double())
        url = f"http://127.0.0.1:{port}/v1"
        product = stack.enter_context(running_product(LLM_BASE_URL=url, **SETTINGS))
        people = make_people(product, USERS + 1)
        staff = create_key(product.environment, "admin")
        probe = stack.enter_context(probe_of(product, staff))
        try:
            return asyncio.run(soak(product, people, probe, minutes * 60))
        except LoadFault as fault:
            raise RuntimeError(f"the load could not begin: {fault} {fault.example}") from fault


async def soak(product: Product, people: Sequence[Person], probe: Probe, seconds: float) -> Report:
    """Warm up, measure, and judge."""
    ledger = Ledger()
    async with make_users(product, people, ledger) as users:
        for user in users:
            await upload_large(user)
        await apply_load(product, users, WARM_UP_SECONDS)
    before = await wait_until_idle(probe)
    ledger.forget_latencies()
    async with make_users(product, people, ledger) as again:
        for old, new in zip(users, again, strict=True):
            new.documents, new.large = old.documents, old.large
        loading = apply_load(product, again, seconds)
        _, samples = await asyncio.gather(loading, take_samples(probe, ledger, seconds))
        if not samples:
            raise RuntimeError("not one sample could be taken")
        await check_runs(again[0], ledger)
        await check_documents(again[0], ledger)
    after = await wait_until_idle(probe)
    return judge(Measured(before, samples, after, probe.keys_without_end()), ledger)


async def wait_until_idle(probe: Probe) -> Sample:
    """Wait until nobody is connected and nothing is in use, or not any longer; the last look."""
    deadline = time.monotonic() + REST_SECONDS
    while True:
        sample = await asyncio.to_thread(probe.take_sample)
        resting = sample.clients == 0 and sample.pool.get("in_use") == 1
        if resting or time.monotonic() > deadline:
            return sample
        await asyncio.sleep(LOOK_SECONDS)


async def check_runs(reader: User, ledger: Ledger) -> None:
    """Note the runs that nobody saw the end of and that have none; deleted ones are not asked."""
    for run_id, key in ledger.open_runs.items():
        answer = await read(reader, f"/v1/runs/{run_id}", key)
        if answer is None or answer.status_code != httpx2.codes.OK:
            continue
        if answer.json()["status"] not in FINAL_STATUSES:
            ledger.add_fault(LoadFault("at the end: a run has no final status", answer.text[:200]))


async def check_documents(reader: User, ledger: Ledger) -> None:
    """Note documents that were accepted or restored, not deleted, and are not there."""
    for document, key in ledger.documents.items():
        answer = await read(reader, f"/v1/documents/{document}", key)
        if answer is None:
            continue
        if answer.status_code != httpx2.codes.OK:
            sentence = f"at the end: a document is answered with {answer.status_code}"
            ledger.add_fault(LoadFault(sentence, document))
        elif answer.json()["status"] != "ready":
            ledger.add_fault(LoadFault("at the end: a document is not ready", answer.text[:200]))


async def read(reader: User, path: str, key: str) -> httpx2.Response | None:
    """Read a resource as somebody; no answer is a fault of its own."""
    try:
        return await reader.client.get(path, headers={"Authorization": f"Bearer {key}"})
    except httpx2.HTTPError as error:
        reader.ledger.add_fault(LoadFault(f"at the end: {type(error).__name__}", path))
        return None
