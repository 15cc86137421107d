"""Every field of a model sent on every write: what nobody may set stays as it was."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import models

from accounts.models import ApiKey
from chat.models import Session
from documents.models import Collection
from groups.models import Group
from mcp.models import Server
from youworker.tests.matrix.routes import ROWS
from youworker.tests.matrix.world import World
from youworker.webhooks.models import Endpoint

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Write:
    """A write and the fields of its model that it may change."""

    method: str
    path: str
    thing: str
    role: str
    may_change: frozenset[str]
    body: dict[str, Any] = field(default_factory=dict)


def write(method: str, path: str, thing: str, *fields: str, role: str = "owner", **body: Any):
    return Write(method, path, thing, role, frozenset({*fields, "updated_at"}), body)


SERVER = ("title", "url", "enabled", "secrets")
TOOL = ("policy", "enabled", "approved_hash")
WRITES = [
    write("patch", "v1/auth/me", "owner", "display_name", "email", "language", "time_zone"),
    write("patch", "v1/groups/<uuid:pk>", "group", "name", "description", role="group_admin"),
    write(
        "patch",
        "v1/groups/<uuid:group_id>/members/<uuid:user_id>",
        "membership",
        "role",
        role="group_admin",
    ),
    write("patch", "v1/collections/<uuid:pk>", "collection", "name", "description"),
    write("patch", "v1/documents/<uuid:pk>", "document", "title", "renamed"),
    write(
        "patch",
        "v1/sessions/<uuid:pk>",
        "session",
        "title",
        "model",
        "enable_tools",
        "enable_web",
        "language",
        "system_prompt",
        "archived_at",
        "leaf",
    ),
    write(
        "patch",
        "v1/sources/<uuid:pk>",
        "source",
        *("name", "tags", "recursive", "depth", "max_pages", "every_hours", "daily_at"),
        *("state", "next_sync_at", "accepts_deletions"),
    ),
    write("post", "v1/messages/<uuid:pk>/feedback", "answer", "rating", "comment", rating=1),
    write(
        "patch",
        "v1/mcp/servers/<uuid:pk>",
        "server",
        "title",
        "url",
        "enabled",
        "secrets",
        "authorization",
        "scope",
        role="staff",
    ),
    write(
        "patch",
        "v1/tools/<uuid:pk>",
        "tool",
        *("policy", "enabled", "approved_hash", "writes", "egress", "edition"),
        role="staff",
    ),
    write(
        "put",
        "v1/tools/<uuid:pk>/group-policies/<uuid:group_id>",
        "tool",
        "edition",
        role="staff",
        policy="ask",
    ),
    write(
        "patch",
        "v1/webhooks/<uuid:pk>",
        "webhook",
        *("url", "description", "actions"),
        role="root",
    ),
    write(
        "post",
        "v1/account/api-keys/<uuid:pk>/rotate",
        "key",
        "expires_at",
        "rotated_at",
        overlap_seconds=5,
    ),
]
MODELS: dict[str, Any] = {
    "v1/sessions": Session,
    "v1/groups": Group,
    "v1/collections": Collection,
    "v1/account/api-keys": ApiKey,
    "v1/mcp/servers": Server,
    "v1/webhooks": Endpoint,
}
# Writes that make something, and what the caller may not choose about it.
CREATES = [
    ("v1/sessions", "owner", {"title": "T"}, ("user", "archived_at", "deleted_at", "created_at")),
    ("v1/groups", "owner", {"name": "T"}, ("deleted_at", "created_at", "retention_days")),
    ("v1/collections", "owner", {"name": "T"}, ("owner", "is_default", "deleted_at", "created_at")),
    (
        "v1/account/api-keys",
        "owner",
        {"name": "k", "scopes": ["chat"]},
        ("user", "prefix", "digest", "last_used_at", "revoked_at", "created_at"),
    ),
    (
        "v1/mcp/servers",
        "staff",
        {"slug": "new", "url": "http://127.0.0.1:9/mcp"},
        ("builtin", "argv", "transport", "status"),
    ),
    (
        "v1/webhooks",
        "root",
        {"url": "https://hook.invalid/", "actions": ["user.login"]},
        ("secret", "former_secret", "state", "failures", "rest_until", "created_at"),
    ),
]


def test_every_change_of_a_row_is_tried():
    patches = {row.path for row in ROWS if row.method in ("patch", "put")}

    assert patches <= {each.path for each in WRITES}


def hostile(row: models.Model, caller: Any) -> dict[str, Any]:
    """A value for every field of a model, each different from what it has."""
    values: dict[str, Any] = {}
    for each in row._meta.concrete_fields:
        name = each.name
        if isinstance(each, models.ForeignKey):
            values[name] = values[f"{name}_id"] = str(caller.pk)
        elif isinstance(each, models.UUIDField):
            values[name] = "01900000-0000-7000-8000-000000000000"
        elif isinstance(each, models.BooleanField):
            values[name] = not getattr(row, name)
        elif isinstance(each, models.DateTimeField):
            values[name] = "2001-01-01T00:00:00Z"
        elif isinstance(each, models.IntegerField):
            values[name] = 99
        else:
            values[name] = "hostile"
    return values


def snapshot(row: models.Model) -> dict[str, Any]:
    """The row as the database has it."""
    return dict(type(row)._base_manager.filter(pk=row.pk).values().get())  # noqa: SLF001


@pytest.mark.slow
@pytest.mark.parametrize("case", WRITES, ids=lambda case: f"{case.method} {case.path}")
def test_what_nobody_may_set_stays(case):
    world = World()
    row = getattr(world, case.thing)
    ids = {"pk": row.pk, "group_id": world.group.pk, "user_id": world.member.pk}
    url = "/" + re.sub("<uuid:([a-z_]+)>", lambda found: str(ids[found[1]]), case.path)
    client = world.client(case.role)
    before = snapshot(row)

    for name, value in hostile(row, world.stranger).items():
        # One by one, so that the refusal of one does not hide another.
        getattr(client, case.method)(url, {**case.body, name: value})

    after = snapshot(row)
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= case.may_change


@pytest.mark.parametrize(("path", "role", "body", "protected"), CREATES, ids=lambda v: str(v)[:30])
def test_what_nobody_may_choose_is_chosen_by_us(path, role, body, protected):
    world = World()
    client = world.client(role)
    plain = client.post(f"/{path}", body)
    assert plain.status_code == 201
    model = MODELS[path]
    row = model.objects.get(pk=plain.json()["id"])
    values = hostile(row, world.stranger)
    row.hard_delete() if hasattr(row, "hard_delete") else row.delete()

    made = client.post(f"/{path}", {**{name: values[name] for name in protected}, **body})

    assert made.status_code in (201, 400)
    if made.status_code == 201:
        fresh = model.objects.get(pk=made.json()["id"])
        for name in protected:
            assert str(getattr(fresh, name)) != str(values[name]), name
