"""Rows of a list as CSV, for spreadsheets: what the list shows, and nothing more."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import label_for_field, lookup_field
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from youworker import audit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.contrib.admin import ModelAdmin
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest

    from accounts.models import User

# More are an evaluation, not a list: they would fill the memory of a web process.
MOST_ROWS = 20_000
# What spreadsheets take for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
BOM = "\ufeff"


@admin.action(description=_("Export the selected rows as CSV"), permissions=["view"])
def export_rows(
    page: ModelAdmin[Any], request: HttpRequest, rows: QuerySet[Any]
) -> HttpResponse | None:
    """A file of the chosen rows, noted in the audit log."""
    found = list(rows[: MOST_ROWS + 1])
    if len(found) > MOST_ROWS:
        said = gettext("These are more than %(most)s rows: narrow the list first.")
        page.message_user(request, said % {"most": MOST_ROWS}, messages.WARNING)
        return None
    note_export(page.model, len(found), actor=cast("User", request.user))
    columns: list[Any] = [
        name for name in page.get_list_display(request) if name != "action_checkbox"
    ]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([label_for_field(name, page.model, page) for name in columns])
    writer.writerows(lines(page, found, columns))
    name = f"{page.opts.model_name}-{timezone.localtime():%Y-%m-%d-%H%M}.csv"
    # The mark of the order of bytes tells Excel that it is UTF-8.
    answer = HttpResponse(BOM + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


@transaction.atomic
def note_export(model: type[Model], count: int, *, actor: User) -> None:
    """Audit that rows left the product."""
    audit.record("data.export", actor=actor, model=model._meta.label_lower, rows=count)


def lines(
    page: ModelAdmin[Any], rows: Iterable[Model], columns: list[Any]
) -> Iterator[list[str | int | float]]:
    """The cells of each row."""
    for row in rows:
        yield [cell(lookup_field(name, row, page)[2]) for name in columns]


def cell(value: Any) -> str | int | float:
    """A value as a spreadsheet may have it: never a formula."""
    if value is None:
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    text = strip_tags(str(value)) if hasattr(value, "__html__") else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
