"""The sign-in page: password, code, identity provider, or the proxy in front of us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.forms import Form
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.generic import View

from accounts import services as accounts
from accounts.exceptions import SecondFactorRequired, SignInFailed
from youworker.core.api.rate_limits import check_rate_limit
from youworker.core.config import config
from youworker.core.exceptions import DomainError, RateLimited
from youworker.core.pages.base import REFUSED_FORM, DialogPage, add_refusal, is_htmx, own_page
from youworker.sso.forms import CodeForm, PasswordForm
from youworker.sso.forward_auth import forward_auth_is_on
from youworker.sso.views import from_our_pages, oidc_is_on, services

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User

SIGNED_IN = "yw-signed-in"


@method_decorator([never_cache, ensure_csrf_cookie], "dispatch")
class SignInPage(View):
    """Asks who somebody is, and brings them to the page they wanted.

    htmx gets the form alone: it stands in a dialog over a page whose session has ended.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the form to everybody who is not signed in yet."""
        if request.user.is_authenticated and "tab" in request.GET:
            return render(request, "sso/signed_in.html")
        if request.user.is_authenticated and not is_htmx(request):
            return HttpResponseRedirect(wanted_page(request) or reverse("home"))
        return self.show(PasswordForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Check the password, then the code if the account has a second factor."""
        if "by_proxy" in request.POST:
            return self.try_to_sign_in(PasswordForm(), lambda: sign_in_by_proxy(request))
        if "proof" in request.POST:
            code = CodeForm(request.POST)
            return self.try_to_sign_in(
                code, lambda: accounts.sign_in_with_code(request, **code.cleaned_data)
            )
        form = PasswordForm(request.POST)
        return self.try_to_sign_in(form, lambda: accounts.sign_in(request, **form.cleaned_data))

    def try_to_sign_in(self, form: Form, sign_in: Any) -> HttpResponse:
        """Begin a session, or say in the form why not."""
        if form.is_bound and not form.is_valid():
            return self.show(form, status=REFUSED_FORM)
        try:
            check_rate_limit("AUTH_LOGIN", self.request.user)
            user: User = sign_in()
        except SecondFactorRequired as error:
            return self.show(CodeForm(initial={"proof": error.details["proof"]}))
        except DomainError as error:
            return self.refuse(form, error)
        if is_htmx(self.request):
            answer = HttpResponse(status=204)
            answer["HX-Trigger"] = f'{{"{SIGNED_IN}": {{"user": "{user.pk}"}}}}'
            return answer
        return HttpResponseRedirect(wanted_page(self.request) or reverse("home"))

    def refuse(self, form: Form, error: DomainError) -> HttpResponse:
        """Show the form again with the reason."""
        if not form.is_bound:
            form = PasswordForm({})
            form.errors.clear()
        add_refusal(form, error)
        answer = self.show(form, status=error.status)
        if isinstance(error, RateLimited):
            answer["Retry-After"] = str(error.wait)
        return answer

    def show(self, form: Form, *, status: int = 200) -> HttpResponse:
        """The form, with every way of signing in that is open."""
        context = {
            "form": form,
            "next": wanted_page(self.request),
            "by_code": isinstance(form, CodeForm),
            "by_password": self.may_show_passwords(form),
            "provider": config.identity.oidc_name if oidc_is_on() else "",
            "by_proxy": forward_auth_is_on(),
        }
        name = "sso/_sign_in.html" if is_htmx(self.request) else "sso/sign_in.html"
        return render(self.request, name, context, status=status)

    def may_show_passwords(self, form: Form) -> bool:
        """Whether to ask for a password: where only superusers have one, after they say so."""
        asked = "password" in self.request.GET or form.is_bound
        return (
            config.identity.password_sign_in or asked or not (oidc_is_on() or forward_auth_is_on())
        )


class SignOutPage(DialogPage[Form]):
    """Ends the session; who comes by the address is asked first, for a link must not do it."""

    form_class = Form
    heading = gettext_lazy("Sign out?")
    submit = gettext_lazy("Sign out")
    note = gettext_lazy("Questions that are not sent yet are forgotten in this browser.")
    is_plain = True

    def back_url(self) -> str:
        """The start page."""
        return reverse("home")

    def carry_out(self, form: Form) -> HttpResponse:
        """Forget the session, and what the browser has kept of it."""
        accounts.sign_out(self.request, actor=self.actor)
        answer = HttpResponseRedirect(reverse("sign-in"))
        # Drafts are kept in the browser while somebody is signed in.
        answer["Clear-Site-Data"] = '"storage"'
        return answer


def wanted_page(request: HttpRequest) -> str:
    """The page of ours to go to afterwards; empty for none."""
    return own_page(request, request.POST.get("next") or request.GET.get("next"))


def sign_in_by_proxy(request: HttpRequest) -> User:
    """Begin a session of whom a trusted proxy names."""
    if not from_our_pages(request):
        raise SignInFailed("Single sign-on did not recognise you.")
    user: User = services().sign_in_by_proxy(request)
    return user
