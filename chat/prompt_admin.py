"""The staff page of the system prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from chat import services
from chat.models import SystemPrompt
from chat.services.system_prompts import LONGEST_PROMPT
from youworker.core.admin import StaffAdmin

if TYPE_CHECKING:
    from django.forms import ModelForm
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User


class SystemPromptForm(forms.ModelForm[SystemPrompt]):
    """What every model is told."""

    content = forms.CharField(
        label=capfirst(_("text")),
        max_length=LONGEST_PROMPT,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 12, "dir": "auto"}),
        help_text=_("Told to every model before all questions, instead of SYSTEM_PROMPT."),
    )

    class Meta:
        model = SystemPrompt
        fields = ("content",)


@admin.register(SystemPrompt)
class SystemPromptAdmin(StaffAdmin):
    """What every model is told before all questions; there is one."""

    form = SystemPromptForm
    list_display = ("id", "updated_at")
    actions = None

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Write the first one, or change the one that is there."""
        if (prompt := SystemPrompt.objects.first()) is not None:
            return HttpResponseRedirect(reverse("admin:chat_systemprompt_change", args=[prompt.pk]))
        return cast("HttpResponse", super().add_view(request, form_url, extra_context))

    def save_model(
        self,
        request: HttpRequest,
        obj: SystemPrompt,
        form: ModelForm,
        change: bool,  # noqa: FBT001
    ) -> None:
        services.save_system_prompt(obj, actor=cast("User", request.user))

    def delete_model(self, request: HttpRequest, obj: SystemPrompt) -> None:
        services.delete_system_prompt(obj, actor=cast("User", request.user))
