"""People with every way of signing in, their groups, keys, limits and holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.enums import Scope, SignInMethod
from accounts.models import SignIn, User
from accounts.services import create_api_key, user_of_identity
from accounts.tests.factories import second_factor_for
from accounts.types import Identity
from groups import services as groups
from groups.enums import Role
from groups.retention import place_hold, release_hold
from quotas.models import Quota
from quotas.services import save_quota

PASSWORD = "password of the fixture"
# A test puts the address of its provider here.
ISSUER = "https://provider.of.the.fixture.example"
SUBJECT = "subject-1"
# Late enough for sessions and copies to be there whenever a test looks.
NEVER = datetime(2099, 1, 1, tzinfo=ZoneInfo("UTC"))
SCOPES = [scope for scope in Scope.values if scope != Scope.ADMIN]


def make_people() -> dict[str, Any]:
    """Make everybody; how they can be recognised again."""
    ada, bob, grace = make_person("ada"), make_person("bob"), make_person("grace", is_staff=True)
    make_person("eve", is_active=False)
    make_groups(ada, bob, grace)
    secret, codes = second_factor_for(grace)
    grace.user_permissions.add(Permission.objects.get(codename="read_private"))
    _key, api_key = create_api_key(ada, name="laptop", scopes=SCOPES, actor=ada)
    revoked, _ = create_api_key(bob, name="lost", scopes=["chat"], actor=bob)
    revoked.revoked_at = revoked.created_at
    revoked.save_fields("revoked_at")
    linked, behind_proxy = make_outsiders()
    return {
        "password": PASSWORD,
        "issuer": ISSUER,
        "subject": SUBJECT,
        "linked": linked.username,
        "behind_proxy": behind_proxy.username,
        "totp_secret": secret,
        "recovery_codes": codes,
        "api_key": api_key,
        "session": sign_in_browser("bob"),
        "old_code": spend_recovery_code(codes),
    }


def make_person(name: str, **flags: Any) -> User:
    """Somebody with a password."""
    return User.objects.create_user(
        name,
        f"{name}@example.org",
        PASSWORD,
        display_name=f"{name.title()} of the fixture",
        **flags,
    )


def make_groups(ada: User, bob: User, grace: User) -> None:
    """Groups with members, a program, limits and holds; one of them was deleted."""
    readers = groups.create_group("Readers", description="They read.", actor=bob)
    groups.add_member(readers, user_id=ada.pk, role=Role.MEMBER, actor=bob)
    groups.add_member(readers, user_id=grace.pk, role=Role.MEMBER, actor=bob)
    groups.delete_group(groups.create_group("Former", actor=bob), actor=bob)
    robot = groups.create_service_account(readers, name="Robot", actor=bob)
    key, _ = groups.create_service_key(robot, name="nightly", scopes=["chat"], actor=bob)
    root = User.objects.get(username="root")
    for subject in ({"user": ada}, {"group": readers}, {"api_key": key}):
        quota = Quota(**subject, tokens_per_day=1_000_000)
        save_quota(quota, fields=["tokens_per_day"], actor=root)
    release_hold(place_hold(group=readers, reason="a case that is closed", actor=root), actor=root)


def make_outsiders() -> tuple[User, User]:
    """Somebody linked to a provider's subject, and somebody a proxy named."""
    common: dict[str, Any] = {
        "email": "olga@corp.example",
        "email_verified": True,
        "display_name": "Olga",
    }
    linked = user_of_identity(
        Identity(
            method=SignInMethod.OIDC, issuer=ISSUER, subject=SUBJECT, username="olga", **common
        )
    )
    named = user_of_identity(
        Identity(method=SignInMethod.SSO, issuer="forward-auth", subject="petra", username="petra")
    )
    return linked, named


def sign_in_browser(name: str) -> str:
    """The cookie of somebody who signed in and never has to again."""
    client = Client()
    given = {"username": name, "password": PASSWORD}
    answer = client.post("/v1/auth/login", given, content_type="application/json")
    if answer.status_code != 200:
        raise RuntimeError(f"{name} could not sign in: {answer.content!r}")
    Session.objects.update(expire_date=NEVER)
    return SignIn.objects.latest("created_at").session_id


def spend_recovery_code(codes: list[str]) -> str:
    """A recovery code that is worth nothing any more."""
    client = Client()
    given = {"username": "grace", "password": PASSWORD, "code": codes[0]}
    answer = client.post("/v1/auth/login", given, content_type="application/json")
    if answer.status_code != 200:
        raise RuntimeError(f"the recovery code was refused: {answer.content!r}")
    client.post("/v1/auth/logout", {}, content_type="application/json")
    return codes.pop(0)
