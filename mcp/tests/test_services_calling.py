"""Who may use which tool, and what comes of a call."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import redis
from asgiref.sync import async_to_sync
from django.utils import timezone

from groups.tests.factories import GroupFactory, MembershipFactory
from mcp import breaker
from mcp.calls import CallContext, ToolOutcome
from mcp.enums import Effect, Policy, Transport
from mcp.models import Server, Tool
from mcp.services import (
    call_tool,
    calling,
    discover_server,
    set_group_policy,
    sync_builtin_servers,
    usable_tools,
)
from mcp.tests.factories import ServerFactory, StaffFactory, ToolFactory, UserFactory
from youworker.core.db import run_in_thread
from youworker.core.per_loop import close_all
from youworker.core.redis import sync_redis
from youworker.tests.support.collectors import attributes_of, running_collector, traced_to

pytestmark = pytest.mark.django_db(transaction=True)

BUILTIN = [
    "datetime.add",
    "datetime.format",
    "datetime.now",
    "datetime.parse_natural",
    "ingest.path",
    "ingest.status",
    "ingest.url",
    "semantic.answer",
    "semantic.collections",
    "semantic.query",
    "semantic.similar_to_text",
    "units.convert",
    "web.crawl",
    "web.extract_readable",
    "web.fetch",
    "web.head",
]


def names(user, **options):
    return [tool.name for tool in usable_tools(user, **options)]


def info(user, name):
    return next(tool for tool in usable_tools(user) if tool.name == name)


def called(tool, user, *, approved=False, **arguments) -> ToolOutcome:
    async def once():
        context = CallContext(user.pk, "corr-7", approved=approved)
        try:
            return await call_tool(tool, arguments, context=context)
        finally:
            await close_all()

    outcome: ToolOutcome = async_to_sync(once)()
    return outcome


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def tiny(tiny_argv):
    """The test server as a program, discovered, every tool callable at once."""
    server = ServerFactory(
        slug="tiny", transport=Transport.STDIO, url="", argv=list(tiny_argv), secrets={}
    )
    discover_server(server)
    server.tools.update(policy=Policy.AUTO)
    return server


def test_the_builtin_tools_register_themselves(user):
    assert names(user) == BUILTIN
    policies = {tool.name: tool.policy for tool in usable_tools(user)}
    assert [name for name, policy in policies.items() if policy != "auto"] == [
        "ingest.path",
        "ingest.url",
    ]
    assert info(user, "semantic.query").safe_name == "semantic__query"


def test_a_call_is_a_span_without_what_was_said(user, monkeypatch):
    tool = info(user, "units.convert")
    with running_collector() as collector, traced_to(collector.url, monkeypatch) as traced:
        outcome = called(tool, user, value=7, from_unit="canary7f3a", to_unit="m")
        traced.provider.force_flush()

    told = attributes_of(collector.named("tool call"))
    assert outcome.is_error
    assert (told["youworker.server"], told["youworker.tool_id"]) == ("units", str(tool.id))
    assert (told["youworker.outcome"], told["youworker.user_id"]) == ("error", str(user.pk))
    assert b"canary7f3a" not in b"".join(collector.bodies)


def test_a_server_of_ours_is_loaded_outside_the_event_loop(user, monkeypatch):
    tool, loaded = info(user, "datetime.now"), []

    def load(slug):
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        loaded.append(slug)

    monkeypatch.setattr(calling, "build", load)

    outcome = called(tool, user)

    assert (outcome.is_error, loaded) == (False, ["datetime"])


def test_usable_tools_needs_one_query(user, django_assert_num_queries):
    sync_builtin_servers()
    ToolFactory.create_batch(3)

    with django_assert_num_queries(1):
        assert len(usable_tools(user)) == len(BUILTIN) + 3


def test_a_builtin_server_that_is_switched_off_stays_off(user, django_assert_num_queries):
    sync_builtin_servers()
    Server.objects.filter(slug="datetime").update(enabled=False)
    sync_builtin_servers()

    with django_assert_num_queries(2):
        found = usable_tools(user)

    assert {tool.server for tool in found} == {"semantic", "units", "web", "ingest"}


def test_registering_twice_at_once_is_harmless(user):
    async def twice():
        both = [run_in_thread(usable_tools, user) for _ in range(4)]
        return await asyncio.gather(*both)

    results = async_to_sync(twice)()

    assert all([tool.name for tool in found] == BUILTIN for found in results)
    assert Tool.objects.count() == len(BUILTIN)


@pytest.mark.parametrize(
    "state",
    [
        {"enabled": False},
        {"missing_since": timezone.now()},
        {"schema_hash": "b" * 64},
        {"approved_hash": ""},
        {"policy": Policy.DENY},
        {"server__enabled": False},
    ],
)
def test_tools_that_are_off_are_neither_offered_nor_called(user, state):
    tool = ToolFactory(**state)

    assert tool.name not in names(user)


def test_a_tool_switched_off_meanwhile_is_not_called(user, tiny):
    tool = info(user, "tiny.echo")
    Tool.objects.filter(pk=tool.id).update(enabled=False)

    outcome = called(tool, user, text="x")

    assert (outcome.is_error, outcome.text) == (True, "The tool 'tiny.echo' is switched off.")


def test_a_user_locked_out_meanwhile_calls_nothing(user, tiny):
    tool = info(user, "tiny.echo")
    user.is_active = False
    user.save()

    outcome = called(tool, user, text="x")

    assert outcome.is_error
    assert "may no longer use tools" in outcome.text


def test_web_tools_are_left_out_when_they_are_switched_off(user):
    tool = ToolFactory(effects=[Effect.READ.value, Effect.EGRESS.value])

    assert tool.name in names(user)
    assert tool.name not in names(user, enable_web=False)


def test_a_call_answers_with_text_and_data(user, tiny):
    outcome = called(info(user, "tiny.add"), user, a=2, b=5)

    assert (outcome.structured, outcome.is_error) == ({"sum": 7}, False)


def test_ask_needs_the_consent_of_the_user(user, tiny):
    Tool.objects.filter(name="tiny.echo").update(policy=Policy.ASK)
    tool = info(user, "tiny.echo")

    refused = called(tool, user, text="x")
    allowed = called(tool, user, approved=True, text="x")

    assert tool.policy == "ask"
    assert (refused.is_error, refused.text) == (
        True,
        "The user has not allowed this call of 'tiny.echo'.",
    )
    assert (allowed.is_error, allowed.text) == (False, "x")


def test_a_group_can_only_make_a_tool_stricter(user):
    staff, group = StaffFactory(), GroupFactory()
    MembershipFactory(group=group, user=user)
    auto, denied = ToolFactory(), ToolFactory(policy=Policy.DENY)
    set_group_policy(auto, group, policy="ask", actor=staff)
    set_group_policy(denied, group, policy="auto", actor=staff)

    other = UserFactory()
    assert info(user, auto.name).policy == "ask"
    assert info(other, auto.name).policy == "auto"
    assert denied.name not in names(user)

    set_group_policy(auto, group, policy="deny", actor=staff)
    assert auto.name not in names(user)
    assert auto.name in names(other)

    set_group_policy(auto, group, policy=None, actor=staff)
    assert info(user, auto.name).policy == "auto"


def test_the_strictest_group_counts_and_deleted_groups_do_not(user):
    staff, tool = StaffFactory(), ToolFactory()
    for policy in ("auto", "deny", "ask"):
        group = GroupFactory()
        MembershipFactory(group=group, user=user)
        set_group_policy(tool, group, policy=policy, actor=staff)
        if policy == "deny":
            group.deleted_at = timezone.now() - timedelta(days=1)
            group.save()

    assert info(user, tool.name).policy == "ask"


@pytest.mark.slow
def test_error_answers_never_rest_a_server(user, tiny, mcp_limits):
    mcp_limits(breaker_failures=2)
    tool = info(user, "tiny.broken")

    answers = [called(tool, user).text for _ in range(4)]

    assert all("The paper tray is empty." in text for text in answers)


def end_rest(server):
    """Let the time pass for which a server rests."""
    _failures, resting = breaker.keys(server.pk)
    sync_redis().delete(resting)


@pytest.mark.slow
def test_a_server_that_fails_repeatedly_rests_and_recovers(user, mcp_limits, tiny_argv, tiny):
    mcp_limits(breaker_failures=2, breaker_seconds=60)
    echo = info(user, "tiny.echo")
    Server.objects.filter(pk=tiny.pk).update(argv=["/does/not/exist"])

    texts = [called(echo, user, text="x").text for _ in range(3)]
    Server.objects.filter(pk=tiny.pk).update(argv=list(tiny_argv))
    resting = called(echo, user, text="x").text
    end_rest(tiny)
    after = [called(echo, user, text="x").text for _ in range(2)]

    assert "is not available" in texts[1]
    assert "rests for a while" in texts[2]
    assert "rests for a while" in resting
    assert after == ["x", "x"]


def test_after_a_rest_one_caller_tries_first(user, mcp_limits):
    mcp_limits(breaker_failures=1, breaker_seconds=60)
    server = ServerFactory()

    breaker.note_failure(server.pk)
    resting = breaker.may_call(server.pk)
    end_rest(server)
    tries = [breaker.may_call(server.pk) for _ in range(3)]
    breaker.note_answer(server.pk)

    assert (resting, tries) == (False, [True, False, False])
    assert breaker.may_call(server.pk)


@pytest.mark.slow
def test_calls_go_on_without_redis(user, tiny, monkeypatch):
    nowhere = redis.Redis.from_url("redis://127.0.0.1:9/0")
    monkeypatch.setattr(breaker, "sync_redis", lambda: nowhere)

    assert called(info(user, "tiny.echo"), user, text="x").text == "x"
    breaker.note_failure(tiny.pk)
    assert breaker.may_call(tiny.pk)


@pytest.mark.slow
def test_two_servers_on_one_host_do_not_collide(user, tiny, tiny_argv):
    second = ServerFactory(
        slug="tiny-two", transport=Transport.STDIO, url="", argv=list(tiny_argv), secrets={}
    )
    discover_server(second)
    second.tools.update(policy=Policy.AUTO)

    one, two = info(user, "tiny.echo"), info(user, "tiny-two.echo")

    assert one.safe_name != two.safe_name
    assert called(one, user, text="1").text == "1"
    assert called(two, user, text="2").text == "2"
