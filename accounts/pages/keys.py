"""API keys: listed, made, replaced, ended; a secret is shown once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from accounts import services
from accounts.enums import Scope
from accounts.models import ApiKey
from accounts.pages.forms import KeyForm
from youworker.core.pages.base import ActPage, FormPage, Page

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

ACCOUNT: dict[str, Any] = {"section": "account", "tab": "keys"}


def keys_context(user: User, **shown: Any) -> dict[str, Any]:
    """What the page of keys shows: usable ones first, then those that have ended."""
    rows = ApiKey.objects.visible_to(user).newest_first()
    usable = set(ApiKey.objects.usable().filter(user=user).values_list("pk", flat=True))
    keys = [(row, row.pk in usable) for row in rows]
    return {**ACCOUNT, "keys": sorted(keys, key=lambda pair: not pair[1]), **shown}


class KeysPage(FormPage[KeyForm]):
    """The keys, and a form for a new one."""

    write_limit = "MODERATE_HOURLY"
    form_class = KeyForm
    template_name = "accounts/keys.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        may_administer = self.actor.is_staff
        scopes = [scope for scope in Scope if scope != Scope.ADMIN or may_administer]
        return {**super().get_form_kwargs(), "scopes": scopes}

    def carry_out(self, form: KeyForm) -> HttpResponse:
        """Make a key and show its secret."""
        wish = {**form.wish(), "allowed_networks": form.networks()}
        made = services.create_api_key(self.actor, **wish, actor=self.actor)
        return show_secret(self.request, self.actor, made)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return keys_context(self.actor, **super().get_context_data(**context))


class RotateKeyPage(Page):
    """A new secret in place of an old one."""

    http_method_names = ["post"]
    write_limit = "API_KEY_REGENERATE"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Replace a key; the old one ends at once."""
        key = get_object_or_404(ApiKey.objects.visible_to(self.actor), pk=pk)
        made = services.rotate_api_key(key, actor=self.actor)
        return show_secret(request, self.actor, made)


class RevokeKeyPage(ActPage):
    """Ends a key at once."""

    back = "account-keys"

    def act(self, pk: UUID) -> str:
        key = get_object_or_404(ApiKey.objects.visible_to(self.actor), pk=pk)
        services.revoke_api_key(key, actor=self.actor)
        return _("The key “%(name)s” is revoked.") % {"name": key.name}


def show_secret(request: HttpRequest, user: User, made: tuple[ApiKey, str]) -> HttpResponse:
    """The page of keys with a new key's secret, which no other page shows again."""
    key, secret = made
    return render(request, "accounts/keys.html", keys_context(user, new_key=key, secret=secret))
