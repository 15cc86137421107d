"""Tool servers with secrets, and what groups may do with tools."""

from __future__ import annotations

from accounts.models import User
from groups.models import Group
from mcp.enums import Policy
from mcp.models import Tool
from mcp.services import create_server, set_group_policy


def make_tools() -> None:
    """A server at an address and a program, both with secrets, and a stricter group."""
    root, readers = User.objects.get(username="root"), Group.objects.get(name="Readers")
    create_server(
        "billing", url="http://127.0.0.1:9/mcp", headers={"X-Key": "of the fixture"}, actor=root
    )
    create_server(
        "program", argv=["/bin/false"], env={"TOKEN": "of the fixture"}, enabled=False, actor=None
    )
    tool = Tool.objects.earliest("name")
    set_group_policy(tool, readers, policy=Policy.DENY, actor=root)
