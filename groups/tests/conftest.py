"""Fixtures of these tests."""

from __future__ import annotations

import dataclasses

import pytest

from accounts.tests.factories import UserFactory
from groups import policies
from groups.tests.factories import managed_group


@pytest.fixture
def configured(monkeypatch):
    """Change a section of the settings that quotas look at."""

    def use(section, **values):
        changed = dataclasses.replace(getattr(policies.config, section), **values)
        replaced = dataclasses.replace(policies.config, **{section: changed})
        monkeypatch.setattr(policies, "config", replaced)

    return use


@pytest.fixture
def ada():
    return UserFactory(username="ada", display_name="Ada L.")


@pytest.fixture
def client(ada, client_of):
    return client_of(ada)


@pytest.fixture
def group(ada):
    return managed_group(ada, name="Sales")[0]
