"""Pages that stand in a frame of ours, with a policy of their own and no way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe
@xframe_options_sameorigin
def show_diagram_frame(request: HttpRequest) -> HttpResponse:
    """Where one diagram is drawn; what it is comes by message, and there is nothing to reach."""
    answer = render(request, "youworker/frame_diagram.html")
    # In a sandbox 'self' is nobody, so our origin is named. The library writes style elements.
    answer["Content-Security-Policy"] = (
        f"default-src 'none'; script-src {request.scheme}://{request.get_host()}/static/; "
        "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox allow-scripts"
    )
    return answer
