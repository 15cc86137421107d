"""Where the documents say nothing: counts and dates, and the way to read with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from documents.models import Collection
from youworker.analytics.periods import Period, period_of
from youworker.analytics.unanswered import unanswered_questions, unanswered_runs
from youworker.core.zones import zone_or_utc

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

RIGHTS = ("chat.view_run", "documents.view_collection")
READ = ("chat.view_session", "accounts.read_private")
DAYS = (7, 30, 90)
NO_COLLECTION = "none"


class DaysForm(forms.Form):
    """How far back."""

    days = forms.TypedChoiceField(choices=[(each, each) for each in DAYS], coerce=int)


@require_safe
def show_unanswered(request: HttpRequest) -> HttpResponse:
    """How many questions of each collection found no answer."""
    period = period_for(request)
    clusters = unanswered_questions(period)["collections"]
    keys = [one["collection_id"] for one in clusters if one["collection_id"]]
    names = dict(Collection.all_objects.filter(pk__in=keys).values_list("pk", "name"))
    for one in clusters:
        one["name"] = names.get(one["collection_id"])
        one["key"] = one["collection_id"] or NO_COLLECTION
    return page(request, period, clusters=clusters, title=gettext("Unanswered questions"))


@require_safe
def show_questions(request: HttpRequest, key: str) -> HttpResponse:
    """When they were asked, for one collection; what was asked is read with a reason."""
    period = period_for(request)
    collection = None
    if key != NO_COLLECTION:
        collection = Collection.all_objects.filter(pk=id_in(key)).first()
        if collection is None:
            raise Http404
    runs = unanswered_runs(period, collection.pk if collection else None)
    user = cast("User", request.user)
    return page(
        request,
        period,
        runs=runs,
        collection=collection,
        may_read=all(user.has_perm(right) for right in READ),
        title=collection.name if collection else gettext("Everything they can read"),
    )


def id_in(key: str) -> UUID:
    """The id in an address."""
    try:
        return UUID(key)
    except ValueError as error:
        raise Http404 from error


def period_for(request: HttpRequest) -> Period:
    """The days asked for, which need the rights to see answers and collections."""
    user = cast("User", request.user)
    if not all(user.has_perm(right) for right in RIGHTS):
        raise PermissionDenied
    form = DaysForm(request.GET)
    form.is_valid()
    return period_of(zone_or_utc(user.time_zone), days=form.cleaned_data.get("days") or 30)


def page(request: HttpRequest, period: Period, **context: Any) -> HttpResponse:
    """One of the two pages."""
    shown = {**admin.site.each_context(request), "days": period.days, "spans": DAYS, **context}
    return TemplateResponse(request, "youworker/console/unanswered.html", shown)
