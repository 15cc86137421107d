"""Runs as server-sent events."""

from __future__ import annotations

from contextlib import aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from django.http import StreamingHttpResponse
from rest_framework.exceptions import ValidationError

from chat.runs.stream import conditions_of, view_run
from youworker.core.realtime.revocation import Revoked, until_revoked

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from uuid import UUID

    from rest_framework.request import Request

    from accounts.types import AccessGrant

KEEPALIVE = b": still here\n\n"
LARGEST_SEQ = 10**15


def event_stream(
    run_id: UUID, session_id: UUID, grant: AccessGrant, *, after: int = 0
) -> StreamingHttpResponse:
    """The response that streams a run; closing it, or losing access, leaves the run alone."""
    frames = stream_frames(run_id, session_id, grant, after)
    response = StreamingHttpResponse(frames, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    # Proxies gather what they pass on unless they are told otherwise.
    response["X-Accel-Buffering"] = "no"
    return response


async def stream_frames(
    run_id: UUID, session_id: UUID, grant: AccessGrant, after: int
) -> AsyncGenerator[bytes, None]:
    """The frames of a run; they end early, without `done`, when they may not be read any more."""
    yield KEEPALIVE
    with suppress(Revoked), until_revoked(*conditions_of(session_id, grant)) as revocable:
        async with aclosing(view_run(run_id, after=after)) as batches:
            following = partial(anext, batches, None)
            while (batch := await revocable.wait_for(following)) is not None:
                yield b"".join([event.as_sse() for event in batch]) or KEEPALIVE


def resume_point(request: Request) -> int:
    """The number after `?after=` or in `Last-Event-ID`; raises `ValidationError`."""
    text: Any = request.query_params.get("after") or request.headers.get("Last-Event-ID") or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_SEQ))):
        raise ValidationError({"after": ["This must be the number of an event."]})
    return int(text)
