"""Texts of answers that grow are kept together, and each for itself where one is refused."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.db import DataError, OperationalError

from chat.enums import RunStatus
from chat.models import Run
from chat.runs import store
from chat.runs.leases import LeaseLost, RunLease
from chat.runs.saving import MOMENTS, MOST_TEXTS, save_text, savers, seconds_until_save
from chat.tests.factories import RunFactory
from youworker.core.config import config

pytestmark = pytest.mark.django_db(transaction=True)


@sync_to_async
def growing_runs(count):
    """Runs that are held, each with an empty answer."""
    fields = {"status": RunStatus.RUNNING, "answer__content": ""}
    return [RunFactory(lease_token=uuid4(), **fields) for _ in range(count)]


@sync_to_async
def contents():
    return {run.pk: run.answer.content for run in Run.objects.select_related("answer")}


@pytest.fixture
def batches(monkeypatch):
    """How many texts each statement took, and what is called with them before."""
    seen, save_partials = [], store.save_partials

    def count(texts):
        seen.append(len(texts))
        for hook in hooks:
            hook(texts)
        return save_partials(texts)

    hooks = []
    monkeypatch.setattr(store, "save_partials", count)
    return seen, hooks


def lease_of(run):
    return RunLease(run.lease_token)


async def save_all(runs, **about):
    texts = [save_text(lease_of(run), run, f"text of {run.pk}", "why") for run in runs]
    return await asyncio.gather(*texts, **about)


async def test_texts_that_are_due_together_are_one_statement(batches):
    runs = await growing_runs(MOST_TEXTS + 2)

    assert await save_all(runs) == [True] * len(runs)

    assert batches[0] == [MOST_TEXTS, 2]
    assert await contents() == {run.pk: f"text of {run.pk}" for run in runs}


async def test_a_run_that_is_not_held_is_told_and_not_written():
    kept, lost, ended = await growing_runs(3)
    await Run.objects.filter(pk=lost.pk).aupdate(lease_token=uuid4())
    await Run.objects.filter(pk=ended.pk).aupdate(status=RunStatus.INTERRUPTED)

    assert await save_all([kept, lost, ended]) == [True, False, False]

    assert await contents() == {kept.pk: f"text of {kept.pk}", lost.pk: "", ended.pk: ""}


async def test_a_text_that_is_refused_keeps_no_other_from_being_kept(batches):
    good, bad, late = await growing_runs(3)

    def refuse(texts):
        if bad in [run for run, _, _ in texts]:
            raise DataError("no such character")

    batches[1].append(refuse)

    first, refused, last = await save_all([good, bad, late], return_exceptions=True)

    assert (first, type(refused), last) == (True, DataError, True)
    assert await contents() == {
        good.pk: f"text of {good.pk}",
        bad.pk: "",
        late.pk: f"text of {late.pk}",
    }


async def test_texts_are_kept_once_the_database_is_back(batches):
    runs = await growing_runs(2)
    failures = iter([OperationalError("away"), OperationalError("away")])

    def fail(_texts):
        for error in failures:
            raise error

    batches[1].append(fail)

    assert await save_all(runs) == [True, True]
    assert set((await contents()).values()) == {f"text of {run.pk}" for run in runs}


async def test_who_lost_the_run_does_not_wait_for_the_database():
    (run,) = await growing_runs(1)
    lease = lease_of(run)
    lease.lose()

    with pytest.raises(LeaseLost):
        await save_text(lease, run, "late", "")

    assert savers.get().waiting == []


def test_saves_fall_into_common_moments_and_never_later_than_asked_for():
    longest = config.agent.save_seconds
    times = [1000 + number * longest / 37 for number in range(100)]

    waits = [seconds_until_save(now) for now in times]

    assert all(longest * (1 - 1 / MOMENTS) < wait <= longest for wait in waits)
    moments = {round((now + wait) / longest, 6) for now, wait in zip(times, waits, strict=True)}
    assert all(round(moment * MOMENTS, 3).is_integer() for moment in moments)
    assert len(moments) < len(times) / 4
