"""Pages of what waits for somebody, and of what they allowed beyond one call."""

import pytest
from django.urls import reverse

from accounts.tests.factories import UserFactory
from chat.enums import Decision
from chat.models import ToolGrant, ToolRun
from chat.tests.factories import (
    RunFactory,
    SessionFactory,
    ToolGrantFactory,
    ToolRunFactory,
)
from groups.tests.factories import GroupFactory, MembershipFactory
from mcp.models import GroupPolicy
from mcp.tests.factories import ServerFactory, ToolFactory

pytestmark = pytest.mark.django_db

HIDDEN = "to\N{RIGHT-TO-LEFT OVERRIDE}anna\N{ZERO WIDTH SPACE}"


def waiting_call(user, **fields):
    session = SessionFactory(user=user)
    run = RunFactory(session=session, status="waiting_approval")
    tool = ToolFactory(policy="ask")
    about = {"tool": tool, "tool_name": tool.name, "form_hash": tool.form_hash}
    about |= {"status": "waiting", "reason": "policy", "message": run.answer, "run": run}
    return ToolRunFactory(session=session, **{**about, **fields})


def ask_admin(row):
    """A group of the asker's whose admin is asked; that admin."""
    group, admin = GroupFactory(name="Sales"), UserFactory(display_name="Ada")
    MembershipFactory(group=group, user=row.user, role="member")
    MembershipFactory(group=group, user=admin, role="admin")
    GroupPolicy.objects.create(tool=row.tool, group=group, policy="ask", approver="admin")
    return admin


def shown(client, name="chat-approvals"):
    return client.get(reverse(name)).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_what_waits_is_listed_by_the_same_number_of_queries(
    user, client, count, django_assert_num_queries
):
    shown(client)
    rows = [waiting_call(user) for _ in range(count)]
    waiting_call(UserFactory())
    with django_assert_num_queries(5):
        page = shown(client)

    assert page.count('data-test="approval"') == count
    assert all(row.tool_name in page for row in rows)


def test_arguments_are_shown_as_what_they_are(user, client):
    waiting_call(user, arguments={"to": HIDDEN, "text": "<script>alert(1)</script>"})

    page = shown(client)

    assert r"to\u{202e}anna\u{200b}" in page
    assert "<script>alert" not in page
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page


def test_an_answer_on_the_page_leads_back_to_it(user, client):
    row = waiting_call(user)
    address = reverse("chat-decide", args=[row.run_id, row.pk])

    answer = client.post(address, {"decision": "everywhere", "listed": "1"})
    told = shown(client)

    row.refresh_from_db()
    grant = ToolGrant.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, reverse("chat-approvals"))
    assert (row.decision, row.decided_by) == (Decision.ALLOW, user)
    assert (grant.user, grant.tool, grant.session) == (user, row.tool, None)
    assert f"“{row.tool}” is allowed." in told
    again = client.post(address, {"decision": "deny", "listed": "1"}, follow=True)
    assert "decided about already" in again.content.decode()


def test_an_admin_sees_the_call_and_not_the_conversation(user, client):
    row = waiting_call(user, reason="untrusted")
    row.message.content = "Very private"
    row.message.save_fields("content")
    admin = ask_admin(row)
    own_page = shown(client)
    conversation = client.get(reverse("chat-session", args=[row.session_id])).content.decode()
    client.force_login(admin)

    page = shown(client)
    answer = client.post(reverse("chat-decide", args=[row.run_id, row.pk]), {"decision": "allow"})

    assert 'data-test="approval"' not in own_page
    assert "An admin of Sales is asked" in conversation
    assert 'name="decision"' not in conversation.split("<template")[0]
    assert "for an admin of Sales" in page
    assert "others wrote" in page
    assert "Very private" not in page
    assert reverse("chat-session", args=[row.session_id]) not in page
    assert answer["Location"] == reverse("chat-approvals")
    assert ToolRun.objects.get(pk=row.pk).decided_by == admin


def test_remembering_is_offered_where_it_counts(user, client):
    waiting_call(user)
    assert 'value="everywhere"' in shown(client)
    ToolRun.objects.update(reason="untrusted")
    assert 'value="everywhere"' not in shown(client)


def test_grants_are_listed_and_revoked_by_their_user(user, client):
    here = SessionFactory(user=user, title="Replication")
    own, other = ToolGrantFactory(user=user, session=here), ToolGrantFactory()
    everywhere = ToolGrantFactory(user=user)

    page = shown(client, "account-grants")
    gone = client.post(reverse("grant-revoke", args=[own.pk]), follow=True)
    missing = client.post(reverse("grant-revoke", args=[other.pk]))

    assert (own.tool.name in page, everywhere.tool.name in page) == (True, True)
    assert other.tool.name not in page
    assert "Replication" in page
    assert "asks again" in gone.content.decode()
    assert missing.status_code == 404
    assert set(ToolGrant.objects.all()) == {other, everywhere}


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_grants_takes_the_same_queries(user, client, count, django_assert_num_queries):
    client.get("/v1/tool-grants")
    for _ in range(count):
        ToolGrantFactory(user=user, tool=ToolFactory(server=ServerFactory()))
    with django_assert_num_queries(3):
        rows = client.get("/v1/tool-grants").json()["results"]

    assert len(rows) == count
    assert set(rows[0]) == {"id", "tool", "server", "session_id", "created_at", "expires_at"}


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_approvals_takes_the_same_queries(
    user, client, count, django_assert_num_queries
):
    client.get("/v1/approvals")
    for _ in range(count):
        waiting_call(user)
    with django_assert_num_queries(4):
        rows = client.get("/v1/approvals").json()["results"]

    assert [row["can_remember"] for row in rows] == [True] * count
