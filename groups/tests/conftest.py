"""Fixtures of these tests."""

from __future__ import annotations

import dataclasses

import pytest

from groups import policies


@pytest.fixture
def configured(monkeypatch):
    """Change a section of the settings that quotas look at."""

    def use(section, **values):
        changed = dataclasses.replace(getattr(policies.config, section), **values)
        replaced = dataclasses.replace(policies.config, **{section: changed})
        monkeypatch.setattr(policies, "config", replaced)

    return use
