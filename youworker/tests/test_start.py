"""What a web process loads before anybody asks for it."""

import os
import subprocess
import sys

import pytest

from youworker.common.config import BASE_DIR

LOADING = """
import sys
import youworker.web.server
import youworker.asgi
import chat.runs.process
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
