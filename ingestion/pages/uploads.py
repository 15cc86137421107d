"""Handing files and web pages in by forms; a module of the page sends files in pieces instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from documents.services import ensure_default_collection
from ingestion import services
from ingestion.forms import UploadForm, UrlForm
from ingestion.store import ReceivingHandler
from youworker.core.pages.base import FormPage, answer_redirect, answer_signed_out

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, HttpResponseBase


# The token is checked below, once the store receives the files: looking for it reads the form.
@method_decorator(csrf_exempt, "dispatch")
class UploadPage(FormPage[UploadForm]):
    """Takes files from somebody's computer."""

    form_class = UploadForm
    template_name = "ingestion/upload.html"
    write_limit = "FILE_UPLOAD"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Receive files as the API does, from signed-in people's forms of ours only."""
        if not request.user.is_authenticated:
            return answer_signed_out(request)
        receiving = ReceivingHandler(request)
        request.upload_handlers = [receiving]
        protected = csrf_protect(super().dispatch)
        try:
            answer: HttpResponseBase = protected(request, *args, **kwargs)
            return answer
        finally:
            receiving.discard()

    def get_form_kwargs(self) -> dict[str, Any]:
        """The form offers what its reader may fill; all files count, not only the last one."""
        known = super().get_form_kwargs() | {"actor": self.actor}
        if "files" in known:
            known["files"] = {"files": self.request.FILES.getlist("files")}
        return known

    def get_initial(self) -> dict[str, Any]:
        """The collection somebody comes from, else their own default one."""
        default = ensure_default_collection(self.actor)
        return {"collection": self.request.GET.get("collection") or default.pk}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The limits that the module keeps to."""
        return super().get_context_data(**services.upload_limits(), section="documents", **kwargs)

    def carry_out(self, form: UploadForm) -> HttpResponse:
        """Begin the run and show it."""
        run = services.start_upload(
            form.cleaned_data["files"],
            collection_id=form.cleaned_data["collection"].pk,
            tags=form.cleaned_data["tags"],
            actor=self.actor,
        )
        return answer_redirect(self.request, reverse("ingestion-run", args=[run.pk]))


class UrlPage(FormPage[UrlForm]):
    """Takes pages of web servers."""

    form_class = UrlForm
    template_name = "ingestion/add_web.html"
    write_limit = "FILE_UPLOAD"

    def get_form_kwargs(self) -> dict[str, Any]:
        """The form offers what its reader may fill."""
        return super().get_form_kwargs() | {"actor": self.actor}

    def get_initial(self) -> dict[str, Any]:
        """The collection somebody comes from, else their own default one."""
        default = ensure_default_collection(self.actor)
        return {"collection": self.request.GET.get("collection") or default.pk}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The part of the product it belongs to."""
        return super().get_context_data(section="documents", **kwargs)

    def carry_out(self, form: UrlForm) -> HttpResponse:
        """Begin the crawl and show it."""
        values = form.cleaned_data
        run = services.start_urls(
            [values["url"]],
            depth=values["depth"],
            max_pages=values["max_pages"],
            same_host=values["same_host"],
            collection_id=values["collection"].pk,
            tags=values["tags"],
            actor=self.actor,
        )
        return answer_redirect(self.request, reverse("ingestion-run", args=[run.pk]))
