"""Reading an OpenAPI document of a stranger: JSON or YAML, within bounds of size and depth."""

from __future__ import annotations

from typing import Any

import orjson
import yaml

# The largest published ones have 10 MB; of those nobody wants every operation as a tool.
LARGEST = 8 * 1024 * 1024
# YAML is read a hundred times slower than JSON.
LARGEST_YAML = 2 * 1024 * 1024
DEEPEST = 100
MOST_NODES = 500_000
VERSIONS = ("3.0", "3.1", "3.2")


class UnreadableDocument(Exception):
    """A document that is none, or that nobody should read; the message says why."""


def read_document(data: bytes) -> dict[str, Any]:
    """The document; raises `UnreadableDocument`."""
    if len(data) > LARGEST:
        raise UnreadableDocument(f"its document is larger than {LARGEST} bytes")
    value = Copy().of(parsed(data))
    version = value.get("openapi") if isinstance(value, dict) else None
    if not isinstance(value, dict) or (version is None and "swagger" not in value):
        raise UnreadableDocument("its document is not one of OpenAPI")
    if not isinstance(version, str) or not version.startswith(VERSIONS):
        raise UnreadableDocument("its document is not of OpenAPI 3.0 or later: convert it first")
    return value


def parsed(data: bytes) -> Any:
    """The value in JSON or YAML."""
    text = data.removeprefix(b"\xef\xbb\xbf").strip()
    if text.startswith(b"{"):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            # A mapping of YAML may begin so as well.
            if len(data) > LARGEST_YAML:
                raise UnreadableDocument("its document is not JSON") from error
    return parsed_yaml(data)


def parsed_yaml(data: bytes) -> Any:
    """The value in YAML, whose shape is looked at before anything is built."""
    if len(data) > LARGEST_YAML:
        raise UnreadableDocument(f"its document is YAML of more than {LARGEST_YAML} bytes")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        require_shape(yaml.parse(data, Loader=loader))
        return yaml.load(data, Loader=loader)  # noqa: S506 -- both loaders are safe ones
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        raise UnreadableDocument("its document is neither JSON nor YAML") from error


def require_shape(events: Any) -> None:
    """Raise `UnreadableDocument` for what is nested too deeply or has too many parts."""
    depth = 0
    for number, event in enumerate(events):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        if depth > DEEPEST:
            raise UnreadableDocument("its document is nested too deeply")
        if number > MOST_NODES:
            raise UnreadableDocument("its document has too many parts")


class Copy:
    """A copy of a value as JSON has it; each part counts as often as it is referred to."""

    def __init__(self) -> None:
        self.left = MOST_NODES

    def of(self, value: Any, depth: int = 0) -> Any:
        """The copy; raises `UnreadableDocument` when it would not end, or be too large."""
        self.left -= 1
        if self.left < 0:
            raise UnreadableDocument("its document has too many parts")
        if depth > DEEPEST:
            raise UnreadableDocument("its document is nested too deeply")
        match value:
            case dict():
                return {str(key): self.of(each, depth + 1) for key, each in value.items()}
            case list() | tuple() | set():
                return [self.of(each, depth + 1) for each in value]
            case None | bool() | int() | float() | str():
                return value
        # Dates of YAML.
        return str(value)
