"""What staff agree to, what they are shown of it, and what ends earlier consent."""

from __future__ import annotations

import time

import pytest
from rest_framework.test import APIClient

from groups.tests.factories import GroupFactory, MembershipFactory
from mcp.inspection import TOOL_CHECKS
from mcp.models import GroupPolicy, Tool
from mcp.services import approvers_of, set_group_policy, update_server, update_tool
from mcp.services.tools import changes_of
from mcp.tests.factories import ServerFactory, StaffFactory, ToolFactory, UserFactory

pytestmark = pytest.mark.django_db

FORMER = {"description": "Sends mail.", "input_schema": {"type": "object"}, "effects": ["read"]}
CHANGED = {"schema_hash": "b" * 64, "description": "Pays money."}


def client_of(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def edition(tool):
    return Tool.objects.get(pk=tool.pk).edition


def test_staff_see_what_changed_and_agree_to_what_they_saw():
    client = client_of(StaffFactory())
    tool = ToolFactory(approved_form=FORMER, **CHANGED)
    url = f"/v1/tools/{tool.pk}"

    (row,) = client.get("/v1/tools").json()["results"]
    stale = client.patch(url, {"approve_change": True, "schema_hash": "c" * 64}, format="json")
    agreed = client.patch(url, {"approve_change": True, "schema_hash": "b" * 64}, format="json")

    assert row["needs_approval"]
    assert row["approved_form"] == FORMER
    assert {"-Sends mail.", "+Pays money."} <= set(row["changes"])
    assert (stale.status_code, agreed.status_code) == (409, 200)
    assert (agreed.json()["needs_approval"], agreed.json()["changes"]) == (False, [])
    assert Tool.objects.get(pk=tool.pk).approved_form["description"] == "Pays money."


def test_nothing_is_compared_with_what_is_not_known():
    assert changes_of(ToolFactory(**CHANGED)) == []
    assert changes_of(ToolFactory(approved_form=FORMER)) == []


def test_a_hostile_change_is_compared_in_little_time():
    former = {**FORMER, "description": "\n".join("ab"[n % 2] for n in range(8000))}
    tool = ToolFactory(approved_form=former, **{**CHANGED, "description": "\n".join("ba" * 4000)})
    began = time.process_time()

    lines = changes_of(tool)

    assert lines
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("change", "ends"),
    [
        ({"policy": "deny"}, True),
        ({"enabled": False}, True),
        ({"writes": False}, True),
        ({"egress": True}, True),
        ({"approve_change": True}, True),
        ({"policy": "auto"}, False),
        ({"writes": None}, False),
    ],
)
def test_what_changes_a_tool_ends_consent(change, ends):
    tool = ToolFactory()

    update_tool(tool, **change, actor=StaffFactory())

    assert edition(tool) == (1 if ends else 0)


def test_consent_ends_when_a_server_is_asked_in_another_name():
    tool = ToolFactory(server=ServerFactory(transport="http", url="https://tools.example/mcp"))

    update_server(tool.server, title="Tools", actor=StaffFactory())
    former = edition(tool)
    update_server(tool.server, authorization="oauth", actor=StaffFactory())

    assert (former, edition(tool)) == (0, 1)


def test_policies_of_groups_and_addresses_end_consent():
    tool, staff = ToolFactory(), StaffFactory()

    set_group_policy(tool, GroupFactory(), policy="ask", approver="admin", actor=staff)
    update_server(tool.server, url="http://127.0.0.1:9/other", actor=staff)
    update_server(tool.server, title="Other", actor=staff)

    assert edition(tool) == 2


@pytest.mark.parametrize(
    ("builtin", "effects", "said", "may_write", "may_send"),
    [
        (False, ["read"], {}, True, True),
        (False, ["read"], {"writes": False}, False, True),
        (False, ["read"], {"writes": False, "egress": False}, False, False),
        (True, ["read"], {}, False, False),
        (True, ["read", "egress"], {}, False, True),
        (True, ["write"], {"egress": True}, True, True),
    ],
)
def test_whose_word_about_effects_counts(builtin, effects, said, may_write, may_send):
    tool = ToolFactory(server=ServerFactory(builtin=builtin), effects=effects, **said)

    assert (tool.may_write, tool.may_send) == (may_write, may_send)
    assert tool.has_consequences == (may_write or may_send)


def test_policies_of_groups_are_set_listed_and_taken_back_over_the_api():
    staff, tool, group = client_of(StaffFactory()), ToolFactory(), GroupFactory(name="Sales")
    url = f"/v1/tools/{tool.pk}/group-policies"

    made = staff.put(f"{url}/{group.pk}", {"policy": "ask", "approver": "admin"}, format="json")
    odd = staff.put(f"{url}/{group.pk}", {"policy": "ask", "approver": "me"}, format="json")
    (row,) = staff.get(url).json()["results"]
    gone = [staff.delete(f"{url}/{group.pk}").status_code for _ in range(2)]

    assert (made.status_code, odd.status_code, gone) == (200, 400, [204, 204])
    assert (row["group_name"], row["policy"], row["approver"]) == ("Sales", "ask", "admin")
    assert not GroupPolicy.objects.exists()


def test_the_caller_sees_who_is_asked():
    user, tool = UserFactory(), ToolFactory(policy="auto")
    group, stranger = GroupFactory(), UserFactory()
    MembershipFactory(group=group, user=user, role="member")
    GroupPolicy.objects.create(tool=tool, group=group, policy="ask", approver="admin")

    (seen,) = client_of(user).get("/v1/tools").json()["results"]
    (other,) = client_of(stranger).get("/v1/tools").json()["results"]

    assert (seen["policy"], seen["approver"]) == ("ask", "admin")
    assert (other["policy"], other["approver"]) == ("auto", "user")
    pairs = [(tool.pk, user.pk), (tool.pk, stranger.pk)]
    assert approvers_of(pairs) == {pairs[0]: [group.name], pairs[1]: []}
    group.soft_delete()
    assert approvers_of(pairs) == {pair: [] for pair in pairs}


def test_the_doctor_names_tools_that_are_off_until_somebody_agrees():
    (check,) = [each for each in TOOL_CHECKS if each.name == "tools-awaiting-approval"]
    new, changed = ToolFactory(approved_hash=""), ToolFactory(**CHANGED)
    for fields in ({}, {"enabled": False, "approved_hash": ""}):
        ToolFactory(**fields)

    found = {finding.subject: finding.detail for finding in check.look(deep=False)}

    assert check.is_notice
    assert found == {
        str(new.pk): f"new, of the server {new.server.slug}",
        str(changed.pk): f"changed, of the server {changed.server.slug}",
    }
