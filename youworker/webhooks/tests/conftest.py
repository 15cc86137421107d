"""What tests of webhooks share."""

from dataclasses import replace

import pytest

from youworker.core.config import config
from youworker.upstream import egress


@pytest.fixture
def loopback_allowed(monkeypatch):
    monkeypatch.setattr(egress, "allowed_entries", lambda: ("127.0.0.0/8", "::1/128"))


@pytest.fixture
def settings_of_webhooks(monkeypatch):
    """Change settings of webhooks for a test."""

    def change(**values):
        object.__setattr__(config, "webhook", replace(config.webhook, **values))

    before = config.webhook
    yield change
    object.__setattr__(config, "webhook", before)
