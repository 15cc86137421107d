"""Our own addresses that others are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from youworker.core.network import absolute_url

if TYPE_CHECKING:
    from django.http import HttpRequest


def callback_url(request: HttpRequest) -> str:
    """Where authorization servers send people back to, letter by letter."""
    return absolute_url(request, reverse("tools-callback"))
