"""The OpenAPI document as it is served: made once per process, not for every caller."""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpResponse
from django.utils import translation
from django.utils.encoding import force_bytes
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView

if TYPE_CHECKING:
    from collections.abc import Callable

    from rest_framework.renderers import BaseRenderer
    from rest_framework.request import Request


class SchemaView(SpectacularAPIView):
    """The document of this API; everybody gets the same, in YAML or JSON."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: object, **kwargs: object) -> HttpResponse:
        asked = request.GET.get("lang", "")
        language = asked if asked in dict(settings.LANGUAGES) else translation.get_language()
        renderer = request.accepted_renderer
        form: Callable[[], BaseRenderer] = type(renderer)
        kind = renderer.media_type
        if renderer.charset:
            kind = f"{kind}; charset={renderer.charset}"
        name = self._get_filename(request, None)  # type: ignore[no-untyped-call]
        return HttpResponse(
            find_document(form, language),
            content_type=kind,
            headers={"Content-Disposition": f'inline; filename="{name}"'},
        )


# Whoever comes while it is made waits for it, instead of making it as well.
making = threading.Lock()


def find_document(form: Callable[[], BaseRenderer], language: str) -> bytes:
    """The whole document in one format, made when it is first asked for.

    Who leaves before it is ready has it made for those who come later.
    """
    with making:
        return write_document(form, language)


@cache
def write_document(form: Callable[[], BaseRenderer], language: str) -> bytes:
    """The whole document in one format; takes a second of CPU, and never changes."""
    with translation.override(language):
        # It is public and says nothing about whoever asks, so no request has a part in it.
        document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
        return force_bytes(form().render(document))
