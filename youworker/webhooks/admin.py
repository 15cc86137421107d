"""Staff pages of webhooks and of what was sent to them; a secret is shown once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.http import Http404
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from youworker.audit.words import named
from youworker.core.admin import ReadOnlyAdmin, StaffAdmin
from youworker.core.exceptions import DomainError
from youworker.webhooks import services
from youworker.webhooks.enums import EVERYTHING, RUN_END, SUBSCRIBABLE, DeliveryStatus
from youworker.webhooks.models import Delivery, Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse
    from django_stubs_ext import StrOrPromise

    from accounts.models import User


def choices() -> list[tuple[str, StrOrPromise]]:
    """What an endpoint may be told, as staff read it."""
    beside: dict[str, StrOrPromise] = {
        EVERYTHING: _("everything"),
        RUN_END: f"{gettext('Answer ended')} ({RUN_END})",
    }
    return [(one, beside.get(one) or named(one)) for one in SUBSCRIBABLE]


class ActionChoices(UnfoldAdminCheckboxSelectMultipleWidget):
    """Boxes with long words."""

    option_template_name = "youworker/console/_choice.html"


class EndpointForm(forms.ModelForm):
    """Where to, and what."""

    actions = forms.MultipleChoiceField(
        label=_("Told actions"),
        choices=choices,
        widget=ActionChoices,
    )

    class Meta:
        model = Endpoint
        fields = ("url", "description", "actions")

    def clean_url(self) -> str:
        """Refuse what nothing may be sent to."""
        url = str(self.cleaned_data["url"])
        if "url" not in self.changed_data:
            return url
        try:
            return services.checked_destination(url)
        except DomainError as error:
            raise forms.ValidationError(error.in_words()) from error


@admin.register(Endpoint)
class EndpointAdmin(StaffAdmin):
    """Webhooks: what they are told, and how that goes."""

    form = EndpointForm
    list_display = (
        "__str__",
        "state",
        "failures",
        "last_error",
        "last_success_at",
        "rest_until",
        "created_at",
    )
    list_filter = ("state",)
    search_fields = ("url", "description")
    ordering = ("-created_at",)
    seen = (
        "state",
        "failures",
        "last_error",
        "last_success_at",
        "rest_until",
        "former_secret_until",
        "sent",
        "created_at",
    )
    readonly_fields = seen
    actions = ("pause", "resume", "send_test")
    actions_detail: Any = ["rotate_secret"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        asked = ("url", "description", "actions")
        return asked if obj is None else (*asked, *self.seen)

    def get_actions(self, request: HttpRequest) -> Any:
        """Without removing many at once, past the service."""
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def save_model(
        self,
        request: HttpRequest,
        obj: Endpoint,
        form: EndpointForm,
        change: bool,  # noqa: FBT001
    ) -> None:
        actor = cast("User", request.user)
        if change:
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            services.update_endpoint(obj, **changes, actor=actor)
            return
        made, _secret = services.create_endpoint(**form.cleaned_data, actor=actor)
        obj.pk, obj.secret = made.pk, made.secret

    def response_add(
        self, request: HttpRequest, obj: Endpoint, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret, instead of going back to the list."""
        return self.secret_page(request, obj, secret=obj.secret)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The webhooks alone: their deliveries go along, and there may be very many."""
        rows = list(objs)
        return [str(row) for row in rows], {self.opts.verbose_name_plural: len(rows)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Endpoint) -> None:
        services.delete_endpoint(obj, actor=cast("User", request.user))

    def has_rotate_secret_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the button is offered."""
        return bool(self.has_change_permission(request))

    @action(description=_("New secret"), url_path="rotate-secret", permissions=["rotate_secret"])
    def rotate_secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then make a new secret and show it this once."""
        endpoint = self.get_object(request, object_id)
        if endpoint is None:
            raise Http404
        secret = ""
        if request.method == "POST":
            secret = services.rotate_secret(endpoint, actor=cast("User", request.user))
        return self.secret_page(request, endpoint, secret=secret)

    def secret_page(self, request: HttpRequest, endpoint: Endpoint, *, secret: str) -> HttpResponse:
        """The secret, or the question whether there should be another one."""
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Secret of the webhook"),
            "opts": self.opts,
            "endpoint": endpoint,
            "secret": secret,
        }
        # The site's own wrapper says `no-store`: no browser keeps the page.
        return TemplateResponse(request, "admin/webhooks/secret.html", context)

    @admin.display(description=_("deliveries"))
    def sent(self, endpoint: Endpoint) -> str:
        """How many of each status, with a link to them."""
        counts = endpoint.deliveries.all().counted()
        words = ", ".join(
            f"{DeliveryStatus(status).label}: {count}" for status, count in sorted(counts.items())
        )
        address = f"../../../delivery/?endpoint__id__exact={endpoint.pk}"
        return format_html('<a href="{}">{}</a>', address, words or "0")

    @admin.action(description=_("Pause"), permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Send the chosen webhooks nothing for now."""
        do_to_each(self, request, queryset, services.pause_endpoint)

    @admin.action(description=_("Resume"), permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Send the chosen webhooks again what has waited."""
        do_to_each(self, request, queryset, services.resume_endpoint)

    @admin.action(description=_("Send a test event"), permissions=["change"])
    def send_test(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Send the chosen webhooks an event that says nothing."""
        do_to_each(self, request, queryset, services.send_test)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """What was sent, with every attempt; some can be sent again."""

    list_display = (
        "event_action",
        "endpoint",
        "status",
        "attempts",
        "status_code",
        "error",
        "due_at",
        "created_at",
    )
    list_filter = ("status", "endpoint")
    list_select_related = ("event", "endpoint")
    search_fields = ("=event__id", "=event__action")
    ordering = ("-created_at", "-pk")
    fields = (*list_display, "event_id", "event_data", "attempt_log")
    readonly_fields = fields
    actions = ("resend",)

    @admin.display(description=_("action"))
    def event_action(self, delivery: Delivery) -> str:
        """What happened."""
        return delivery.event.action

    @admin.display(description=_("data"))
    def event_data(self, delivery: Delivery) -> str:
        """What is told of it."""
        return json.dumps(delivery.event.data, ensure_ascii=False)

    @admin.display(description=_("attempts in detail"))
    def attempt_log(self, delivery: Delivery) -> str:
        """One line for each attempt."""
        lines = (
            (f"{one['at']} · {one['status'] or '-'} · {one['ms']} ms · {one['error']}",)
            for one in delivery.log
        )
        # Not `pre`: a long reason would make the page wider than the screen.
        return format_html_join(SafeString("<br>"), "{}", lines) or "-"

    @admin.action(description=_("Send again"), permissions=["manage"])
    def resend(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Send the chosen events once more, under the same ids."""
        do_to_each(self, request, queryset, services.resend_delivery)


def do_to_each(
    page: StaffAdmin,
    request: HttpRequest,
    rows: QuerySet[Any],
    act: Callable[..., object],
) -> None:
    """Do something to each row as who asks, and say what was refused."""
    done = 0
    for row in rows:
        try:
            act(row, actor=cast("User", request.user))
            done += 1
        except DomainError as error:
            page.message_user(request, f"{row}: {error.in_words()}", "error")
    if done:
        told = ngettext("Done: %(count)d row", "Done: %(count)d rows", done)
        page.message_user(request, told % {"count": done})
