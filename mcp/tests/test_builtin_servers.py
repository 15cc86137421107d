"""The built-in servers, called the way the agent calls them."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync

from mcp.calls import CallContext, ToolOutcome
from mcp.services import call_tool, usable_tools
from mcp.tests.factories import UserFactory


def call(user, name, arguments, **context) -> ToolOutcome:
    tool = next(tool for tool in usable_tools(user) if tool.name == name)
    acting = CallContext(user_id=user.pk, correlation_id="c", **context)
    return async_to_sync(call_tool)(tool, arguments, context=acting)


@pytest.fixture
def user(transactional_db):
    return UserFactory(time_zone="Europe/Rome")


def test_usable_tools_lists_the_builtin_ones(user):
    names = [tool.name for tool in usable_tools(user)]

    assert names == [
        "datetime.add",
        "datetime.format",
        "datetime.now",
        "datetime.parse_natural",
        "semantic.answer",
        "semantic.collections",
        "semantic.query",
        "semantic.similar_to_text",
    ]


def test_now(user):
    outcome = call(user, "datetime.now", {}, time_zone="Europe/Rome")
    print(outcome)
    assert not outcome.is_error
    assert outcome.structured["time_zone"] == "Europe/Rome"


def test_query(user):
    outcome = call(user, "semantic.query", {"query": "hello"})
    print(outcome)
    assert outcome.structured == {"results": []}


def test_p(user):
    outcome = call(
        user, "datetime.parse_natural", {"text": "next friday at 3pm"}, time_zone="Europe/Rome"
    )
    print(outcome)
    outcome = call(
        user, "datetime.parse_natural", {"text": "tra due settimane"}, time_zone="Europe/Rome"
    )
    print(outcome)
    outcome = call(
        user,
        "datetime.format",
        {"iso": "2026-03-01T10:00:00Z", "language": "it"},
        time_zone="Europe/Rome",
    )
    print(outcome)
    outcome = call(user, "semantic.collections", {})
    print(outcome)
    outcome = call(user, "semantic.answer", {"question": "a"})
    print(outcome)
    print([t.input_schema for t in usable_tools(user)])
