"""Tool results on their way to a model: text out of content blocks, within a size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from mcp.calls import ToolOutcome
from youworker.core.storable import storable_json, storable_text

if TYPE_CHECKING:
    from collections.abc import Iterable


def outcome_of(
    blocks: Iterable[dict[str, Any]], structured: Any, *, is_error: bool, limit: int
) -> ToolOutcome:
    """The answer as text and data that can be stored, neither larger than `limit` bytes."""
    data = storable_json(structured)
    encoded = b"" if data is None else orjson.dumps(data)
    text = storable_text("\n".join(filter(None, map(text_of, blocks))))
    if not text and data is not None:
        text = encoded.decode()
    kept = data if len(encoded) <= limit else None
    return ToolOutcome(cut(text, limit=limit), kept, is_error=is_error)


def text_of(block: dict[str, Any]) -> str:
    """One content block in words; pictures and sounds are only named."""
    match block.get("type"):
        case "text":
            return str(block.get("text", ""))
        case "resource":
            resource = block.get("resource") or {}
            return str(resource.get("text") or f"[file {resource.get('uri', '')}]")
        case "resource_link":
            return f"[{block.get('name', 'file')}: {block.get('uri', '')}]"
        case kind:
            return f"[{kind} {block.get('mimeType', '')}]"


def cut(text: str, *, limit: int) -> str:
    """`text` when it has at most `limit` bytes, else its beginning and a note."""
    raw = text.encode()
    if len(raw) <= limit:
        return text
    shown = raw[:limit].decode(errors="ignore")
    return f"{shown}\n[The result was cut: {limit} of {len(raw)} bytes are shown.]"
