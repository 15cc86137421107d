"""Tool results on their way to a model: words out of whatever was answered, within a size."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import orjson
from django.utils.translation import gettext_noop

from mcp.calls import ToolFile, ToolOutcome
from youworker.core.storable import storable_json, storable_text
from youworker.core.words import Sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

NO_WORDS = "The tool answered without any content."
NO_REASON = gettext_noop("The tool failed and did not say why.")
# The code of an error that a server answered with.
TOOL_ERROR = "tool_error"
# Words of the protocol around a result.
ENVELOPE = frozenset({"content", "structuredContent", "isError", "resultType", "_meta"})
# Of an address or a name in a note.
LONGEST_NOTE = 500
# Of one answer: more pictures than that are shown to no model at once.
MOST_FILES = 8
LONGEST_TYPE = 100
MIME = re.compile(r"[a-z]+/[a-z0-9.+-]+", re.I)


def read_result(
    answer: Mapping[str, Any], *, limit: int, hide: Callable[[dict[str, Any]], Any] = dict
) -> ToolOutcome:
    """The result of a call, whatever the server made of it, in at most `limit` bytes.

    `hide` gives it back without what nobody may read.
    """
    result = hide(storable_json(dict(answer)))
    data = result.get("structuredContent")
    if data is None and not result.get("content"):
        # Older servers answer with `toolResult`, and some with their data as it is.
        data = {word: value for word, value in result.items() if word not in ENVELOPE} or None
    blocks = blocks_in(result.get("content"))
    return outcome_of(blocks, data, is_error=is_true(result.get("isError")), limit=limit)


def outcome_of(
    blocks: Iterable[dict[str, Any]], structured: Any, *, is_error: bool, limit: int
) -> ToolOutcome:
    """The answer as text and data that can be stored, neither larger than `limit` bytes.

    There are always words: where a server gave no text its data is told, and else that it is so.
    """
    blocks, data = list(blocks), storable_json(structured)
    encoded = b"" if data is None else orjson.dumps(data)
    words = list(filter(None, map(text_of, blocks)))
    if data is not None and not any(map(words_of, blocks)):
        words.append(encoded.decode())
    text = storable_text("\n".join(words))
    kept = data if len(encoded) <= limit else None
    silence = NO_REASON if is_error else NO_WORDS
    return ToolOutcome(
        cut(text or silence, limit=limit),
        kept,
        is_error=is_error,
        files=tuple(files_in(blocks)),
        code=TOOL_ERROR if is_error else "",
        said=Sentence(NO_REASON) if is_error and not text else None,
    )


def is_true(value: Any) -> bool:
    """Whether a switch is on, also as text."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def blocks_in(content: Any) -> list[dict[str, Any]]:
    """The content as blocks; a single one may stand for itself, and plain text for a block."""
    given = content if isinstance(content, list) else [content]
    return [
        each if isinstance(each, dict) else {"type": "text", "text": each}
        for each in given
        if each is not None
    ]


def words_of(block: dict[str, Any]) -> str:
    """The text in a content block, blank text being none."""
    resource = block.get("resource")
    about = resource if isinstance(resource, dict) else block
    value = about.get("text")
    if value is None:
        return ""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if text.strip() else ""


def text_of(block: dict[str, Any]) -> str:
    """One content block in words; pictures, sounds and files are only named."""
    if text := words_of(block):
        resource = block.get("resource")
        # Whose words these are: a file's, and not the server's own.
        return f"{note('file', resource, 'uri')}\n{text}" if isinstance(resource, dict) else text
    match block.get("type"):
        case "text":
            return ""
        case "resource":
            resource = block.get("resource")
            about = resource if isinstance(resource, dict) else {}
            return note("file", about, "uri", "mimeType")
        case "resource_link":
            name = block.get("name")
            kind = f"{name}:" if isinstance(name, str) else "file:"
            return note(kind, block, "uri", "description")
        case kind:
            return note(kind if isinstance(kind, str) else "content", block, "name", "mimeType")


def files_in(blocks: Iterable[dict[str, Any]]) -> list[ToolFile]:
    """The first files in an answer, which are as large as the answer may be."""
    found = filter(None, map(file_of, blocks))
    return list(islice(found, MOST_FILES))


def file_of(block: dict[str, Any]) -> ToolFile | None:
    """The file in a content block; none where there is only text, or an address."""
    resource = block.get("resource")
    if isinstance(resource, dict):
        encoded, mime, name = resource.get("blob"), resource.get("mimeType"), name_in(resource)
    elif block.get("type") in {"image", "audio"}:
        encoded, mime, name = block.get("data"), block.get("mimeType"), ""
    else:
        return None
    if not isinstance(encoded, str) or not encoded:
        return None
    told = mime if isinstance(mime, str) and len(mime) <= LONGEST_TYPE else ""
    return ToolFile(name, told.lower() if MIME.fullmatch(told) else "", encoded)


def name_in(resource: Mapping[str, Any]) -> str:
    """What a resource is called: the end of its address."""
    uri = resource.get("uri")
    try:
        path = urlsplit(uri).path if isinstance(uri, str) else ""
    except ValueError:
        return ""
    return unquote(path).rstrip("/").rpartition("/")[2][:LONGEST_NOTE]


def note(kind: str, about: Mapping[str, Any], *words: str) -> str:
    """What is known of something that is no text."""
    told = [about[word] for word in words if isinstance(about.get(word), str)]
    return f"[{' '.join(filter(None, (kind, *told)))[:LONGEST_NOTE]}]"


def cut(text: str, *, limit: int) -> str:
    """`text` when it has at most `limit` bytes, else its beginning and a note."""
    raw = text.encode()
    if len(raw) <= limit:
        return text
    shown = raw[:limit].decode(errors="ignore")
    return f"{shown}\n[The result was cut: {limit} of {len(raw)} bytes are shown.]"
