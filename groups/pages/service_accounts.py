"""Service accounts of a group and their keys, for its admins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import ApiKey
from groups import services
from groups.models import ServiceAccount
from groups.pages.forms import ServiceAccountForm, ServiceKeyForm
from groups.pages.groups import WRITE_LIMIT, managed_by
from youworker.core.pages.base import ActPage, FormPage, answer_done

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpResponse

    from accounts.models import User


def account_of(user: User, group_id: UUID, pk: UUID) -> ServiceAccount:
    """A service account of a group the user manages."""
    group = managed_by(user, group_id)
    rows = ServiceAccount.objects.visible_to(user).filter(group=group).with_people()
    return get_object_or_404(rows, pk=pk)


class ServiceAccountsPage(FormPage[ServiceAccountForm]):
    """The service accounts of a group, and a form for a new one."""

    write_limit = WRITE_LIMIT
    form_class = ServiceAccountForm
    template_name = "groups/service_accounts.html"

    def prepare(self, group_id: UUID) -> None:
        self.group = managed_by(self.actor, group_id)

    def carry_out(self, form: ServiceAccountForm) -> HttpResponse:
        """Make one, and go on to its keys."""
        account = services.create_service_account(self.group, **form.cleaned_data, actor=self.actor)
        url = reverse("service-account", args=[self.group.pk, account.pk])
        told = _("The service account was created. Now create a key for it.")
        return answer_done(self.request, told, url)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        rows = ServiceAccount.objects.visible_to(self.actor).filter(group=self.group).with_people()
        return super().get_context_data(
            section="groups", group=self.group, accounts=rows.newest_first(), **context
        )


class ServiceKeysPage(FormPage[ServiceKeyForm]):
    """The keys of a service account; the secret of a new one is shown once."""

    write_limit = WRITE_LIMIT
    form_class = ServiceKeyForm
    template_name = "groups/service_account.html"

    def prepare(self, group_id: UUID, pk: UUID) -> None:
        self.account = account_of(self.actor, group_id, pk)

    def carry_out(self, form: ServiceKeyForm) -> HttpResponse:
        """Make a key and show its secret."""
        key, secret = services.create_service_key(
            self.account, **form.cleaned_data, actor=self.actor
        )
        context = self.get_context_data(form=None, new_key=key, secret=secret)
        return render(self.request, self.template_name, context)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        keys = ApiKey.objects.visible_to(self.account.user).newest_first()
        return super().get_context_data(
            section="groups", group=self.account.group, account=self.account, keys=keys, **context
        )


class RemoveServiceAccountPage(ActPage):
    """Ends a service account with its keys."""

    write_limit = WRITE_LIMIT

    def back_url(self) -> str:
        return reverse("service-accounts", args=[self.kwargs["group_id"]])

    def act(self, group_id: UUID, pk: UUID) -> str:
        account = account_of(self.actor, group_id, pk)
        services.remove_service_account(account, actor=self.actor)
        return _("The service account is ended; what it owns stays.")


class RevokeServiceKeyPage(ActPage):
    """Ends a key of a service account."""

    write_limit = WRITE_LIMIT

    def back_url(self) -> str:
        return reverse("service-account", args=[self.kwargs["group_id"], self.kwargs["pk"]])

    def act(self, group_id: UUID, pk: UUID, key_id: UUID) -> str:
        account = account_of(self.actor, group_id, pk)
        services.revoke_service_key(account, key_id=key_id, actor=self.actor)
        return _("The key is revoked.")
