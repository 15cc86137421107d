"""The page of the console on which staff see every part of the installation."""

import re

import pytest
from django.test import Client

from accounts.tests.factories import UserFactory
from youworker.appliance.embedded.postgres import Postgres
from youworker.appliance.health import checks, examination, pages, remedies, rows

pytestmark = pytest.mark.django_db
PAGE = "/admin/health/"


@pytest.fixture(autouse=True)
def _look_anew(monkeypatch):
    monkeypatch.setattr(examination, "kept", examination.Kept())


def signed_in(**fields):
    client = Client()
    client.force_login(UserFactory(**fields))
    return client


def test_the_page_is_for_staff():
    assert Client().get(PAGE).status_code == 302
    assert signed_in().get(PAGE).status_code == 302
    assert signed_in(is_staff=True).post(PAGE).status_code == 405


def test_every_part_is_shown_and_what_needs_somebody_comes_first(monkeypatch):
    def away():
        raise LookupError("no <b>worker</b> answers")

    monkeypatch.setitem(checks.DETAILED, "worker", away)
    client = signed_in(is_staff=True)

    page = client.get(PAGE).content.decode()

    parts = [*checks.READY, *checks.DETAILED]
    assert all(f'data-part="{name}"' in page for name in parts)
    assert page.index('data-state="failed"') < page.index('data-state="ok"')
    assert "no &lt;b&gt;worker&lt;/b&gt; answers" in page
    assert "celery -A youworker worker" in page
    assert "PostgreSQL 18" in page
    assert f'href="{PAGE}"' in page


def test_the_summary_counts_what_needs_somebody():
    assert pages.summary_of(0) == "Every part works."
    assert pages.summary_of(1) == "1 part needs somebody."
    assert pages.summary_of(2) == "2 parts need somebody."


def test_facts_are_told_of_every_part_that_has_some():
    part = {"status": "ok", "warning": False, "remedy": "", "latency_ms": 1.0}
    made = {"made_at": "2026-11-27T03:00:00+00:00", "verified_at": "2026-11-27T04:00:00+00:00"}
    pool = {"size": 10, "in_use": 2, "waiting": 0}

    def facts(name, **more):
        return rows.row_of(name, {**part, **more})["facts"]

    assert facts("database", version="18.1", pool=pool) == [
        "PostgreSQL 18.1",
        "2 of 10 connections in use, 0 wait",
    ]
    assert facts("disk", free_bytes=1024**3, total_bytes=4 * 1024**3) == [
        "1.0\xa0GB of 4.0\xa0GB free"
    ]
    assert facts("backup", directory="") == ["None are scheduled (BACKUP_DIR)."]
    assert len(facts("backup", directory="x", **made)) == 2
    assert facts("tool_servers", servers={"crm": {"status": "ready"}}) == ["crm: Ready"]
    assert facts("models", endpoint="http://model:8000/v1") == ["http://model:8000/v1"]
    assert facts("models", endpoint=None) == ["None is set up."]
    # What failed has a detail instead.
    assert facts("disk", status="failed") == []


def test_the_remedy_names_the_log_that_is_written(tmp_path):
    written = Postgres(tmp_path, tmp_path, durable=True).log

    assert re.findall(r"\w+\.log", str(remedies.REMEDIES["database"])) == [written.name]
