"""Fixtures of these tests."""

from __future__ import annotations

import pytest

from accounts.tests.factories import UserFactory
from groups.tests.factories import managed_group


@pytest.fixture
def ada():
    return UserFactory(username="ada", display_name="Ada L.")


@pytest.fixture
def client(ada, client_of):
    return client_of(ada)


@pytest.fixture
def group(ada):
    return managed_group(ada, name="Sales")[0]
