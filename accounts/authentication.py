"""Who calls: by API key or session, and whether that suffices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from rest_framework import authentication, exceptions, permissions

from accounts import services
from accounts.exceptions import InsufficientScope
from accounts.models import ApiKey
from youworker.core.network import shown_key
from youworker.core.request_context import note_key

if TYPE_CHECKING:
    from rest_framework.request import Request

    from accounts.models import User


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer yw_…`, or `X-API-Key`."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        secret = key_in(request)
        if secret is None:
            return None
        found = services.user_of_key(secret)
        if found is None:
            refusal = exceptions.AuthenticationFailed(_("This API key is not valid."))
            # Refusing a key we know wrote a line of its own, with the reason.
            refusal.audited = services.is_known_key(secret)  # type: ignore[attr-defined]
            raise refusal
        note_key(found[1].pk)
        return found

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="youworker"'


class SessionAuthentication(authentication.SessionAuthentication):
    """The session cookie; writes need the CSRF token."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        found = super().authenticate(request)
        if found is not None:
            services.note_use(request.session)
        return found

    def authenticate_header(self, request: Request) -> str:
        # Without one, the framework answers 403 to people who are not signed in.
        return 'Session realm="youworker"'


def key_in(request: Request) -> str | None:
    """The key a request carries."""
    return shown_key(request.headers.get("Authorization", ""), request.headers.get("X-API-Key"))


# In `scopes` of a view: whatever the key may do, it is let in.
ANY_SCOPE = "*"


class SignedInWithScope(permissions.BasePermission):
    """Signed in; and with an API key, one that has the scope the view names.

    A view without a scope for the method is closed to keys; `ANY_SCOPE` opens it to each.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        if isinstance(request.auth, ApiKey):
            kind = "read" if request.method in permissions.SAFE_METHODS else "write"
            needed = view.scopes.get(kind)
            if needed != ANY_SCOPE and needed not in request.auth.scopes:
                raise InsufficientScope("This API key does not have the scope that is needed.")
        return True


class IsStaff(SignedInWithScope):
    """Staff only."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return super().has_permission(request, view) and bool(request.user.is_staff)
