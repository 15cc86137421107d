"""What tests of webhooks share."""

import pytest

from youworker.upstream import egress


@pytest.fixture
def loopback_allowed(monkeypatch):
    monkeypatch.setattr(egress, "allowed_entries", lambda: ("127.0.0.0/8", "::1/128"))
