"""Days that are counted within their month."""

from __future__ import annotations

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from mcp.builtin import calendar_rules
from mcp.builtin.calendar_rules import understood
from mcp.builtin.counted_days import counted_day

ROME = ZoneInfo("Europe/Rome")
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=ROME)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("il terzo venerdì di marzo", "2027-03-19T00:00"),
        ("il terzo venerdi di marzo 2026", "2026-03-20T00:00"),
        ("the third Friday of March", "2027-03-19T00:00"),
        ("first monday of next month at 9:30", "2026-12-07T09:30"),
        ("il primo lunedì del mese prossimo alle 9", "2026-12-07T09:00"),
        ("l'ultimo giorno del mese", "2026-11-30T00:00"),
        ("last day of February 2028", "2028-02-29T00:00"),
        ("l'ultimo lunedì di maggio 2027 ore 18", "2027-05-31T18:00"),
        ("fine mese", "2026-11-30T00:00"),
        ("end of the month at 5pm", "2026-11-30T17:00"),
        ("fine febbraio", "2027-02-28T00:00"),
        ("ultima domenica di novembre", "2026-11-29T00:00"),
        ("primo giorno del mese scorso", "2026-10-01T00:00"),
        ("first day of january at 12am", "2027-01-01T00:00"),
    ],
)
def test_counted_days_are_found(text, expected):
    found = counted_day(text, NOW, ROME)

    assert found is not None
    assert found.isoformat(timespec="minutes").startswith(expected)
    assert found.tzinfo is ROME


@pytest.mark.parametrize(
    "text",
    [
        "",
        "il quinto venerdì di marzo 2026 alle 25",
        "il quinto lunedì di febbraio 2026",
        "venerdì prossimo",
        "primo marzo",
        "last friday",
        "third of march",
        "the second",
        "il terzo venerdì di pasqua",
        "il terzo venerdì di marzo 0000",
        "la fine del mondo",
    ],
)
def test_what_counts_no_days_is_left_to_others(text):
    assert counted_day(text, NOW, ROME) is None


def test_the_tool_understands_counted_days_and_hours(monkeypatch):
    monkeypatch.setattr(calendar_rules, "now", lambda _zone: NOW)

    assert understood("il terzo venerdì di marzo", ROME, "it").date().isoformat() == "2027-03-19"
    assert understood("24 dicembre ore 18", ROME, "it").isoformat() == "2026-12-24T18:00:00+01:00"


def test_long_words_cost_nothing():
    began = time.perf_counter()

    for text in ("primo " * 30, "alle " * 30, "9" * 200, "ore 1 " * 30):
        assert counted_day(text[:200], NOW, ROME) is None

    assert time.perf_counter() - began < 0.5
