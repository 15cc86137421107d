"""Password and second factor."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts import services
from accounts.models import SignIn
from accounts.pages.forms import BeginTotpForm, CodeForm, PasswordForm, ProofForm
from accounts.services.sessions import device_name
from youworker.core.exceptions import Conflict
from youworker.core.pages.base import FormPage, Page, answer_done, answer_redirect

if TYPE_CHECKING:
    from django.http import HttpRequest

ACCOUNT: dict[str, Any] = {"section": "account", "tab": "security"}


class SecurityPage(Page, TemplateView):
    """Everything about signing in at a glance."""

    template_name = "accounts/security.html"
    extra_context = ACCOUNT

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        rows = SignIn.objects.visible_to(self.actor).live().newest_first()
        return super().get_context_data(
            second_factor=services.second_factor_of(self.actor),
            sign_ins=[(row, device_name(row.user_agent)) for row in rows],
            here=self.request.session.session_key,
            has_password=self.actor.has_usable_password(),
            **context,
        )


class PasswordPage(FormPage[PasswordForm]):
    """A new password."""

    write_limit = "PASSWORD_RESET"
    form_class = PasswordForm
    template_name = "accounts/password.html"
    extra_context = ACCOUNT

    def carry_out(self, form: PasswordForm) -> HttpResponse:
        """Replace the password; every other session ends."""
        given = form.cleaned_data
        services.change_password(
            self.request,
            self.actor,
            current_password=given["current_password"],
            new_password=given["new_password"],
            actor=self.actor,
        )
        told = _("Your password is changed. Everywhere else you have to sign in again.")
        return answer_done(self.request, told, reverse("account-security"))


class TotpPage(FormPage[BeginTotpForm]):
    """The authenticator app: first the password, then the picture it reads."""

    form_class = BeginTotpForm
    template_name = "accounts/totp.html"
    extra_context = ACCOUNT

    def carry_out(self, form: BeginTotpForm) -> HttpResponse:
        """Make a secret for the app."""
        services.require_recent_sign_in(self.request, password=form.cleaned_data["password"])
        services.begin_totp(self.request.session, self.actor)
        return answer_redirect(self.request, reverse("account-totp"))

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        pending = services.pending_totp(self.request.session, self.actor)
        return super().get_context_data(
            second_factor=services.second_factor_of(self.actor),
            pending=pending,
            code_form=CodeForm(),
            proof_form=ProofForm(auto_id="proof_%s"),
            **context,
        )


class TotpCode(Page):
    """The picture an authenticator app reads."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Draw the secret this session waits for a code of."""
        import segno  # noqa: PLC0415 -- once in a user's life

        pending = services.pending_totp(request.session, self.actor)
        if pending is None:
            raise Http404
        picture = segno.make(pending["otpauth_uri"], error="m")
        drawn = io.BytesIO()
        # Dark on light in every theme: cameras expect it.
        picture.save(drawn, kind="svg", scale=6, border=4, light="white", xmldecl=False)
        return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")


class ConfirmTotpPage(FormPage[CodeForm]):
    """Switches the second factor on."""

    http_method_names = ["post"]
    form_class = CodeForm
    template_name = "accounts/totp.html"
    extra_context = ACCOUNT

    def carry_out(self, form: CodeForm) -> HttpResponse:
        """Check the first code, and show the recovery codes this once."""
        codes = services.confirm_totp(
            self.request.session, self.actor, **form.cleaned_data, actor=self.actor
        )
        return show_codes(self.request, codes)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        pending = services.pending_totp(self.request.session, self.actor)
        if pending is None:
            raise Conflict("There is nothing to confirm; begin again.")
        own = super().get_context_data(**context)
        factor = services.second_factor_of(self.actor)
        return {**own, "code_form": own["form"], "pending": pending, "second_factor": factor}


class ProofPage(FormPage[ProofForm]):
    """What needs the password or a code."""

    http_method_names = ["post"]
    form_class = ProofForm
    template_name = "accounts/totp.html"
    extra_context = ACCOUNT

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "auto_id": "proof_%s"}

    def carry_out(self, form: ProofForm) -> HttpResponse:
        """Make sure who asks, then act."""
        services.prove_identity(self.actor, **form.cleaned_data)
        return self.act()

    def act(self) -> HttpResponse:
        """Do what was asked for by somebody who proved who they are."""
        raise NotImplementedError

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        own = super().get_context_data(**context)
        factor = services.second_factor_of(self.actor)
        return {**own, "proof_form": own["form"], "second_factor": factor, "pending": None}


class RemoveTotpPage(ProofPage):
    """Switches the second factor off."""

    def act(self) -> HttpResponse:
        here = self.request.session.session_key
        services.remove_second_factor(self.actor, except_key=here, actor=self.actor)
        told = _("The second factor is off. Everywhere else you have to sign in again.")
        return answer_done(self.request, told, reverse("account-security"))


class RecoveryCodesPage(ProofPage):
    """New recovery codes."""

    def act(self) -> HttpResponse:
        codes = services.renew_recovery_codes(self.actor, actor=self.actor)
        return show_codes(self.request, codes)


def show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """The recovery codes, which no other page shows again."""
    return render(request, "accounts/recovery_codes.html", {**ACCOUNT, "codes": codes})
