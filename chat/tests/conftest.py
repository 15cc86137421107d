"""Fixtures of the chat tests."""

from __future__ import annotations

import pytest

from chat.llm import registry
from chat.runs.process import close_runs


@pytest.fixture(autouse=True)
async def _no_run_left():
    yield
    await close_runs()


@pytest.fixture
def spoken_by(monkeypatch):
    """Make every run speak with the given model."""

    def use(model):
        async def resolve(_name):
            return model

        monkeypatch.setattr(registry, "resolve", resolve)
        return model

    return use
