"""Processes that an operator starts without `manage.py up`."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.management import get_commands

import manage
from youworker.core.config import BASE_DIR

UNDER_TEST = ("DJANGO_SETTINGS_MODULE", "SECRET_KEY", "SECRET_KEY_FILE")


def run(*command, **environment):
    plain = {name: value for name, value in os.environ.items() if name not in UNDER_TEST}
    return subprocess.run(
        [sys.executable, *command],
        cwd=BASE_DIR,
        env={**plain, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.slow
@pytest.mark.django_db
def test_celery_needs_no_name_of_the_settings():
    found = run("-m", "celery", "-A", "youworker", "report", SECRET_KEY=settings.SECRET_KEY)

    assert found.returncode == 0, found.stderr
    assert "sign the audit log" in found.stdout


@pytest.mark.slow
def test_a_web_process_without_a_secret_says_so_in_one_line():
    refused = run("-m", "youworker.server", "--port", "0")

    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        "youworker: SECRET_KEY is missing, too short or a placeholder: "
        "set SECRET_KEY or SECRET_KEY_FILE."
    ]


def test_commands_that_need_no_servers_exist():
    known = {*get_commands(), "help", "version", "--version", "--help", "-h"}

    assert known >= manage.OFFLINE_COMMANDS
