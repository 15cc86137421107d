"""Fixtures of these tests."""

import pytest


@pytest.fixture(autouse=True)
def _no_collected_files(settings):
    # whitenoise warns about a folder of collected files that does not exist.
    settings.STATIC_ROOT = None
