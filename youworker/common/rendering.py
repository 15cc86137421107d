"""JSON out, fast, with UTF-8 left as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer


class OrjsonRenderer(BaseRenderer):
    """Renders answers with orjson; ids and times come out as API.md wants them."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if data is None:
            return b""
        try:
            return orjson.dumps(data, default=plain, option=orjson.OPT_NON_STR_KEYS)
        except orjson.JSONEncodeError:
            # Half a surrogate pair that a caller sent and that a refusal repeats is no UTF-8.
            return json.dumps(data, default=plain).encode()


def plain(value: Any) -> Any:
    """What orjson does not know: lazy texts, error details and the like become text."""
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
