"""The navigation of the console: pages by task, each for those who may look at its rows.

Models without a place here are plumbing; their `ModelAdmin` says `listed = False`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.http import HttpRequest

# The pages of each section, by model, with the name of a Material symbol.
SECTIONS = (
    (
        _("People"),
        {
            "accounts.User": "person",
            "groups.Group": "group",
            "groups.ServiceAccount": "robot_2",
            "quotas.Quota": "speed",
        },
    ),
    (
        _("Conversations"),
        {
            "chat.Session": "forum",
            "chat.Message": "chat",
            "chat.Run": "bolt",
        },
    ),
    (
        _("Documents"),
        {
            "documents.Document": "description",
            "documents.Collection": "folder",
            "documents.Tag": "label",
            "documents.GoldenQuestion": "quiz",
            "documents.EvaluationRun": "analytics",
            "chat.AnswerEvaluation": "fact_check",
        },
    ),
    (
        _("Ingestion"),
        {
            "ingestion.IngestionRun": "upload",
            "ingestion.IngestionItem": "draft",
            "ingestion.Source": "sync",
        },
    ),
    (
        _("Tools"),
        {
            "mcp.Server": "dns",
            "mcp.Tool": "build",
            "mcp.Connection": "link",
            "chat.ToolRun": "terminal",
        },
    ),
    (
        _("Security"),
        {
            "auditlog.LogEntry": "history",
            "accounts.ApiKey": "key",
            "accounts.SignIn": "login",
            "accounts.Authenticator": "phonelink_lock",
            "accounts.LinkedIdentity": "badge",
            "accounts.PrivateAccess": "visibility",
            "groups.LegalHold": "gavel",
            "accounts.DataExport": "download",
            "accounts.Erasure": "person_remove",
        },
    ),
    (
        _("System"),
        {
            "chat.ModelServer": "dns",
            "chat.ServedModel": "neurology",
            "chat.SystemPrompt": "edit_note",
            "documents.EmbeddingModel": "hub",
            "webhooks.Endpoint": "webhook",
            "webhooks.Delivery": "outbox",
            "quotas.UsageEvent": "monitoring",
            "quotas.TokenUsage": "calendar_month",
            "common.KeyFingerprint": "encrypted",
        },
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sections this member of staff sees, for the sidebar."""
    first = [
        entry(gettext("Overview"), "dashboard", reverse("admin:index")),
        # Every address begins like this one, so the library would mark it on every page.
        *own_pages(request),
        {**entry(gettext("Back to YouWorker"), "arrow_back", "/"), "active": False},
    ]
    items = [pages(request, models) for _title, models in SECTIONS]
    if request.user.is_active and request.user.is_staff:
        items[-1].append(entry(gettext("Health"), "monitor_heart", reverse("health")))
    if request.user.has_perm("ingestion.view_ingestionitem"):
        link = entry(gettext("Check of the data"), "stethoscope", reverse("data-check"))
        items[-1].append(link)
    sections = [
        {"title": title, "separator": True, "items": found}
        for (title, _models), found in zip(SECTIONS, items, strict=True)
    ]
    return [{"items": first}, *(section for section in sections if section["items"])]


def own_pages(request: HttpRequest) -> list[dict[str, Any]]:
    """Pages that are no lists of rows, for those who may see what is on them."""
    can = request.user.has_perm
    found = []
    if can("chat.view_run") or can("ingestion.view_ingestionitem") or can("quotas.view_usageevent"):
        found.append(entry(gettext("At this moment"), "pulse_alert", reverse("console-live")))
    if can("chat.view_run") and can("documents.view_collection"):
        link = reverse("console-unanswered")
        found.append(entry(gettext("Unanswered questions"), "contact_support", link))
    return found


def pages(request: HttpRequest, models: dict[str, str]) -> list[dict[str, Any]]:
    """The pages among these that this member of staff may open."""
    found = []
    for label, icon in models.items():
        model = apps.get_model(label)
        if admin.site.get_model_admin(model).has_view_permission(request):
            name = str(capfirst(model._meta.verbose_name_plural))
            found.append(entry(name, icon, changelist_url(label)))
    return found


def changelist_url(label: str) -> str:
    """The address of the page of a model's rows."""
    return reverse(f"admin:{label.lower().replace('.', '_')}_changelist")


def entry(title: str, icon: str, link: str) -> dict[str, Any]:
    """One line of the sidebar."""
    return {"title": title, "icon": icon, "link": link}


def account_links(request: HttpRequest) -> list[dict[str, str]]:
    """What the menu of the account offers besides signing out."""
    links = [
        {"title": gettext("Back to YouWorker"), "link": "/"},
        {"title": gettext("Help"), "link": reverse("help-page", args=["staff/console"])},
    ]
    # Asked for on the sign-in page, too.
    if request.user.is_authenticated and request.user.has_usable_password():
        change = reverse("admin:password_change")
        links.append({"title": gettext("Change password"), "link": change})
    return links
