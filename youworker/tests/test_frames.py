"""The page in which diagrams are drawn."""

import re

import pytest
from django.templatetags.static import static

pytestmark = pytest.mark.django_db


def policy(answer):
    return set(answer["Content-Security-Policy"].split("; "))


def test_a_frame_can_run_our_scripts_and_reach_nothing(client):
    answer = client.get("/frame/diagram", headers={"Host": "localhost:8000"})

    assert policy(answer) == {
        "default-src 'none'",
        "script-src http://localhost:8000/static/",
        "style-src 'unsafe-inline'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-scripts",
    }
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_only_a_frame_may_be_framed(client):
    assert client.get("/i18n/en.js")["X-Frame-Options"] == "DENY"


def test_a_frame_has_one_script_that_sandboxes_may_load(client):
    content = client.get("/frame/diagram").content.decode()

    (script,) = re.findall(r"<script[^>]*></script>", content)
    address = static("youworker/frame/diagram.js")
    assert script == f'<script type="module" src="{address}"></script>'
    answer = client.get(address)
    answer.close()
    assert answer["Access-Control-Allow-Origin"] == "*"


def test_a_frame_takes_no_form(client):
    assert client.post("/frame/diagram").status_code == 405
