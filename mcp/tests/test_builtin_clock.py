"""The server for dates and times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from mcp.builtin.calendar_rules import understood
from mcp.builtin.calling import call
from mcp.builtin.italian import in_english
from mcp.calls import CallContext, use_call_context
from mcp.descriptions import Endpoint

CLOCK = Endpoint("datetime", "inprocess")
ROME = ZoneInfo("Europe/Rome")


async def ask(tool, *, language="en", **arguments):
    context = CallContext(uuid4(), "c", language=language, time_zone="Europe/Rome")
    with use_call_context(context):
        return await call(CLOCK, tool, arguments, correlation_id="c")


async def test_now_is_in_the_users_zone():
    outcome = await ask("now")

    moment = datetime.fromisoformat(outcome.structured["iso"])
    assert abs(moment - datetime.now(UTC)) < timedelta(seconds=5)
    assert moment.utcoffset() == datetime.now(ROME).utcoffset()
    assert outcome.structured["time_zone"] == "Europe/Rome"


async def test_now_in_another_zone():
    assert (await ask("now", time_zone="Asia/Tokyo")).structured["iso"].endswith("+09:00")


async def test_without_a_context_only_explicit_questions_are_answered():
    refused = await call(CLOCK, "now", {}, correlation_id="")

    assert refused.is_error
    assert "signed-in" in refused.text


@pytest.mark.parametrize(
    ("style", "language", "text"),
    [
        ("long", "en", "Sunday, 1 March 2026, 10:30"),
        ("long", "it", "domenica 1 marzo 2026, 10:30"),
        ("short", "it", "01/03/2026 10:30"),
        ("weekday", "it-IT", "domenica"),
        ("iso", "en", "2026-03-01T10:30:00+01:00"),
        ("long", "de", "Sonntag, 1. März 2026, 10:30"),
        ("short", "de", "01.03.26, 10:30"),
        ("date", "en", "1 March 2026"),
        ("date", "it", "1 marzo 2026"),
        ("date", "pt_BR", "1 de março de 2026"),
        ("long", "ja", "2026年3月1日日曜日, 10:30"),
        ("%A %d %B", "it", "domenica 01 marzo"),
        ("%d/%m/%Y %%", "en", "01/03/2026 %"),
        ("%A", "en", "Sunday"),
    ],
)
async def test_format(style, language, text):
    outcome = await ask("format", iso="2026-03-01T09:30:00Z", format=style, language=language)

    assert outcome.text == text


@pytest.mark.parametrize(
    "arguments",
    [
        {"iso": "yesterday"},
        {"iso": "2026-03-01", "time_zone": "Mars/Olympus"},
        {"iso": "2026-03-01", "time_zone": "../../etc/passwd"},
        {"iso": "2026-03-01", "language": "tlh"},
        {"iso": "2026-03-01", "language": "--"},
        {"iso": "2026-03-01", "language": "../../etc/passwd"},
        {"iso": "2026-03-01", "format": "fancy"},
    ],
)
async def test_format_explains_what_it_cannot_do(arguments):
    outcome = await ask("format", **arguments)

    assert outcome.is_error
    assert "mistake of ours" not in outcome.text


@pytest.mark.parametrize(
    ("iso", "span", "result"),
    [
        ("2026-01-31T12:00:00+01:00", {"months": 1}, "2026-02-28T12:00:00+01:00"),
        ("2024-02-29T12:00:00+01:00", {"years": -1}, "2023-02-28T12:00:00+01:00"),
        # The clocks in Rome are put forward on 29 March 2026.
        ("2026-03-28T12:00:00+01:00", {"days": 1}, "2026-03-29T12:00:00+02:00"),
        ("2026-03-28T12:00:00+01:00", {"hours": 24}, "2026-03-29T13:00:00+02:00"),
        ("2026-03-01T00:00:00", {"weeks": 1, "seconds": -1}, "2026-03-07T23:59:59+01:00"),
    ],
)
async def test_add(iso, span, result):
    assert (await ask("add", iso=iso, **span)).structured["iso"] == result


@pytest.mark.parametrize("span", [{"years": 9000}, {"days": 999_999_999}, {"years": -3000}])
async def test_add_refuses_what_no_calendar_has(span):
    assert (await ask("add", iso="2026-03-01", **span)).is_error


@pytest.mark.parametrize(
    ("text", "language", "days", "clock"),
    [
        ("tomorrow at 15:00", "en", 1, "15:00"),
        ("domani alle 15", "it", 1, "15:00"),
        ("dopodomani alle 8.30", "it", 2, "08:30"),
        ("tra due settimane alle 9", "it", 14, "09:00"),
        ("domani alle 15", "en", 1, "15:00"),
        ("morgen um 15:00", "de", 1, "15:00"),
        ("mañana a las 15:00", "es", 1, "15:00"),
        ("oggi a mezzogiorno", "it", 0, "12:00"),
    ],
)
async def test_parse_natural(text, language, days, clock):
    outcome = await ask("parse_natural", text=text, language=language)

    moment = datetime.fromisoformat(outcome.structured["iso"])
    assert moment.date() == datetime.now(ROME).date() + timedelta(days=days)
    assert moment.strftime("%H:%M") == clock


async def test_parse_natural_explains_what_it_does_not_understand():
    outcome = await ask("parse_natural", text="when pigs fly")

    assert "'when pigs fly' is not understood" in outcome.text
    assert outcome.is_error


def test_a_weekday_lies_in_the_future():
    moment = understood("venerdì prossimo", ROME, "it")

    assert moment.weekday() == 4
    assert moment > datetime.now(ROME)


@pytest.mark.parametrize("text", ["tomorrow", "domani a pranzo", "2026-03-01", ""])
def test_in_english_leaves_what_it_does_not_know(text):
    assert in_english(text) is None
