"""What every call of another host passes, without a web process."""

from __future__ import annotations

import subprocess
import sys

import pytest
from auditlog.models import LogEntry
from mcp.client import Client

from accounts.tests.factories import UserFactory
from chat.enums import RunStatus
from chat.models import Run
from chat.tests.factories import RunFactory
from chat.toolhost.asking import post_question
from chat.toolhost.building import server_called
from groups.models import Membership
from groups.tests.factories import GroupFactory
from mcp.calls import CallContext, use_call_context
from mcp.models import GroupPolicy, Server, Tool
from mcp.services import sync_builtin_servers
from quotas.models import UsageEvent
from youworker.core.config import BASE_DIR
from youworker.core.db import run_in_thread
from youworker.core.exceptions import Conflict

pytestmark = pytest.mark.django_db(transaction=True)

MILES = {"value": 1, "from_unit": "mi", "to_unit": "km"}


async def ask(user, name="units", tool="convert", arguments=MILES):
    with use_call_context(CallContext(user.pk, "c")):
        async with Client(server_called(name)) as client:
            return await client.call_tool(tool, arguments)


def last_call():
    event = UsageEvent.objects.filter(kind="tool_call").latest("pk")
    line = LogEntry.objects.filter(additional_data__action="tool.call").latest("pk")
    return event.name, event.outcome, line.additional_data["result"]


async def test_a_call_is_counted_and_audited():
    user = await run_in_thread(UserFactory)

    answer = await ask(user)

    assert answer.structured_content["value"] == 1.609344
    assert await run_in_thread(last_call) == ("units.convert", "succeeded", "ok")
    await ask(user, arguments={**MILES, "to_unit": "kg"})
    assert await run_in_thread(last_call) == ("units.convert", "failed", "failed")


@pytest.mark.parametrize("how", ["tool", "server", "group"])
async def test_what_staff_switched_off_is_off_alone_as_well(how):
    user = await run_in_thread(prepare, how)

    answer = await ask(user)

    assert answer.is_error
    assert "switched off" in answer.content[0].text
    assert await run_in_thread(last_call) == ("units.convert", "denied", "denied")


def prepare(how):
    """Somebody who may not use the tool."""
    user = UserFactory()
    sync_builtin_servers()
    tool = Tool.objects.get(name="units.convert")
    if how == "tool":
        Tool.objects.filter(pk=tool.pk).update(enabled=False)
    elif how == "server":
        Server.objects.filter(pk=tool.server_id).update(enabled=False)
    else:
        group = GroupFactory()
        Membership.objects.create(group=group, user=user)
        asks = {"policy": "ask", "approver": "admin"} if how == "admins" else {"policy": "deny"}
        GroupPolicy.objects.create(tool=tool, group=group, **asks)
    return user


async def test_nobody_answers_for_the_admins_of_a_group():
    user = await run_in_thread(prepare, "admins")

    answer = await ask(user)

    assert answer.is_error
    assert "admin of a group" in answer.content[0].text
    assert await run_in_thread(last_call) == ("units.convert", "denied", "denied")


async def test_strange_names_are_not_written_down():
    user = await run_in_thread(UserFactory)

    with pytest.raises(Exception, match=r"(?i)unknown tool"):
        answer = await ask(user, tool="Secret words of a model")
        raise RuntimeError(answer.content[0].text)

    counted = await run_in_thread(lambda: UsageEvent.objects.filter(kind="tool_call").count())
    assert counted == 0


async def test_somebody_who_was_locked_out_gets_nothing():
    user = await run_in_thread(lambda: UserFactory(is_active=False))

    answer = await ask(user, "youworker", "list_collections", {})

    assert answer.is_error
    assert "active user" in answer.content[0].text


def test_a_conversation_does_not_ask_itself():
    run = RunFactory(status=RunStatus.RUNNING)
    Run.objects.filter(pk=run.pk).update(correlation_id="loop")
    context = CallContext(run.user_id, "loop")
    options = {"session_id": None, "model": "", "collections": None, "enable_web": False}

    with pytest.raises(Conflict):
        post_question(context, "And you?", **options)

    assert Run.objects.count() == 1
    Run.objects.filter(pk=run.pk).update(status=RunStatus.SUCCEEDED)
    assert post_question(context, "And you?", **options).is_new


def test_the_web_process_starts_without_the_library_of_the_protocol():
    program = (
        "import sys, youworker.asgi\n"
        "print([name for name in ('mcp.server', 'mcp.client', 'pint', 'mcp_types')"
        " if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=BASE_DIR, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip().splitlines()[-1] == "[]"
