"""Base classes of the staff pages: fast on large tables, blind to private content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext
from unfold.admin import ModelAdmin as UnfoldModelAdmin

from youworker.core.estimates import EstimatingPaginator
from youworker.core.models import IdempotentRequest, KeyFingerprint
from youworker.core.staff_search import search_rows

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser as User
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse

# Most actions do something to each row, and tell of each that refuses.
MOST_AT_ONCE = 1000
# Has its own bound, for it only reads.
EXPORT = "export_rows"


class StaffAdmin(UnfoldModelAdmin):
    """A page of rows staff may look up; private content never appears in `fields`."""

    show_full_result_count = False
    paginator = EstimatingPaginator
    list_per_page = 50
    # Whether the console offers the page; others are reached by links, or by who knows the address.
    listed = True
    # Fields by which other pages narrow this one in a link.
    linked_by: tuple[str, ...] = ()
    # Lists that belong to a row: models, each with the field that leads to it.
    related_lists: tuple[tuple[str, str], ...] = ()
    change_form_before_template = "admin/related_lists.html"

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """What the index, the apps' pages and the search offer of these rows."""
        return cast("dict[str, bool]", super().get_model_perms(request)) if self.listed else {}

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only by the filters a page offers.

        Django allows every field of the model, and counting rows by what a field begins with
        reads it letter by letter, whether the page shows it or not.
        """
        offered = {*map(name_of, self.get_list_filter(request)), *self.linked_by}
        known = any(lookup == name or lookup.startswith(f"{name}__") for name in offered)
        return known and bool(super().lookup_allowed(lookup, value, request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Look words up without reading whole tables."""
        return search_rows(queryset, self.get_search_fields(request), search_term), False

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Carry an action out, unless it is about more rows than one request can go through."""
        if is_about_too_many(request, queryset):
            said = gettext("These are more than %(most)s rows: narrow the list first.")
            self.message_user(request, said % {"most": MOST_AT_ONCE}, messages.WARNING)
            return None
        return super().response_action(request, queryset)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one row, with links to the lists of what belongs to it."""
        context = {**(extra_context or {}), "related_lists": self.links_of(request, object_id)}
        return cast("HttpResponse", super().change_view(request, object_id, form_url, context))

    def links_of(self, request: HttpRequest, object_id: str) -> list[tuple[str, str]]:
        """Titles and addresses of the lists of what belongs to a row."""
        found = []
        for label, field in self.related_lists:
            model = apps.get_model(label)
            if self.admin_site.get_model_admin(model).has_view_permission(request):
                options = model._meta
                page = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
                query = urlencode({f"{field}__exact": object_id})
                found.append((str(capfirst(options.verbose_name_plural)), f"{page}?{query}"))
        return found

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was done to a row: the lines of the audit log about it."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        page = reverse("admin:auditlog_logentry_changelist")
        return redirect(f"{page}?{urlencode({'q': str(row.pk)})}")


def is_about_too_many(request: HttpRequest, rows: QuerySet[Any]) -> bool:
    """Whether an action was chosen for all rows of a list, and these are too many for it."""
    if request.POST.get("select_across") != "1" or request.POST.get("action") == EXPORT:
        return False
    return len(rows.order_by().values_list("pk")[: MOST_AT_ONCE + 1]) > MOST_AT_ONCE


def name_of(entry: Any) -> str:
    """The field or the parameter behind an entry of `list_filter`."""
    found = entry[0] if isinstance(entry, tuple) else entry
    return found if isinstance(found, str) else str(found.parameter_name)


class KeptAdmin(StaffAdmin):
    """Rows that are neither made nor removed here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(KeptAdmin):
    """Rows that only the system writes."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Whether actions are offered: the right to change the model."""
        options = self.model._meta
        user = cast("User", request.user)
        return user.has_perm(f"{options.app_label}.change_{options.model_name}")


@admin.register(KeyFingerprint)
class KeyFingerprintAdmin(ReadOnlyAdmin):
    """Which keys this database was written with."""

    list_display = ("fingerprint", "created_at", "retired_at")
    search_fields = ("fingerprint",)


@admin.register(IdempotentRequest)
class IdempotentRequestAdmin(ReadOnlyAdmin):
    """Remembered answers of requests that may be sent twice."""

    listed = False
    list_display = ("key", "user", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("user",)
    search_fields = ("key", "user__username")
