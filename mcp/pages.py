"""The page on which people connect tool servers with accounts of theirs elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from mcp import services
from mcp.models import Connection, Server
from youworker.core.exceptions import DomainError
from youworker.core.network import absolute_url
from youworker.core.pages.base import ActPage, Page

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest

ACCOUNT: dict[str, Any] = {"section": "account", "tab": "tools"}


def callback_url(request: HttpRequest) -> str:
    """Where authorization servers send people back to, letter by letter."""
    return absolute_url(request, reverse("tools-callback"))


class ToolsPage(Page):
    """The servers at which the user can sign in, and how that stands."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """List them."""
        states = services.connection_states(self.actor)
        return render(request, "mcp/connected_tools.html", {**ACCOUNT, "states": states})


class ConnectPage(Page):
    """Says where the sign-in leads; the way there is a link, which the content policy allows."""

    http_method_names = ["post"]
    write_limit = "VERY_STRICT"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Begin a sign-in, or say on the page of connections why that cannot be."""
        server = get_object_or_404(Server.objects.signing_in(), pk=pk)
        try:
            url = services.begin_connection(
                server,
                session=request.session,
                redirect_uri=callback_url(request),
                actor=self.actor,
            )
        except DomainError as error:
            messages.error(request, error.in_words())
            return HttpResponseRedirect(reverse("account-tools"))
        shown = {"server": server, "url": url, "host": urlsplit(url).netloc}
        return render(request, "mcp/connect.html", {**ACCOUNT, **shown})


class CallbackPage(Page):
    """Where an authorization server sends the browser back to."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Finish the sign-in, and lead to the page of connections with the outcome."""
        said = {name: request.GET.get(name, "") for name in ("state", "code", "error")}
        try:
            made = services.finish_connection(
                request.session, **said, issuer=request.GET.get("iss"), actor=self.actor
            )
        except DomainError as error:
            messages.error(request, error.in_words())
        else:
            told = _("You are connected to %(name)s.") % {"name": made.server.title}
            messages.success(request, told)
            services.discover_first(made.server, actor=self.actor)
        return HttpResponseRedirect(reverse("account-tools"))


class DisconnectPage(ActPage):
    """Forgets the user's tokens for a server."""

    back = "account-tools"

    def act(self, pk: UUID) -> str:
        mine = Connection.objects.visible_to(self.actor).select_related("server")
        connection = get_object_or_404(mine, server_id=pk)
        services.remove_connection(connection, actor=self.actor)
        return _("You are no longer connected to %(name)s.") % {"name": connection.server.title}
