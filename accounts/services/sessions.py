"""Sessions: begun, called by their devices, listed by their rows, and ended."""

from __future__ import annotations

import time
import zoneinfo
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user, login, logout, update_session_auth_hash
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language_from_request

from accounts.exceptions import SignInFailed
from accounts.models import SignIn, User
from accounts.services.access import session_store
from youworker import audit
from youworker.core.request_context import request_origin

if TYPE_CHECKING:
    from accounts.enums import SignInMethod

BACKEND = "django.contrib.auth.backends.ModelBackend"
# Where a session keeps the id of its row.
ROW = "sign_in"
# Our pages say there which zone the device is in.
ZONE_COOKIE = "time_zone"
USER_AGENT_CHARACTERS = 200
MINUTE = 60
REMEMBERED = 10_000
# In this order: browsers name those they want to be taken for as well.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@transaction.atomic
def begin_session(request: HttpRequest, user: User, *, method: SignInMethod) -> SignIn:
    """Sign `user` in, under a session id nobody knew before; every way of signing in ends here.

    Raises `SignInFailed` for somebody deactivated and for a program's user.
    """
    if not user.is_active or user.is_service:
        raise SignInFailed("This account cannot sign in.")
    if SESSION_KEY in request.session:
        # Django would go on with the same id when the same user signs in again.
        request.session.flush()
    if user.last_login is None:
        adopt_preferences(user, request)
    login(request, user, backend=BACKEND)
    row = SignIn.objects.create(
        user=user,
        session_id=key_of(request),
        method=method,
        address=request_origin().address or None,
        user_agent=user_agent_of(request),
    )
    request.session[ROW] = str(row.pk)
    # A fixed end: what is written into a session later does not lengthen it.
    request.session.set_expiry(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE))
    audit.record("user.login", actor=user, method=str(method))
    return row


def adopt_preferences(user: User, request: HttpRequest) -> None:
    """Take language and time zone from the browser of somebody who signs in for the first time."""
    user.language = get_language_from_request(request)
    zone = request.COOKIES.get(ZONE_COOKIE, "")
    if zone in zoneinfo.available_timezones():
        user.time_zone = zone
    user.save(update_fields=["language", "time_zone"])


def user_agent_of(request: HttpRequest) -> str:
    """What the browser calls itself, as far as the database can store it."""
    said = request.headers.get("User-Agent", "").replace("\0", "")
    return said[:USER_AGENT_CHARACTERS]


def key_of(request: HttpRequest) -> str:
    """What the cookie of a request holds; empty before there is a session."""
    return request.session.session_key or ""


@transaction.atomic
def renew_session(request: HttpRequest, user: User) -> None:
    """Keep a session through a change of the password, under a new id."""
    row = SignIn.objects.filter(session_id=key_of(request)).first()
    update_session_auth_hash(request, user)
    if row is not None:
        # It went with the former session's own row.
        row.session_id = key_of(request)
        row.save(force_insert=True)


@transaction.atomic
def end_session(row: SignIn, *, actor: User) -> None:
    """End one session; its cookie is worthless afterwards."""
    if Session.objects.filter(pk=row.session_id).delete()[0]:
        audit.record("user.logout", actor=actor, target=row.user, sessions=1)


@transaction.atomic
def end_sessions(user: User, *, except_key: str | None = None, actor: User | None) -> int:
    """End every session of a user, but the one with `except_key`; how many there were."""
    rows = SignIn.objects.filter(user=user).exclude(session_id=except_key or "")
    keys = list(rows.values_list("session_id", flat=True))
    Session.objects.filter(pk__in=keys).delete()
    if keys:
        audit.record("user.logout", actor=actor, target=user, sessions=len(keys))
    return len(keys)


def sign_out(request: HttpRequest, *, actor: User) -> None:
    """End the session of a request."""
    audit.record("user.logout", actor=actor)
    logout(request)


def user_of_session(session: Any) -> User | None:
    """The signed-in user of a Django session, with the same checks as a page has."""
    request = HttpRequest()
    request.session = session
    user = get_user(request)
    if not isinstance(user, User) or not user.is_active:
        return None
    note_use(session)
    return user


def note_use(session: Any) -> None:
    """Note that a session is in use."""
    if ROW in session:
        note_minute(session[ROW], int(time.time()) // MINUTE)


@lru_cache(maxsize=REMEMBERED)
def note_minute(pk: str, minute: int) -> None:
    """Write a session's last use, once in each minute and process."""
    SignIn.objects.touch(pk)


def forget_expired_sessions() -> None:
    """Remove sessions that ran out, and their rows with them."""
    session_store().clear_expired()


def device_name(user_agent: str) -> str:
    """`Firefox · Windows`; what a program calls itself where it is no browser we know."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    known = " · ".join(filter(None, (browser, system)))
    return known or user_agent.split(" ", maxsplit=1)[0]
