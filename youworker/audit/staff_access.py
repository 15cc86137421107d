"""Staff pages of private content: shown after a reason was given, and never kept by a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.http import Http404
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from youworker import audit
from youworker.core.admin import ReadOnlyAdmin
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.db.models import Model
    from django.http import HttpRequest, HttpResponse


# A piece of private content with the line above it.
Part = tuple[str, str]
FORBIDDEN = 403


class ReasonForm(forms.Form):
    """Why somebody's private content has to be read; the service checks its length."""

    reason = forms.CharField(label=_("Reason"), widget=UnfoldAdminTextareaWidget, max_length=1000)


class PrivateContentAdmin(ReadOnlyAdmin):
    """Rows whose content staff with the right `accounts.read_private` open with a reason.

    `read` is the service that checks, notes and reads: `read(row, *, reason, actor)`.
    """

    read: ClassVar[Callable[..., Sequence[Part]]]
    owner_field: ClassVar[str]
    actions_detail: ClassVar = ["read_private"]

    def has_read_private_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the button is offered."""
        may_look: bool = self.has_view_permission(request)
        return may_look and request.user.has_perm("accounts.read_private")

    @action(
        description=_("Read with a reason"), url_path="read-private", permissions=["read_private"]
    )
    def read_private(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the reason, then show the content."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        form = ReasonForm(request.POST or None)
        parts, status = None, 200
        if request.method == "POST" and form.is_valid():
            try:
                parts = type(self).read(row, **form.cleaned_data, actor=request.user)
            except DomainError as error:
                form.add_error(None, error.in_words())
                status = error.status
        if status == FORBIDDEN:
            self.note_denial(request)
        return self.private_page(request, row, form, parts, status)

    def note_denial(self, request: HttpRequest) -> None:
        """Audit a refusal of the service."""
        route = request.resolver_match.route if request.resolver_match else ""
        code = "permission_denied"
        audit.record_denied(request.user, route=route, method="post", status=FORBIDDEN, code=code)

    def private_page(
        self,
        request: HttpRequest,
        row: Model,
        form: ReasonForm,
        parts: Sequence[Part] | None,
        status: int,
    ) -> HttpResponse:
        """The form, or what was asked for."""
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Read with a reason"),
            "opts": self.opts,
            "owner": getattr(row, self.owner_field).shown_name,
            "form": form,
            "parts": parts,
        }
        # The site's own wrapper says `no-store`: no browser keeps the page.
        return TemplateResponse(request, "admin/read_private.html", context, status=status)
