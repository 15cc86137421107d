"""Fixtures of these tests."""

import pytest
from django.contrib.auth import get_user_model


@pytest.fixture
def ada(db):
    return get_user_model().objects.create_user("ada")
