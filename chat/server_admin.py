"""Staff pages of model servers and of what their models can; keys are on none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanSwitchWidget

from chat.llm.probing.advice import advice_for
from chat.models import ModelServer, ServedModel
from chat.services.model_checks import look_at_servers
from chat.services.model_servers import delete_model_server, refuse_clash, save_model_server
from youworker.core.admin import ReadOnlyAdmin, StaffAdmin
from youworker.core.effects import queue_task
from youworker.core.exceptions import InvalidInput

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest

    from accounts.models import User

MOST_TRIED = 20


class ModelServerForm(forms.ModelForm):
    """A server; what is typed as its key replaces the stored one, which is not shown."""

    new_key = forms.CharField(
        label=capfirst(_("API key")),
        required=False,
        strip=True,
        max_length=1000,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Stored encrypted and never shown. Empty: as it is."),
    )
    forget_key = forms.BooleanField(
        label=capfirst(_("forget the API key")), required=False, widget=UnfoldBooleanSwitchWidget()
    )

    class Meta:
        model = ModelServer
        fields = ("name", "url", "position", "enabled", "max_runs", "context_tokens")

    def given_key(self) -> str | None:
        """The key to store; None leaves it as it is."""
        if self.cleaned_data.get("forget_key"):
            return ""
        return self.cleaned_data.get("new_key") or None

    def clean_new_key(self) -> str:
        """Refuse what no header can hold."""
        key = str(self.cleaned_data["new_key"])
        if not (key.isascii() and key.isprintable()):
            raise forms.ValidationError(gettext("A key has only letters, digits and signs."))
        return key

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        url = given.get("url") or self.instance.url
        if not self.errors:
            try:
                refuse_clash(self.instance.pk, name=given["name"], url=url)
            except InvalidInput as error:
                self.add_error(error.attr if error.attr in self.fields else None, error.in_words())
        return given


class ServedModelInline(TabularInline):
    """What is known of the models of one server."""

    model = ServedModel
    extra = 0
    can_delete = False
    fields = ("name", "context_tokens", "tools", "reasoning", "vision", "tokens_per_second")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(ModelServer)
class ModelServerAdmin(StaffAdmin):
    """Servers are asked in this order; address and key of configured ones stay where they are."""

    form = ModelServerForm
    list_display = (
        "name",
        "url",
        "position",
        "enabled",
        "state",
        "kind",
        "latency_ms",
        "last_error",
        "checked_at",
    )
    list_filter = ("enabled", "state", "kind", "is_configured")
    search_fields = ("name", "url")
    ordering = ("position", "created_at")
    inlines = (ServedModelInline,)
    actions = ("look_now",)
    seen = ("kind", "told_runs", "state", "last_error", "latency_ms", "checked_at")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        asked = ("name", "url", "position", "enabled", "max_runs", "context_tokens")
        if obj is None:
            return (*asked, "new_key")
        if cast("ModelServer", obj).is_configured:
            return (*asked, "is_configured", *self.seen)
        return (*asked, "new_key", "forget_key", "has_key", *self.seen)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fixed = ("is_configured", "has_key", *self.seen)
        is_fixed = obj is not None and cast("ModelServer", obj).is_configured
        return (*fixed, "url") if is_fixed else fixed

    def save_model(
        self,
        request: HttpRequest,
        obj: ModelServer,
        form: ModelServerForm,
        change: bool,  # noqa: FBT001
    ) -> None:
        actor = cast("User", request.user)
        key = None if obj.is_configured else form.given_key()
        save_model_server(obj, key=key, fields=form.changed_data, actor=actor)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        is_fixed = obj is not None and cast("ModelServer", obj).is_configured
        return not is_fixed and super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> Any:
        """Without removing many at once: those of the environment would be among them."""
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def delete_model(self, request: HttpRequest, obj: ModelServer) -> None:
        delete_model_server(obj, actor=cast("User", request.user))

    @admin.display(description=_("has an API key"), boolean=True)
    def has_key(self, server: ModelServer) -> bool:
        """Whether a key is stored."""
        return bool(server.key)

    @admin.action(description=_("Look at the servers now"), permissions=["change"])
    def look_now(self, request: HttpRequest, queryset: QuerySet[ModelServer]) -> None:
        """See whether the chosen servers answer, and what they tell of their models."""
        for server in look_at_servers(queryset.filter(enabled=True)):
            if server.last_error:
                self.message_user(request, f"{server.name}: {server.last_error}", "error")
            else:
                count = server.models.count()
                found = ngettext("%(count)d model", "%(count)d models", count) % {"count": count}
                self.message_user(request, f"{server.name}: {found}")


@admin.register(ServedModel)
class ServedModelAdmin(ReadOnlyAdmin):
    """What models can, as their servers tell and as they showed when they were asked."""

    list_display = (
        "name",
        "server",
        "context_tokens",
        "tools",
        "reasoning",
        "vision",
        "tokens_per_second",
        "first_token_ms",
        "error",
        "probed_at",
    )
    list_filter = ("server", "tools", "reasoning", "vision")
    list_select_related = ("server",)
    search_fields = ("name", "server__name")
    ordering = ("server__position", "name")
    fields = (*list_display, "context_assumed", "longest_context", "checked_at", "advice")
    readonly_fields = fields
    actions = ("try_now",)

    @admin.display(description=_("what helps"))
    def advice(self, model: ServedModel) -> str:
        """What operators can do about what was found."""
        return format_html_join("", "<div>{}</div>", ((one,) for one in advice_for(model))) or "-"

    @admin.action(description=_("Try the models now"), permissions=["manage"])
    def try_now(self, request: HttpRequest, queryset: QuerySet[ServedModel]) -> None:
        """Have a worker ask the chosen models small questions, when nobody else needs them."""
        ids = [str(pk) for pk in queryset.values_list("pk", flat=True)[:MOST_TRIED]]
        queue_task("chat.tasks.try_models", ids)
        told = ngettext(
            "%(count)d model is asked some questions; look again in a minute.",
            "%(count)d models are asked some questions; look again in a minute.",
            len(ids),
        )
        self.message_user(request, told % {"count": len(ids)})
