"""Our own addresses that others are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from youworker.core.config import config

if TYPE_CHECKING:
    from django.http import HttpRequest


def callback_url(request: HttpRequest) -> str:
    """Where authorization servers send people back to, letter by letter."""
    url = request.build_absolute_uri(reverse("tools-callback"))
    # A proxy that says nothing of TLS does not change what browsers see.
    return url.replace("http://", "https://", 1) if config.security.https else url
