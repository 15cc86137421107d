"""Base classes of the staff pages: fast on large tables, blind to private content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin as UnfoldModelAdmin

from youworker.core.models import IdempotentRequest, KeyFingerprint

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser as User
    from django.db.models import Model
    from django.http import HttpRequest

ESTIMATE_ABOVE = 10_000


class EstimatingPaginator(Paginator[Any]):
    """Counts small tables and asks PostgreSQL's statistics about unfiltered large ones."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        if not rows.query.where:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)",
                    [rows.model._meta.db_table],
                )
                estimate = (cursor.fetchone() or [0])[0] or 0
            if estimate > ESTIMATE_ABOVE:
                return int(estimate)
        return int(rows.count())


class StaffAdmin(UnfoldModelAdmin):
    """A page of rows staff may look up; private content never appears in `fields`."""

    show_full_result_count = False
    paginator = EstimatingPaginator
    list_per_page = 50
    # Whether the console offers the page; others are reached by links, or by who knows the address.
    listed = True
    # Fields by which other pages narrow this one in a link.
    linked_by: tuple[str, ...] = ()

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
