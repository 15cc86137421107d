"""What is loaded at a start, and what only when somebody asks for it."""

import pytest

from mcp.models import Tool
from mcp.services import builtins, sync_builtin_servers
from youworker.appliance import bootstrap
from youworker.core.db import run_in_thread
from youworker.core.per_loop import close_all
from youworker.server import __main__ as server


@pytest.mark.django_db(transaction=True)
async def test_a_web_process_stores_what_an_update_changed_in_our_tools(monkeypatch):
    monkeypatch.setattr(server, "LOADING_PAUSE", 0.0)
    settled: list[bool] = []
    monkeypatch.setattr(server, "settle_memory", lambda: settled.append(True))
    await run_in_thread(sync_builtin_servers)
    old = Tool.objects.filter(name="datetime.now")
    await run_in_thread(old.update, description="as an older version said")

    await server.begin_work()
    await close_all()

    assert (await old.aget()).description != "as an older version said"
    assert settled == [True]


@pytest.mark.django_db
def test_a_later_start_does_not_load_the_tools_library(monkeypatch):
    bootstrap.prepare_database([].append)
    asked = []
    monkeypatch.setattr(builtins, "tools_of", asked.append)

    bootstrap.prepare_database([].append)

    assert asked == []
    assert Tool.objects.filter(server__builtin=True).count() > 5
