"""The own password, second factor and sessions over HTTP; API keys are refused here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts import services
from accounts.authentication import SessionAuthentication
from accounts.models import SignIn
from accounts.serializers_security import (
    BeginTotpSerializer,
    ChangePasswordSerializer,
    ConfirmTotpSerializer,
    EndedSessionsSerializer,
    EndSessionsSerializer,
    NewTotpSerializer,
    ProofSerializer,
    RecoveryCodesSerializer,
    SecondFactorSerializer,
    SignInSerializer,
)
from youworker.core.api.base import ActorView
from youworker.core.api.rate_limits import rate_limited

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.serializers import Serializer

    from accounts.managers import SignInQuerySet


class SecurityView(ActorView):
    """For people at a page, not for what holds a key of theirs."""

    authentication_classes = [SessionAuthentication]


def checked(form: Serializer[Any]) -> dict[str, Any]:
    """What a form holds, or 400."""
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


class PasswordView(SecurityView):
    """The own password."""

    @extend_schema(
        operation_id="password_change", request=ChangePasswordSerializer, responses={204: None}
    )
    @rate_limited("PASSWORD_RESET")
    def post(self, request: Request) -> Response:
        """Replace the password; every other session of the user ends."""
        given = checked(ChangePasswordSerializer(data=request.data))
        services.change_password(request._request, self.actor, **given, actor=self.actor)
        return Response(status=204)


class SecondFactorView(SecurityView):
    """The second factor."""

    @extend_schema(operation_id="mfa_read", responses=SecondFactorSerializer)
    def get(self, request: Request) -> Response:
        """What is set up."""
        return Response(SecondFactorSerializer(services.second_factor_of(self.actor)).data)


class TotpView(SecurityView):
    """The authenticator app."""

    @extend_schema(
        operation_id="totp_begin", request=BeginTotpSerializer, responses=NewTotpSerializer
    )
    def post(self, request: Request) -> Response:
        """Give a secret for the app; a code of it has to confirm it within 15 minutes.

        Asks for a session of the last minutes or the password (403 `recent_sign_in_required`).
        """
        given = checked(BeginTotpSerializer(data=request.data))
        services.require_recent_sign_in(request, **given)
        return Response(services.begin_totp(request.session, self.actor))

    @extend_schema(operation_id="totp_remove", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Remove the second factor; the body holds `password` or `code`. Other sessions end."""
        services.prove_identity(self.actor, **checked(ProofSerializer(data=request.data)))
        here = request.session.session_key
        services.remove_second_factor(self.actor, except_key=here, actor=self.actor)
        return Response(status=204)


class TotpConfirmView(SecurityView):
    """The authenticator app, for the first time."""

    @extend_schema(
        operation_id="totp_confirm",
        request=ConfirmTotpSerializer,
        responses=RecoveryCodesSerializer,
    )
    def post(self, request: Request) -> Response:
        """Switch the second factor on; the recovery codes are shown this once."""
        given = checked(ConfirmTotpSerializer(data=request.data))
        codes = services.confirm_totp(request.session, self.actor, **given, actor=self.actor)
        return Response({"recovery_codes": codes})


class RecoveryCodesView(SecurityView):
    """Recovery codes."""

    @extend_schema(
        operation_id="recovery_codes_renew",
        request=ProofSerializer,
        responses=RecoveryCodesSerializer,
    )
    def post(self, request: Request) -> Response:
        """Replace the recovery codes; the new ones are shown this once."""
        services.prove_identity(self.actor, **checked(ProofSerializer(data=request.data)))
        codes = services.renew_recovery_codes(self.actor, actor=self.actor)
        return Response({"recovery_codes": codes})


class SignInViewSet(SecurityView, ListModelMixin, GenericViewSet):
    """The caller's sessions."""

    queryset = SignIn.objects.none()
    serializer_class = SignInSerializer

    def get_queryset(self) -> SignInQuerySet:
        return SignIn.objects.visible_to(self.actor).live().newest_first()

    def destroy(self, request: Request, pk: Any = None) -> Response:
        """End a session at once; the one that asks, too."""
        row = self.get_object()
        if row.session_id == request.session.session_key:
            services.sign_out(request._request, actor=self.actor)
        else:
            services.end_session(row, actor=self.actor)
        return Response(status=204)

    @extend_schema(
        operation_id="account_sessions_end",
        parameters=[EndSessionsSerializer],
        responses=EndedSessionsSerializer,
    )
    def end(self, request: Request) -> Response:
        """Sign out everywhere but here; with `all=true`, here too."""
        everywhere = checked(EndSessionsSerializer(data=request.query_params))["all"]
        here = request.session.session_key
        ended = services.end_sessions(self.actor, except_key=here, actor=self.actor)
        if everywhere:
            services.sign_out(request._request, actor=self.actor)
            ended += 1
        return Response({"sessions_ended": ended})
