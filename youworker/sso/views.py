"""Single sign-on over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import FormParser
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.exceptions import IdentityRefused
from accounts.serializers import UserSerializer
from accounts.sockets import origin_allowed
from youworker.core.api.error_views import refused
from youworker.core.api.formats import Utf8JSONParser
from youworker.core.api.rate_limits import rate_limited
from youworker.core.api.schema import ErrorsSerializer
from youworker.core.config import config
from youworker.core.exceptions import DomainError, Forbidden
from youworker.core.pages.base import own_page, sign_in_before
from youworker.sso.forward_auth import forward_auth_is_on

if TYPE_CHECKING:
    from types import ModuleType

    from django.http import HttpRequest
    from rest_framework.request import Request


class ProviderSerializer(serializers.Serializer[Any]):
    """The identity provider; a form that is posted to `url` (with `next`, if wanted) starts."""

    name = serializers.CharField()
    url = serializers.CharField()


class MethodsSerializer(serializers.Serializer[Any]):
    """Which buttons a sign-in page should show."""

    password = serializers.BooleanField()
    oidc = ProviderSerializer(allow_null=True)
    forward_auth = serializers.BooleanField()


class AnonymousView(APIView):
    """Whoever calls is nobody yet; an old session neither helps nor hinders."""

    authentication_classes = []
    permission_classes = [AllowAny]


class MethodsView(AnonymousView):
    """The ways of signing in."""

    @extend_schema(operation_id="auth_methods", responses=MethodsSerializer)
    def get(self, request: Request) -> Response:
        """Say which ways of signing in are open."""
        provider = {"name": config.identity.oidc_name, "url": reverse("oidc_login")}
        methods = {
            "password": config.identity.password_sign_in,
            "oidc": provider if oidc_is_on() else None,
            "forward_auth": forward_auth_is_on(),
        }
        return Response(MethodsSerializer(methods).data)


class ForwardAuthView(AnonymousView):
    """Begins a session for whom the proxy in front of us has signed in."""

    @extend_schema(
        operation_id="sso", request=None, responses={200: UserSerializer, 401: ErrorsSerializer}
    )
    @rate_limited("AUTH_LOGIN")
    def post(self, request: Request) -> Response:
        """Believe the sign-in headers of a trusted proxy, and set the session cookie.

        Pages of other origins cannot do this to their visitors.
        """
        if not from_our_pages(request):
            raise IdentityRefused("Single sign-on did not recognise you.")
        user = services().sign_in_by_proxy(request._request)
        return Response(UserSerializer(user).data)


class BrowserView(AnonymousView):
    """A stop of a browser on its way through the provider; what is refused there is a page."""

    schema = None
    # The page of ours to come to at last; also after another attempt.
    wanted = ""

    def handle_exception(self, error: Exception) -> HttpResponse:  # type: ignore[override]
        """Tell people why on a page that leads on, and programs as everywhere."""
        if isinstance(error, DomainError) and "text/html" in self.request.headers.get("Accept", ""):
            return refused(self.request._request, error, sign_in=sign_in_before(self.wanted))
        return super().handle_exception(error)


class OidcLoginView(BrowserView):
    """Where a browser starts the sign-in at the provider."""

    parser_classes = [FormParser, Utf8JSONParser]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Note `next`, a page of ours to come back to, before anything can be refused."""
        super().initial(request, *args, **kwargs)
        wanted = request.data.get("next") if hasattr(request.data, "get") else None
        self.wanted = own_page(request._request, wanted)

    @rate_limited("AUTH_LOGIN")
    def post(self, request: Request) -> HttpResponse:
        """Redirect to the provider."""
        require_provider()
        if not from_our_pages(request):
            raise Forbidden("Sign-in starts on a page of ours.")
        return HttpResponseRedirect(services().start_oidc(request._request, next_url=self.wanted))


class OidcCallbackView(BrowserView):
    """Where the provider sends a browser back to."""

    def get(self, request: Request) -> HttpResponse:
        """Begin a session and go where the person wanted to go."""
        require_provider()
        said = {name: request.query_params.get(name, "") for name in ("code", "state", "error")}
        begun = services().take_begun(request._request, state=said.pop("state"))
        self.wanted = begun.next_url
        services().finish_oidc(request._request, begun, **said)
        return HttpResponseRedirect(self.wanted or reverse("home"))


def services() -> ModuleType:
    """The rules, imported on first use: their protocol library is one few installations need."""
    from youworker.sso import services as module  # noqa: PLC0415 -- see above

    return module


def oidc_is_on() -> bool:
    """Whether there is a provider."""
    return bool(config.identity.oidc_issuer and config.identity.oidc_client_id)


def require_provider() -> None:
    """Without a provider, its pages do not exist."""
    if not oidc_is_on():
        raise Http404


def from_our_pages(request: Request | HttpRequest) -> bool:
    """Whether a browser, which always says so, is on a page of ours; others are no browsers."""
    headers = {name.lower().encode(): value for name, value in request.headers.items()}
    return origin_allowed(headers)
