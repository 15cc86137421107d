"""The OpenAPI document is valid, complete, and keeps what it promises to random clients."""

from __future__ import annotations

import os

import pytest
import schemathesis
from django.core.management import call_command
from hypothesis import HealthCheck, settings

from accounts.services import create_api_key
from accounts.tests.factories import UserFactory

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "5"))


def test_the_document_has_no_warnings(capsys):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", os.devnull)
