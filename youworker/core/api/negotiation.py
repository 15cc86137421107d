"""How the format of an answer is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.negotiation import DefaultContentNegotiation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rest_framework.renderers import BaseRenderer
    from rest_framework.request import Request


class WhateverIsAccepted(DefaultContentNegotiation):
    """For views that answer event streams: their refusals are JSON, whatever is accepted.

    Browsers accept `text/event-stream` alone when they open one.
    """

    def select_renderer(
        self,
        request: Request,
        renderers: Sequence[BaseRenderer],  # type: ignore[override]
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """The first format of the view."""
        return renderers[0], renderers[0].media_type or ""
