"""A web process holds no library that it has no use for."""

import json
import subprocess
import sys
from importlib import import_module

import pytest

from youworker.core.config import BASE_DIR
from youworker.core.lean_imports import OPTIONAL, without_optional_libraries

LOADED_BY_A_START = """
import json, sys
from youworker.core.lean_imports import without_optional_libraries
with without_optional_libraries():
    import youworker.server.web_server, youworker.asgi
    from youworker.server.__main__ import load_routes
    load_routes()
import chat.runs.manager, chat.llm.registry, mcp.gateway
print(json.dumps(sorted(sys.modules)))
"""


def test_a_web_process_loads_no_library_without_a_use():
    done = subprocess.run(
        [sys.executable, "-c", LOADED_BY_A_START],
        cwd=BASE_DIR,
        check=True,
        capture_output=True,
        text=True,
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))

    assert loaded & set(OPTIONAL) == set()
    # What people's requests need is there before the first one.
    assert {"chat.views.conversations", "accounts.admin", "mcp.gateway"} <= loaded


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
