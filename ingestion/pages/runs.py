"""Watching runs of files, cancelling them, and trying again what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from documents.services import find_collection
from ingestion import services
from ingestion.enums import Stage
from ingestion.models import IngestionItem, IngestionRun
from youworker.core.exceptions import NotFound
from youworker.core.pages.base import Page, answer_done, is_htmx

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

ITEMS_ON_A_PAGE = 100
RUNS_ON_A_PAGE = 20
MOST_UNFINISHED = 5


class RunsPage(Page):
    """Somebody's runs, newest first; with `unfinished` those that go on, for other pages."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show them."""
        own = IngestionRun.objects.visible_to(self.actor).with_totals().newest_first()
        if is_htmx(request) and "unfinished" in request.GET:
            context = {"runs": own.unfinished()[:MOST_UNFINISHED]} | services.upload_limits()
            return render(request, "ingestion/_unfinished.html", context)
        page = Paginator(own, RUNS_ON_A_PAGE).get_page(request.GET.get("page"))
        context = {"page_obj": page, "runs": page.object_list, "section": "documents"}
        return render(request, "ingestion/runs.html", context)


class RunPage(Page):
    """The files of one run, and how far each has come."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show a page of them; htmx gets the run alone, with `brief` without its files."""
        run = visible_run(pk, self.actor)
        if is_htmx(request) and "brief" in request.GET:
            return render(request, "ingestion/_summary.html", {"run": run})
        context = run_context(request, run) | {"section": "documents"}
        if is_htmx(request):
            return render(request, "ingestion/_run.html", context)
        if run.collection_id:
            # None when it was shared with the actor only at that time.
            context["collection"] = find_collection(run.collection_id, actor=self.actor)
        return render(request, "ingestion/run.html", context)


class CancelRunPage(Page):
    """Skips what has not been read yet."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Cancel, and show what became of the run."""
        services.cancel_run(visible_run(pk, self.actor), actor=self.actor)
        said = _("What was not read yet is skipped.")
        return answer_done(request, said, reverse("ingestion-run", args=[pk]))


class RetryRunPage(Page):
    """Tries the failed files of a run once more."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Queue them, and show the run."""
        services.retry_run(visible_run(pk, self.actor), actor=self.actor)
        said = _("The failed files are tried again.")
        return answer_done(request, said, reverse("ingestion-run", args=[pk]))


class DeleteRunPage(Page):
    """Takes a run out of the list."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Hide it; its documents stay."""
        services.delete_run(visible_run(pk, self.actor), actor=self.actor)
        said = _("The upload is off the list; its documents stay.")
        return answer_done(request, said, reverse("ingestion-runs"))


def run_context(request: HttpRequest, run: IngestionRun) -> dict[str, Any]:
    """A run with a page of its files: what was handed in, what came out of one, or one stage."""
    items = IngestionItem.objects.filter(run=run).select_related("document").in_order()
    stage, parent = request.GET.get("stage", ""), chosen_parent(request, run)
    if stage in Stage.values:
        items = items.filter(stage=stage)
    else:
        items = items.filter(parent=parent) if parent else items.outermost()
    page = Paginator(items.with_member_counts(), ITEMS_ON_A_PAGE).get_page(request.GET.get("page"))
    shown = {"page_obj": page, "items": page.object_list, "stage": stage, "parent": parent}
    return {"run": run, **shown}


def chosen_parent(request: HttpRequest, run: IngestionRun) -> IngestionItem | None:
    """The file of the run whose members are asked for; raises `NotFound`."""
    key = request.GET.get("parent")
    if not key:
        return None
    try:
        return IngestionItem.objects.get(run=run, pk=key)
    except (IngestionItem.DoesNotExist, ValidationError) as error:
        raise NotFound("There is no such file.") from error


def visible_run(pk: UUID, actor: User) -> IngestionRun:
    """A run of somebody's with its totals; raises `NotFound`."""
    rows = IngestionRun.objects.visible_to(actor).with_totals()
    found: IngestionRun | None = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such upload.")
    return found
