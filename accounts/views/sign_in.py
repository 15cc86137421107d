"""Signing in and out over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.middleware.csrf import get_token
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from accounts import services
from accounts.authentication import SessionAuthentication
from accounts.serializers import (
    CsrfTokenSerializer,
    LoginSerializer,
    TicketSerializer,
    UserSerializer,
)
from accounts.tickets import issue_ticket
from youworker.core.api.base import ActorView
from youworker.core.api.rate_limits import rate_limited

if TYPE_CHECKING:
    from rest_framework.request import Request


class LoginView(GenericAPIView):
    """Begins a session."""

    authentication_classes = [SessionAuthentication]
    permission_classes = [AllowAny]
    serializer_class = LoginSerializer

    @extend_schema(operation_id="login", responses=UserSerializer)
    @rate_limited("AUTH_LOGIN")
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
        ticket = issue_ticket(services.grant_of_request(request))
        return Response(TicketSerializer({"ticket": ticket}).data)
