"""The framing of an answer: server-sent events in every dialect, lines of JSON, one document."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import orjson

from chat.agent.exceptions import AnswerTooLarge
from chat.agent.sentences import PIECE_TOO_LONG
from chat.llm.openai.json_reading import UnreadableJson, read_leniently

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
END_MARK = b"[DONE]"
# Of a page of somebody in between, more than this is not needed to tell what it says.
LONGEST_PAGE = 65_536


class ErrorDocument(dict[str, Any]):
    """A document that is an error because its frame says so, whatever stands in it."""


class EventStream:
    """Cuts the bytes of one answer into documents; lives for one attempt.

    What the head of the answer says about its kind is not believed: servers name streams JSON,
    and documents streams.
    """

    def __init__(self, longest_line: int) -> None:
        self.longest_line = longest_line
        # Of an incomplete line; growing `bytes` would be copied with every piece.
        self.rest = bytearray()
        self.is_first = True
        self.ended_with_return = False
        # Lines of an event that are no document by themselves, and what the event is called.
        self.parts: list[bytes] = []
        self.name = b""
        self.held = 0
        # Lines without the name of a field: of a document over several lines, or of a page.
        self.loose = bytearray()
        # The end mark was seen.
        self.is_over = False
        # Something was no strict JSON, so that strings may hold half characters.
        self.is_odd = False

    def feed(self, block: bytes) -> Iterator[dict[str, Any]]:
        """The documents that a block completes; raises `AnswerTooLarge`."""
        for line in self.lines(block):
            if line.startswith(b"data:") and not self.parts and not self.name:
                data = line[5:]
                try:
                    document = orjson.loads(data)
                except orjson.JSONDecodeError:
                    self.is_odd = True
                    yield from self.take_data(data)
                else:
                    if type(document) is dict:
                        yield document
                    else:
                        yield from framed(document)
            elif line or self.parts or self.name:
                yield from self.take_line(line)
        if len(self.rest) + self.held > self.longest_line:
            raise self.too_long()

    def end(self) -> Iterator[dict[str, Any]]:
        """What stood in the last line and the last event, though neither was ended."""
        yield from self.feed(b"\n\n")
        if self.loose:
            try:
                yield from framed(self.read_json(bytes(self.loose)))
            except UnreadableJson:
                return
            self.loose.clear()

    def read_json(self, data: bytes) -> Any:
        """The value of a text, read kindly; raises `UnreadableJson`."""
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            self.is_odd = True
            return read_leniently(data)

    def lines(self, block: bytes) -> list[bytes]:
        """The lines that a block completes; the rest of it is kept."""
        if self.ended_with_return and block.startswith(b"\n"):
            block = block[1:]
        if b"\r" in block:
            self.ended_with_return = block.endswith(b"\r")
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        elif block:
            self.ended_with_return = False
        lines = block.split(b"\n")
        last = lines.pop()
        if lines and self.rest:
            lines[0] = bytes(self.rest) + lines[0]
            self.rest.clear()
        self.rest += last
        if self.is_first and lines:
            self.is_first = False
            lines[0] = lines[0].removeprefix(BYTE_ORDER_MARK)
        return lines

    def take_line(self, line: bytes) -> Iterator[dict[str, Any]]:
        """Read a line that is not simply one document of a nameless event."""
        field, colon, value = line.partition(b":")
        if not line:
            yield from self.dispatch()
        elif field.strip() == b"data" and colon:
            yield from self.take_data(value)
        elif field == b"event":
            self.name = value.strip().lower()
        elif field == b"error" and colon:
            # llama.cpp wrote its errors as a field of their own.
            yield from self.error_of(value)
        elif field and field not in {b"id", b"retry", b"data"}:
            yield from self.take_loose(line)

    def take_data(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Read a line of data of an event that may have several."""
        stripped = data.strip()
        if stripped == END_MARK:
            yield from self.dispatch()
            self.is_over = True
            return
        if self.name == b"error":
            yield from self.error_of(data)
            return
        try:
            document = self.read_json(stripped) if stripped else None
        except UnreadableJson:
            document = None
        if isinstance(document, dict) and (not self.parts or "choices" in document):
            # Whatever was before it was no part of a document: servers forget blank lines.
            self.forget_parts()
            yield document
        elif stripped:
            self.parts.append(data)
            self.held += len(data) + 1
            if self.held > self.longest_line:
                raise self.too_long()

    def dispatch(self) -> Iterator[dict[str, Any]]:
        """Read the event that has ended, if its lines are a document together."""
        parts, self.name = self.parts, b""
        if not parts:
            return
        self.forget_parts()
        try:
            yield from framed(read_leniently(b"\n".join(parts)))
        except UnreadableJson:
            logger.debug("Skipped an unreadable event of a model server")

    def forget_parts(self) -> None:
        """Begin another event."""
        self.parts, self.held = [], 0

    def error_of(self, data: bytes) -> Iterator[dict[str, Any]]:
        """The error that a frame announces, as a document."""
        try:
            document = self.read_json(data.strip())
        except UnreadableJson:
            document = data.decode("utf-8", "replace").strip()
        if isinstance(document, dict):
            yield ErrorDocument(document)
        else:
            yield ErrorDocument(error=document)

    def take_loose(self, line: bytes) -> Iterator[dict[str, Any]]:
        """Read a line that stands in no event: a document of its own, or a piece of something."""
        if line.strip() == END_MARK:
            self.is_over = True
            return
        is_document = begins_document(line)
        if is_document and not begins_document(self.loose):
            try:
                document = self.read_json(line)
            except UnreadableJson:
                # It goes on in the next line; what was before it was no part of it.
                self.loose.clear()
            else:
                yield from framed(document)
                return
        is_document = is_document or begins_document(self.loose)
        if is_document and len(self.loose) > self.longest_line:
            raise self.too_long()
        if is_document or len(self.loose) < LONGEST_PAGE:
            self.loose += line + b"\n"

    def too_long(self) -> AnswerTooLarge:
        """The refusal to keep more of something incomplete."""
        return AnswerTooLarge(PIECE_TOO_LONG.format(bytes=self.longest_line))


def begins_document(line: bytes | bytearray) -> bool:
    """Whether what begins like this may be JSON."""
    return line[:64].lstrip()[:1] in (b"{", b"[")


def framed(value: Any) -> Iterator[dict[str, Any]]:
    """The document that a value is; Google's servers put errors into a list."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = value[0]
    if isinstance(value, dict):
        yield value
