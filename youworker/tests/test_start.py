"""What is loaded at a start, and what only when somebody asks for it."""

import os
import subprocess
import sys

import pytest

from mcp.models import Tool
from mcp.services import builtins, sync_builtin_servers
from youworker.appliance import bootstrap
from youworker.core.config import BASE_DIR
from youworker.core.db import run_in_thread
from youworker.core.per_loop import close_all
from youworker.server import __main__ as server

LOADING = """
import sys
import youworker.server.web_server
import youworker.asgi
import chat.runs.manager
from django.urls import get_resolver
get_resolver().url_patterns
print(" ".join(sys.modules))
"""
# Big, and needed by some only, later, or in processes of their own.
LATER = {"authlib", "dateparser", "kreuzberg", "mcp_types", "numpy", "onnxruntime", "tokenizers"}


@pytest.mark.slow
def test_a_web_process_starts_without_what_it_may_never_need():
    done = subprocess.run(
        [sys.executable, "-c", LOADING],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "youworker.settings"},
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )

    assert LATER & set(done.stdout.split()) == set()


@pytest.mark.django_db(transaction=True)
async def test_a_web_process_stores_what_an_update_changed_in_our_tools(monkeypatch):
    monkeypatch.setattr(server, "LOADING_PAUSE", 0.0)
    await run_in_thread(sync_builtin_servers)
    old = Tool.objects.filter(name="datetime.now")
    await run_in_thread(old.update, description="as an older version said")

    await server.begin_work()
    await close_all()

    assert (await old.aget()).description != "as an older version said"


@pytest.mark.django_db
def test_a_later_start_does_not_load_the_tools_library(monkeypatch):
    bootstrap.prepare_database([].append)
    asked = []
    monkeypatch.setattr(builtins, "tools_of", asked.append)

    bootstrap.prepare_database([].append)

    assert asked == []
    assert Tool.objects.filter(server__builtin=True).count() > 5
