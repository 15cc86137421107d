"""The staff pages' own way in and out, by the same services as the API's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from accounts import services
from accounts.enums import SignInMethod
from accounts.forms import StaffPasswordForm, StaffSignInForm
from accounts.models import User
from youworker.core.api.rate_limits import rate_limited
from youworker.core.exceptions import Forbidden, RateLimited

if TYPE_CHECKING:
    from django.http import HttpResponse


class StaffSignInView(LoginView):
    """Begins a session of a member of staff."""

    authentication_form = StaffSignInForm
    template_name = "accounts/staff_sign_in.html"

    def form_valid(self, form: Any) -> HttpResponseRedirect:
        services.begin_session(self.request, form.get_user(), method=SignInMethod.PASSWORD)
        return HttpResponseRedirect(self.get_success_url())

    def form_invalid(self, form: Any) -> HttpResponse:
        answer = super().form_invalid(form)
        if form.refusal is not None:
            answer.status_code = form.refusal.status
        if isinstance(form.refusal, RateLimited):
            answer["Retry-After"] = str(form.refusal.wait)
        return answer


class StaffPasswordView(PasswordChangeView):
    """Replaces the own password."""

    form_class = StaffPasswordForm

    def form_valid(self, form: Any) -> HttpResponseRedirect:
        services.store_password(
            self.request,
            form.user,
            password=form.cleaned_data["new_password1"],
            actor=form.user,
        )
        return HttpResponseRedirect(self.get_success_url())


class StaffSite(UnfoldAdminSite):
    """Django's admin in the product's clothes."""

    index_title = _("Overview")
    index_template = "youworker/console.html"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Count what is sent to any page, whoever sends it."""
        return rate_limited("ADMIN_ACTION", methods=("POST",))(super().admin_view(view, cacheable))

    @method_decorator([rate_limited("AUTH_LOGIN", methods=("POST",)), never_cache])
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Ask for name, password and code."""
        index = reverse("admin:index", current_app=self.name)
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(index)
        if request.method == "GET" and request.user.is_authenticated:
            # Asking for name and password again would not say what is wrong.
            raise Forbidden("Only staff may do this.")
        context = {
            **self.each_context(request),
            "title": gettext("Log in"),
            "app_path": request.get_full_path(),
            "next": index,
            **(extra_context or {}),
        }
        view = StaffSignInView.as_view(extra_context=context, next_page=index)
        return cast("HttpResponse", view(request))

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """End the session, which is recorded."""
        if request.method == "POST" and isinstance(request.user, User):
            services.sign_out(request, actor=request.user)
        return cast("HttpResponse", super().logout(request, extra_context))

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Replace the own password."""
        view = StaffPasswordView.as_view(
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return cast("HttpResponse", view(request))
