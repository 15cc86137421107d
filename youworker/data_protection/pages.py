"""The privacy page: a copy of everything, cleared conversations, the end of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from accounts.models import DataExport, PrivateAccess
from accounts.services import require_recent_sign_in
from chat.services import clear_history
from youworker.core.pages.base import FormPage, Page, answer_done, answer_redirect
from youworker.data_protection.erasures import request_erasure
from youworker.data_protection.exports import request_export
from youworker.data_protection.forms import ClearForm, EraseForm, PasswordProofForm
from youworker.data_protection.views import send_export

if TYPE_CHECKING:
    from uuid import UUID

    from django.forms import Form
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    from accounts.models import User

SHOWN_EXPORTS = 10
SHOWN_READS = 50


def privacy_context(user: User, **forms: Form) -> dict[str, Any]:
    """What the privacy page shows; `forms` stand in place of the empty ones."""
    return {
        "section": "account",
        "tab": "privacy",
        "has_password": user.has_usable_password(),
        "exports": DataExport.objects.visible_to(user).newest_first()[:SHOWN_EXPORTS],
        "reads": PrivateAccess.objects.visible_to(user)
        .select_related("reader")
        .newest_first()[:SHOWN_READS],
        "export_form": PasswordProofForm(auto_id="export_%s", user=user),
        "clear_form": ClearForm(auto_id="clear_%s"),
        "erase_form": EraseForm(auto_id="erase_%s", user=user),
        **forms,
    }


class PrivacyPage(Page, TemplateView):
    """Everything about one's own data."""

    template_name = "data_protection/privacy.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(**privacy_context(self.actor), **context)


class PrivacyForm(FormPage[Any]):
    """One of the forms of the privacy page; a refusal is shown in it, between the others."""

    http_method_names = ["post"]
    template_name = "data_protection/privacy.html"
    # Its name in the page's context.
    form_name = ""

    def get_form_kwargs(self) -> dict[str, Any]:
        prefix = self.form_name.removesuffix("_form")
        return {**super().get_form_kwargs(), "auto_id": f"{prefix}_%s"}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        own = super().get_context_data(**context)
        return {**own, **privacy_context(self.actor, **{self.form_name: own["form"]})}


class ExportPage(PrivacyForm):
    """Asks for a copy."""

    write_limit = "EXPENSIVE_HOURLY"
    form_class = PasswordProofForm
    form_name = "export_form"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.actor}

    def carry_out(self, form: PasswordProofForm) -> HttpResponse:
        """Queue the copy."""
        require_recent_sign_in(self.request, **form.cleaned_data)
        request_export(self.actor, actor=self.actor)
        told = _("The copy is being made. It can be fetched here as soon as it is ready.")
        return answer_done(self.request, told, reverse("account-privacy"))


class DownloadPage(Page):
    """The finished copy."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """Send the zip."""
        export = get_object_or_404(DataExport.objects.visible_to(self.actor), pk=pk)
        return send_export(request, export, actor=self.actor)


class ClearHistoryPage(PrivacyForm):
    """Removes all conversations."""

    write_limit = "STRICT"
    form_class = ClearForm
    form_name = "clear_form"

    def carry_out(self, form: ClearForm) -> HttpResponse:
        """Remove them for good."""
        count = clear_history(self.actor, actor=self.actor)["sessions_deleted"]
        told = ngettext(
            "%(count)s conversation is removed.", "%(count)s conversations are removed.", count
        )
        return answer_done(self.request, told % {"count": count}, reverse("account-privacy"))


class ErasePage(PrivacyForm):
    """Ends the account."""

    write_limit = "EXPENSIVE_HOURLY"
    form_class = EraseForm
    form_name = "erase_form"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.actor}

    def carry_out(self, form: EraseForm) -> HttpResponse:
        """Close the account at once; its data is erased within minutes."""
        given = form.cleaned_data
        require_recent_sign_in(self.request, password=given.get("password", ""))
        erasure = request_erasure(
            self.actor, shared_documents=given["shared_documents"], actor=self.actor
        )
        if erasure.status == "held":
            told = _("Your account is closed. A legal hold keeps its data until it is lifted.")
        else:
            told = _("Your account is closed. Its data is being erased.")
        messages.success(self.request, told)
        return answer_redirect(self.request, reverse("sign-in"))
