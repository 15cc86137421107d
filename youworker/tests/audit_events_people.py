"""The events of accounts, groups, keys and privacy; see `audit_events`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from django.test import Client
from django.utils import timezone

from accounts import services as accounts
from accounts.models import ApiKey
from accounts.tests.factories import UserFactory
from chat.deletion import clear_history
from groups import services as groups
from groups.services import remove_from_all_groups
from groups.services import staff as group_staff
from groups.tests.factories import managed_group
from quotas import services as quotas
from quotas.models import Quota
from youworker.appliance import key_rotation
from youworker.data_protection import erasures, exports
from youworker.tests.audit_events import ADDRESS, CANARY, CAUSE, PASSWORD, Event, World, service

if TYPE_CHECKING:
    from collections.abc import Callable

NEW_PASSWORD = f"{CANARY} another password"
URL = "/v1/groups"


def own_group(world: World) -> Any:
    """A group that Ada manages and Bob belongs to."""
    group = managed_group(world.ada, name=CANARY)[0]
    groups.add_member(group, user_id=world.bob.pk, actor=world.ada)
    return group


def on_group(name: str, action: str, act: Callable[[Any, World, Any], Any]) -> Event:
    """Something Ada does to her group with her key."""

    def do(world: World) -> Any:
        group = own_group(world)
        return act(world.as_("ada"), world, f"{URL}/{group.pk}")

    return Event(name, action, do)


def posting(path: str, **body: Any) -> Callable[[World], Any]:
    """What Ada posts from her browser."""

    def do(world: World) -> Any:
        client = world.browser("ada")
        return client.post(path, body, content_type="application/json")

    return do


def restore_group(world: World) -> Any:
    group = own_group(world)
    groups.delete_group(group, actor=world.ada)
    return world.as_("ada").post(f"{URL}/{group.pk}/restore")


def purge_group(world: World) -> Any:
    group = own_group(world)
    groups.delete_group(group, actor=world.ada)
    return group_staff.purge_groups([group], actor=world.root)


def program_of(world: World) -> Any:
    return groups.create_service_account(own_group(world), name=CANARY, actor=world.ada)


def expired_key(world: World) -> Any:
    client = world.as_("ada")
    long_ago = timezone.now() - timedelta(days=1)
    ApiKey.objects.filter(pk=world.keys["ada"].pk).update(expires_at=long_ago)
    return client.get("/v1/auth/me")


def unknown_name(world: World) -> Any:
    del world
    body = {"username": f"{CANARY} typed into the wrong field", "password": PASSWORD}
    client = Client(headers={"X-Correlation-ID": CAUSE}, REMOTE_ADDR=ADDRESS)
    return client.post("/v1/auth/login", body, content_type="application/json")


def export_by_command(world: World) -> None:
    with TemporaryDirectory() as folder:
        exports.export_by_operator(world.ada, Path(folder) / "export.zip")


def erase(world: World, actor: Any) -> Any:
    return erasures.request_erasure(world.ada, actor=actor)


def finished_erasure(world: World) -> None:
    erase(world, None)
    erasures.erase_users()


def hold(world: World) -> Any:
    return world.browser("root").post(
        "/admin/groups/legalhold/add/", {"user": world.ada.pk, "group": "", "reason": CANARY * 3}
    )


PEOPLE_EVENTS = [
    Event(
        "sign in with an unknown name",
        "auth.login.failed",
        unknown_name,
        "nobody",
        "denied",
        key=False,
    ),
    Event("show an expired key", "auth.token.expired", expired_key, "nobody", "denied", key=False),
    Event(
        "change the password",
        "user.update",
        posting("/v1/account/password", current_password=PASSWORD, new_password=NEW_PASSWORD),
        key=False,
    ),
    Event(
        "end all sessions",
        "user.logout",
        lambda w: w.browser("ada").delete("/v1/account/sessions?all=true"),
        key=False,
    ),
    service(
        "make a user",
        "admin.user.create",
        lambda w: accounts.create_user(UserFactory.build(username=CANARY), actor=w.root),
        by="root",
    ),
    service(
        "take a right away",
        "user.update",
        lambda w: accounts.update_user(w.ada, fields=["is_staff"], actor=w.root),
        by="root",
    ),
    Event(
        "found a group",
        "group.create",
        lambda w: w.as_("ada").post(URL, {"name": CANARY, "description": CANARY}),
    ),
    on_group("rename a group", "group.update", lambda c, w, u: c.patch(u, {"name": CANARY * 2})),
    on_group("delete a group", "group.delete", lambda c, w, u: c.delete(u)),
    Event("restore a group", "group.restore", restore_group),
    service("purge a group", "group.purge", purge_group, by="root"),
    on_group(
        "add a member",
        "group.member.add",
        lambda c, w, u: c.post(f"{u}/members", {"user_id": str(w.root.pk)}),
    ),
    on_group(
        "promote a member",
        "group.member.role_change",
        lambda c, w, u: c.patch(f"{u}/members/{w.bob.pk}", {"role": "admin"}),
    ),
    on_group(
        "remove a member",
        "group.member.remove",
        lambda c, w, u: c.delete(f"{u}/members/{w.bob.pk}"),
    ),
    service(
        "leave everything",
        "group.member.remove",
        lambda w: (own_group(w), remove_from_all_groups(w.ada, actor=w.ada)),
    ),
    on_group(
        "make a service account",
        "group.service_account.create",
        lambda c, w, u: c.post(f"{u}/service-accounts", {"name": CANARY}),
    ),
    service(
        "end a service account",
        "group.service_account.delete",
        lambda w: groups.remove_service_account(program_of(w), actor=w.ada),
    ),
    service(
        "make a key for a service account",
        "user.api_key.create",
        lambda w: groups.create_service_key(
            program_of(w), name=CANARY, scopes=["chat"], actor=w.ada
        ),
    ),
    Event(
        "set a quota",
        "admin.settings.update",
        lambda w: w.browser("root").post(
            "/admin/quotas/quota/add/", {"user": w.ada.pk, "documents": 5}
        ),
        by="root",
        key=False,
    ),
    service(
        "remove a quota",
        "admin.settings.update",
        lambda w: quotas.delete_quota(
            quotas.save_quota(Quota(user=w.ada, documents=1), fields=["documents"], actor=w.root),
            actor=w.root,
        ),
        by="root",
    ),
    Event("hold data", "admin.settings.update", hold, by="root", key=False),
    Event(
        "clear the history",
        "chat.history.clear",
        lambda w: (w.session, w.as_("ada").delete("/v1/account/history")),
    ),
    service(
        "clear it by a service",
        "chat.history.clear",
        lambda w: (w.session, clear_history(w.ada, actor=w.ada)),
    ),
    Event(
        "ask for an export",
        "data.export",
        posting("/v1/account/exports", password=PASSWORD),
        key=False,
    ),
    service("export by the command", "data.export", export_by_command, by="nobody"),
    service("erase the own account", "user.delete", lambda w: erase(w, w.ada)),
    service("erase somebody", "admin.user.delete", lambda w: erase(w, w.root), by="root"),
    service("finish an erasure", "data.erase", finished_erasure, by="nobody"),
    service(
        "change the keys",
        "key.rotate",
        lambda w: (w.session, key_rotation.rotate_keys()),
        by="nobody",
    ),
]
