"""A staff page with a form that does something: shown by GET, done by POST only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.template.response import TemplateResponse

if TYPE_CHECKING:
    from django import forms
    from django.http import HttpRequest, HttpResponse

    from youworker.core.admin import StaffAdmin


def sent(request: HttpRequest) -> tuple[Any, Any]:
    """What a form was sent with; nothing when it is only shown."""
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def act_page(
    page: StaffAdmin,
    request: HttpRequest,
    form: forms.Form,
    title: str,
    button: str,
    *,
    said: str = "",
) -> HttpResponse:
    """A page with a form that does something; 422 when it was refused."""
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": title,
        "form": form,
        "button": button,
        "said": said,
    }
    status = 422 if form.is_bound and form.errors else 200
    return TemplateResponse(request, "youworker/console/act.html", context, status=status)
