"""A web process holds no library that it has no use for."""

import json
import subprocess
import sys
from importlib import import_module

import pytest

from youworker.core.config import BASE_DIR
from youworker.core.lean_imports import OPTIONAL, without_optional_libraries

LOADED_BY_A_WEB_PROCESS = """
import json, sys
from youworker.core.lean_imports import without_optional_libraries
with without_optional_libraries():
    import youworker.server.web_server, youworker.asgi
    from youworker.server.__main__ import load_routes
    load_routes()
import chat.runs.manager, chat.llm.registry
started = sorted(sys.modules)
import mcp.builtin.calling
from mcp.builtin.registry import build, registered
for slug in registered:
    build(slug)
print(json.dumps([started, sorted(sys.modules)]))
"""
LOADED_BY_A_WORKER = """
import json, sys
import youworker.celery
from youworker.celery import app
app.loader.import_default_modules()
app.finalize()
print(json.dumps([sorted(sys.modules)]))
"""
# Big, and needed by some only, later, or in processes of their own.
LATER = {
    *("PIL", "authlib", "botocore", "dateparser", "kreuzberg", "numpy", "onnxruntime"),
    *("pi_heif", "pint", "segno", "tokenizers", "tree_sitter", "xllamacpp"),
}
# Of our own tools, which a web process loads once its start is over.
OWN_TOOLS = {"mcp.builtin.calling", "pydantic"}
# Of servers outside, which a web process loads where there are any.
FOREIGN_TOOLS = {"mcp.gateway", "mcp.client", "mcp.server", "mcp_types", "starlette", "uvicorn"}
TOOLS = OWN_TOOLS | FOREIGN_TOOLS


def modules_after(program: str) -> list[set[str]]:
    """What a process has loaded at some moments."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=BASE_DIR,
        check=True,
        capture_output=True,
        text=True,
    )
    return [set(names) for names in json.loads(done.stdout.splitlines()[-1])]


@pytest.mark.slow
def test_a_web_process_loads_no_library_without_a_use():
    started, ready = modules_after(LOADED_BY_A_WEB_PROCESS)

    assert started & ({*OPTIONAL} | LATER | TOOLS) == set()
    # What people's requests need is there before the first one.
    assert {"chat.views.conversations", "accounts.admin"} <= started
    assert ready & (LATER | FOREIGN_TOOLS) == set()
    assert ready >= OWN_TOOLS


@pytest.mark.slow
def test_a_worker_loads_no_views_and_no_library_without_a_use():
    (loaded,) = modules_after(LOADED_BY_A_WORKER)

    # Celery itself looks for threads of gevent, before the project is loaded.
    assert loaded & ({*OPTIONAL} - {"greenlet"} | LATER | TOOLS) == set()
    views = {"chat.views", "chat.pages", "documents.pages", "drf_spectacular.views"}
    assert loaded & (views | {"twisted.internet", "youworker.asgi", "youworker.urls"}) == set()
    assert {"chat.tasks", "ingestion.tasks", "youworker.tasks"} <= loaded


def test_hidden_libraries_are_found_again_afterwards(monkeypatch):
    monkeypatch.delitem(sys.modules, "requests", raising=False)
    with without_optional_libraries(), pytest.raises(ModuleNotFoundError):
        import_module("requests")

    assert import_module("requests").__name__ == "requests"


def test_what_is_loaded_already_stays(monkeypatch):
    here = object()
    monkeypatch.setitem(sys.modules, "rich", here)

    with without_optional_libraries():
        assert sys.modules["rich"] is here

    assert sys.modules["rich"] is here
