"""The own profile, and finding other people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.response import Response

from accounts import services
from accounts.authentication import ANY_SCOPE
from accounts.models import User
from accounts.serializers import (
    CallerSerializer,
    FindPeopleSerializer,
    PersonSerializer,
    UpdateProfileSerializer,
    UserSerializer,
)
from youworker.core.api.base import ActorView
from youworker.core.api.rate_limits import rate_limited

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request


class MeView(ActorView):
    """The signed-in user."""

    # Clients check a key here before they use it, whatever it is for.
    scopes = {"read": ANY_SCOPE, "write": "account"}

    @extend_schema(operation_id="me_read", responses=CallerSerializer)
    def get(self, request: Request) -> Response:
        """Who the caller is; a key is told its scopes, and address and groups if it may."""
        return Response(CallerSerializer(self.actor, context={"key": self.shown_key}).data)

    @extend_schema(
        operation_id="me_update", request=UpdateProfileSerializer, responses=UserSerializer
    )
    def patch(self, request: Request) -> Response:
        """Change name, address, language or time zone; everything else is ignored."""
        form = UpdateProfileSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user = services.update_profile(self.actor, **form.validated_data, actor=self.actor)
        return Response(UserSerializer(user).data)


class PeopleView(ActorView, ListAPIView):
    """Active users by a part of their name: somebody to share with."""

    queryset = User.objects.none()
    serializer_class = PersonSerializer
    scopes = {"read": "account"}

    def get_queryset(self) -> QuerySet[User]:
        form = FindPeopleSerializer(data=self.request.query_params)
        form.is_valid(raise_exception=True)
        return User.objects.found_by(form.validated_data["search"])

    @extend_schema(operation_id="users_find", parameters=[FindPeopleSerializer])
    @rate_limited("SEARCH")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Find people; at least two characters are needed."""
        return self.list(request, *args, **kwargs)
