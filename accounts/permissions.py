"""What a recognised caller may use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import permissions

from accounts.exceptions import InsufficientScope
from accounts.models import ApiKey

if TYPE_CHECKING:
    from rest_framework.request import Request


class SignedInWithScope(permissions.BasePermission):
    """Signed in; and with an API key, one that has the scope the view names.

    A view without a scope for the method is closed to keys.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        if isinstance(request.auth, ApiKey):
            kind = "read" if request.method in permissions.SAFE_METHODS else "write"
            if view.scopes.get(kind) not in request.auth.scopes:
                raise InsufficientScope("This API key does not have the scope that is needed.")
        return True


class IsStaff(SignedInWithScope):
    """Staff only."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return super().has_permission(request, view) and bool(request.user.is_staff)
