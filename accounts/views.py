"""Signing in, the own profile, and API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.middleware.csrf import get_token
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts import services
from accounts.authentication import SessionAuthentication
from accounts.models import ApiKey, User
from accounts.serializers import (
    ApiKeySerializer,
    CreateApiKeySerializer,
    CsrfTokenSerializer,
    FindPeopleSerializer,
    LoginSerializer,
    NewApiKeySerializer,
    PersonSerializer,
    RotateApiKeySerializer,
    TicketSerializer,
    UpdateProfileSerializer,
    UserSerializer,
)
from accounts.tickets import issue_ticket
from youworker.common.api import ActorView
from youworker.common.limits import limited

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

    from accounts.managers import ApiKeyQuerySet


class LoginView(GenericAPIView):
    """Begins a session."""

    authentication_classes = [SessionAuthentication]
    permission_classes = [AllowAny]
    serializer_class = LoginSerializer

    @extend_schema(operation_id="login", responses=UserSerializer)
    @limited("AUTH_LOGIN")
    def post(self, request: Request) -> Response:
        """Check name and password, and set the session cookie."""
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        user = services.sign_in(request._request, **form.validated_data)
        return Response(UserSerializer(user).data)


class LogoutView(ActorView):
    """Ends the session."""

    authentication_classes = [SessionAuthentication]

    @extend_schema(operation_id="logout", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Forget the session; the cookie is worthless afterwards."""
        services.sign_out(request._request, actor=self.actor)
        return Response(status=204)


class MeView(ActorView):
    """The signed-in user."""

    scopes = {"read": "account", "write": "account"}

    @extend_schema(operation_id="me_read", responses=UserSerializer)
    def get(self, request: Request) -> Response:
        """Who the caller is, and his groups."""
        return Response(UserSerializer(self.actor).data)

    @extend_schema(
        operation_id="me_update", request=UpdateProfileSerializer, responses=UserSerializer
    )
    def patch(self, request: Request) -> Response:
        """Change name, address, language or time zone; everything else is ignored."""
        form = UpdateProfileSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user = services.update_profile(self.actor, **form.validated_data, actor=self.actor)
        return Response(UserSerializer(user).data)


class CsrfTokenView(ActorView):
    """The token for writes with a session cookie."""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="csrf_token", responses=CsrfTokenSerializer)
    def get(self, request: Request) -> Response:
        """Give the token and set its cookie."""
        return Response({"csrf_token": get_token(request._request)})


class TicketView(ActorView):
    """Opens WebSockets for pages, which cannot send headers."""

    scopes = {"write": "chat"}

    @extend_schema(operation_id="ticket_create", request=None, responses=TicketSerializer)
    def post(self, request: Request) -> Response:
        """Give a ticket: single use, 30 seconds."""
        key = request.auth if isinstance(request.auth, ApiKey) else None
        return Response(TicketSerializer({"ticket": issue_ticket(self.actor, key)}).data)


class ApiKeyViewSet(ActorView, ListModelMixin, GenericViewSet):
    """The caller's API keys; secrets are shown once, when they are made."""

    queryset = ApiKey.objects.none()
    serializer_class = ApiKeySerializer
    scopes = {"read": "account", "write": "account"}

    def get_queryset(self) -> ApiKeyQuerySet:
        return ApiKey.objects.visible_to(self.actor).newest_first()

    @extend_schema(request=CreateApiKeySerializer, responses={201: NewApiKeySerializer})
    def create(self, request: Request) -> Response:
        """Make a key."""
        form = CreateApiKeySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = services.create_api_key(self.actor, **form.validated_data, actor=self.actor)
        return shown_once(*made)

    @extend_schema(request=RotateApiKeySerializer, responses={201: NewApiKeySerializer})
    @limited("API_KEY_REGENERATE")
    def rotate(self, request: Request, pk: Any = None) -> Response:
        """Replace a key."""
        form = RotateApiKeySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = services.rotate_api_key(self.get_object(), **form.validated_data, actor=self.actor)
        return shown_once(*made)

    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Revoke a key at once."""
        services.revoke_api_key(self.get_object(), actor=self.actor)
        return Response(status=204)


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
    @limited("SEARCH")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Find people; at least two characters are needed."""
        return self.list(request, *args, **kwargs)


def shown_once(key: ApiKey, secret: str) -> Response:
    """The answer that carries the secret."""
    return Response({**ApiKeySerializer(key).data, "key": secret}, status=201)
