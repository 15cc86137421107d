"""What several tests of the composition root use."""

import pytest

from youworker.tests.serving import serving


@pytest.fixture(scope="session")
def port():
    """Where a server process of our own listens."""
    with serving() as chosen:
        yield chosen
