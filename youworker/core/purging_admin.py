"""Removing for good from staff pages: asked once more, with what goes along, by superusers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from django.contrib import admin, messages
from django.db import models
from django.db.models import Count
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from youworker.core.admin import ReadOnlyAdmin, StaffAdmin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse

# A form has one field for each.
MOST_AT_ONCE = 500
# Whose belongings are counted and told.
MOST_TOLD = 100


class Choice(NamedTuple):
    """A chosen row: what is told of it, and why nothing is done to it, if so."""

    row: Any
    facts: Sequence[str] = ()
    refusal: str = ""


def is_confirmed(request: HttpRequest) -> bool:
    """Whether the question of `confirm_page` was answered with yes."""
    return request.method == "POST" and request.POST.get("confirmed") == "yes"


def confirm_page(
    page: StaffAdmin,
    request: HttpRequest,
    choices: Sequence[Choice],
    *,
    action: str = "",
    title: str,
    warning: str,
    button: str,
) -> HttpResponse:
    """The question whether something shall be done to the chosen rows, by which it is done."""
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": title,
        "warning": warning,
        "button": button,
        "action": action,
        "choices": choices[:MOST_TOLD],
        "untold": max(len(choices) - MOST_TOLD, 0),
        "ids": [choice.row.pk for choice in choices],
        "is_possible": any(not choice.refusal for choice in choices),
    }
    return TemplateResponse(request, "admin/confirm.html", context)


class PurgingAdmin(ReadOnlyAdmin):
    """Rows that can be deleted and restored, and that superusers remove for good.

    `removable` limits rows to those that may go, `remove` is the service that removes them and
    says how many: `remove(rows, *, actor)`.
    """

    removable: ClassVar[Callable[..., QuerySet[Any]]]
    remove: ClassVar[Callable[..., int]]
    purge_warning: ClassVar[Any] = _("They are removed with what is told here, for good.")

    def has_purge_permission(self, request: HttpRequest) -> bool:
        """Whether removing for good is offered."""
        return bool(request.user.is_superuser)

    @admin.action(description=_("Remove deleted ones for good"), permissions=["purge"])
    def purge(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Tell what goes along, then remove those that are deleted and under no legal hold."""
        rows = list(queryset[: MOST_AT_ONCE + 1])
        if len(rows) > MOST_AT_ONCE:
            said = gettext("These are more than %(most)s rows: narrow the list first.")
            self.message_user(request, said % {"most": MOST_AT_ONCE}, messages.WARNING)
            return None
        if is_confirmed(request):
            count = type(self).remove(rows, actor=request.user)
            self.tell_outcome(request, count, stayed=len(rows) - count)
            return None
        return confirm_page(
            self,
            request,
            self.choices_of(rows),
            action="purge",
            title=gettext("Remove for good"),
            warning=str(self.purge_warning),
            button=gettext("Remove for good"),
        )

    def tell_outcome(self, request: HttpRequest, count: int, *, stayed: int) -> None:
        """Say how many went, and how many did not."""
        said = gettext("%(count)d removed for good.") % {"count": count}
        self.message_user(request, said, messages.SUCCESS)
        if stayed:
            said = gettext("%(count)d stayed: not deleted, or kept by a legal hold.")
            self.message_user(request, said % {"count": stayed}, messages.WARNING)

    def choices_of(self, rows: Sequence[Any]) -> list[Choice]:
        """The rows with what goes along, or why they stay."""
        may_go = set(type(self).removable(rows).values_list("pk", flat=True))
        facts = what_goes_along(self.model, [row for row in rows[:MOST_TOLD] if row.pk in may_go])
        return [Choice(row, facts.get(row.pk, ()), why_kept(row, may_go)) for row in rows]


def why_kept(row: Any, may_go: set[Any]) -> str:
    """Why a row is not removed; empty when it is."""
    if row.pk in may_go:
        return ""
    if row.deleted_at is None:
        return gettext("stays, for it is not deleted")
    return gettext("stays, for a legal hold keeps it")


def what_goes_along(model: type[Model], rows: Sequence[Model]) -> dict[Any, list[str]]:
    """What the database removes with each row: of which kind, how many; a query for each kind."""
    found: dict[Any, list[str]] = {row.pk: [] for row in rows}
    for relation in model._meta.related_objects:
        if getattr(relation, "on_delete", None) is not models.CASCADE or not found:
            continue
        other, name = relation.related_model, relation.field.name
        held = other._base_manager.filter(**{f"{name}__in": list(found)})  # noqa: SLF001
        counts = held.order_by().values_list(name).annotate(count=Count("pk"))
        word = capfirst(other._meta.verbose_name_plural)
        for pk, count in counts:
            found[pk].append(f"{word}: {count}")
    return found
