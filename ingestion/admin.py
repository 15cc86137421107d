"""Runs and items for staff: what happened, never what is in the files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin, messages
from django.http import Http404
from django.shortcuts import redirect
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from ingestion import services, source_services
from ingestion.enums import RunKind, Stage
from ingestion.models import IngestionItem, IngestionRun, Source
from youworker.core.admin import ReadOnlyAdmin
from youworker.core.exceptions import DomainError
from youworker.core.purging_admin import Choice, confirm_page, is_confirmed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User


@admin.register(IngestionRun)
class IngestionRunAdmin(ReadOnlyAdmin):
    """Staff cancel and retry runs here."""

    linked_by = ("owner",)
    related_lists = (("ingestion.IngestionItem", "run"),)
    list_display = (
        "origin",
        "owner",
        "kind",
        "status",
        "items_total",
        "items_ready",
        "items_failed",
        "created_at",
        "finished_at",
    )
    list_filter = ("status", "kind", "created_at")
    list_select_related = ("owner",)
    search_fields = ("target", "owner__username", "id")
    actions = ("cancel", "retry")

    @admin.display(description=_("source"), ordering="target")
    def origin(self, run: Any) -> str:
        """What was added, as its owner reads it."""
        if run.kind != RunKind.UPLOAD or run.item_count == 1:
            return str(run.target)
        words = ngettext("Upload of %(n)s file", "Upload of %(n)s files", run.item_count)
        return words % {"n": run.item_count}

    def get_queryset(self, request: HttpRequest) -> QuerySet[IngestionRun]:
        rows: QuerySet[IngestionRun] = IngestionRun.all_objects.with_totals().newest_first()
        return rows

    @admin.display(description=_("items"))
    def items_total(self, run: IngestionRun) -> int:
        """The number of files."""
        return run.item_count

    @admin.display(description=_("ready files"))
    def items_ready(self, run: IngestionRun) -> int:
        """The number of files that are ready."""
        return run.ready_count

    @admin.display(description=_("failed files"))
    def items_failed(self, run: IngestionRun) -> int:
        """The number of files that were given up."""
        return run.failed_count

    @admin.action(description=_("Cancel selected runs"), permissions=["manage"])
    def cancel(self, request: HttpRequest, runs: QuerySet[IngestionRun]) -> None:
        """Skip what the runs have not read yet."""
        self.each(request, runs, services.cancel_run)

    @admin.action(description=_("Retry failed items of selected runs"), permissions=["manage"])
    def retry(self, request: HttpRequest, runs: QuerySet[IngestionRun]) -> None:
        """Queue failed items again."""
        self.each(request, runs, services.retry_run)

    def each(
        self, request: HttpRequest, runs: QuerySet[IngestionRun], service: Callable[..., object]
    ) -> None:
        """Call a service for every run and show its refusals."""
        for run in runs:
            try:
                service(run, actor=request.user)
            except DomainError as error:
                self.message_user(request, f"{run}: {error.in_words()}", messages.WARNING)


@admin.register(IngestionItem)
class IngestionItemAdmin(ReadOnlyAdmin):
    """Single files and what went wrong with them."""

    linked_by = ("run", "document")
    list_display = ("name", "owner", "stage", "attempts", "reason", "size", "updated_at")
    list_filter = ("stage", "error_code", "created_at")
    list_select_related = ("run__owner",)
    search_fields = ("name", "run__owner__username", "sha256", "id")
    exclude = ("lease_token", "lease_suspected_at", "note")
    readonly_fields = ("told",)
    actions = ("retry", "retry_runs")
    actions_detail: ClassVar = ["retry_one"]

    @admin.action(description=_("Retry the selected files"), permissions=["manage"])
    def retry(self, request: HttpRequest, items: QuerySet[IngestionItem]) -> None:
        """Queue the chosen files again, those that failed."""
        self.retry_files(request, list(items.select_related("run__collection")))

    @admin.action(description=_("Retry the failed files of these runs"), permissions=["manage"])
    def retry_runs(self, request: HttpRequest, items: QuerySet[IngestionItem]) -> None:
        """Queue what failed in the runs of the chosen files again."""
        for run in IngestionRun.all_objects.filter(items__in=items).distinct():
            try:
                services.retry_run(run, actor=cast("User", request.user))
            except DomainError as error:
                self.message_user(request, f"{run}: {error.in_words()}", messages.WARNING)

    def has_retry_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the button of a file is offered."""
        return bool(self.has_manage_permission(request))

    @action(description=_("Retry this file"), url_path="retry", permissions=["retry"])
    def retry_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then queue the file again."""
        item = self.get_object(request, object_id)
        if item is None:
            raise Http404
        if is_confirmed(request):
            self.retry_files(request, [item])
            return redirect("admin:ingestion_ingestionitem_change", item.pk)
        title = gettext("Retry this file")
        refusal = "" if item.stage == Stage.FAILED else gettext("has not failed")
        choice = Choice(item, [item.shown_reason] if item.shown_reason else [], refusal)
        warning = gettext("The file is read again, with as many attempts as at first.")
        return confirm_page(self, request, [choice], title=title, warning=warning, button=title)

    def retry_files(self, request: HttpRequest, items: Sequence[IngestionItem]) -> None:
        """Queue failed files again, run by run, and say how that went."""
        count = 0
        by_run: dict[IngestionRun, list[UUID]] = {}
        for item in items:
            by_run.setdefault(item.run, []).append(item.pk)
        for run, ids in by_run.items():
            try:
                count += services.retry_items(run, ids, actor=cast("User", request.user))
            except DomainError as error:
                self.message_user(request, f"{run}: {error.in_words()}", messages.WARNING)
        if count:
            said = gettext("Files that are read again: %(count)d.") % {"count": count}
            self.message_user(request, said, messages.SUCCESS)

    @admin.display(description=_("owner"), ordering="run__owner__username")
    def owner(self, item: IngestionItem) -> str:
        """Whose file it is."""
        return item.run.owner.username

    @admin.display(description=_("error"), ordering="error_code")
    def reason(self, item: IngestionItem) -> str:
        """What went wrong, in words."""
        return item.shown_reason

    @admin.display(description=_("note"))
    def told(self, item: IngestionItem) -> str:
        """What its owner is told of how it was read."""
        return item.shown_note


@admin.register(Source)
class SourceAdmin(ReadOnlyAdmin):
    """Folders and websites that collections follow; staff read them now, or let them rest."""

    list_display = ("name", "owner", "kind", "state", "reason", "last_sync_at", "next_sync_at")
    list_filter = ("state", "kind", "created_at")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username", "id")
    exclude = ("lease_token", "lease_suspected_at")
    actions = ("sync", "pause", "resume")

    @admin.display(description=_("error"), ordering="error_code")
    def reason(self, source: Source) -> str:
        """Why it failed or is paused, in words."""
        return source.shown_reason

    @admin.action(description=_("Read selected sources now"), permissions=["manage"])
    def sync(self, request: HttpRequest, sources: QuerySet[Source]) -> None:
        """Have them read."""
        for source in sources:
            try:
                source_services.request_sync(source, actor=cast("User", request.user))
            except DomainError as error:
                self.message_user(request, f"{source}: {error.in_words()}", messages.WARNING)

    @admin.action(description=_("Pause selected sources"), permissions=["manage"])
    def pause(self, request: HttpRequest, sources: QuerySet[Source]) -> None:
        """Let them rest."""
        self.set_paused(request, sources, paused=True)

    @admin.action(description=_("Let selected sources go on"), permissions=["manage"])
    def resume(self, request: HttpRequest, sources: QuerySet[Source]) -> None:
        """End their rest."""
        self.set_paused(request, sources, paused=False)

    def set_paused(self, request: HttpRequest, sources: QuerySet[Source], *, paused: bool) -> None:
        """Pause or resume each and show refusals."""
        for source in sources:
            try:
                source_services.update_source(
                    source, paused=paused, actor=cast("User", request.user)
                )
            except DomainError as error:
                self.message_user(request, f"{source}: {error.in_words()}", messages.WARNING)
