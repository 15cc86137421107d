"""The API's pages by Redoc, without what the package would fetch from elsewhere."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.cache import cache_control
from drf_spectacular.views import SpectacularRedocView

if TYPE_CHECKING:
    from django.http import HttpRequest

BUNDLE = "drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js"
# A picture in a corner; without one Redoc shows none.
LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"


class RedocView(SpectacularRedocView):
    """The page; its template differs from the package's by having no letters from elsewhere."""

    template_name = "youworker/redoc.html"

    @staticmethod
    def _redoc_standalone() -> str:
        return reverse("redoc-script")


@cache_control(public=True, max_age=3600)
def serve_script(request: HttpRequest) -> HttpResponse:
    """Redoc itself."""
    return HttpResponse(read_bundle(), content_type="text/javascript")


@cache
def read_bundle() -> bytes:
    """The package's program, without the logo."""
    found = finders.find(BUNDLE)
    return Path(str(found)).read_bytes().replace(LOGO, b"data:,")
