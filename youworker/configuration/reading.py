"""YAML that people wrote: read without its dangerous parts, and with the lines of everything."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from youworker.configuration.exceptions import InvalidConfiguration

if TYPE_CHECKING:
    from collections.abc import Iterable

Path = tuple[str | int, ...]

LARGEST_FILE = 16 * 1024 * 1024
DEEPEST = 12
MOST_PARTS = 200_000
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
OPENING = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
CLOSING = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
# YAML's own older rules would make `no` false, 12:30 a number and 2026-01-01 a date.
WHOLE_NUMBER = re.compile(r"[-+]?[0-9]{1,18}")
WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(slots=True)
class Written:
    """What a file says, and in which line each part of it stands."""

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)

    def where(self, path: Path) -> str:
        """A place for people: its line, and its keys."""
        named = ".".join(map(str, path))
        # What is missing has no line of its own.
        known = next(path[:end] for end in range(len(path), -1, -1) if path[:end] in self.lines)
        return f"line {self.lines[known]}{f': {named}' if named else ''}"


def read_written(data: bytes) -> Written:
    """Read a file; raises `InvalidConfiguration` for what is no plain YAML."""
    if len(data) > LARGEST_FILE:
        raise InvalidConfiguration([f"The file has more than {LARGEST_FILE:,} bytes."])
    try:
        # Before anything is built: nesting and repetition are what hurts.
        refuse_tricks(yaml.parse(data, Loader=LOADER))
        root = yaml.compose(data, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise InvalidConfiguration([f"line {line}: {error.problem or 'no YAML'}"]) from error
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InvalidConfiguration([f"The file is no YAML: {reason}"]) from error
    written = Written()
    written.lines[()] = 1
    written.value = None if root is None else take(root, (), written)
    return written


def refuse_tricks(events: Iterable[Any]) -> None:
    """Raise `InvalidConfiguration` for references, tags, several documents, depth and size."""
    depth = documents = 0
    for number, event in enumerate(events):
        depth += isinstance(event, OPENING) - isinstance(event, CLOSING)
        documents += isinstance(event, yaml.DocumentStartEvent)
        reason = ""
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            reason = "anchors and references are not allowed: write it out"
        elif is_tagged(event):
            reason = "tags are not allowed"
        elif documents > 1:
            reason = "there is more than one document"
        elif depth > DEEPEST:
            reason = "this is nested too deeply"
        elif number > MOST_PARTS:
            reason = "there are too many parts"
        if reason:
            raise InvalidConfiguration([f"line {event.start_mark.line + 1}: {reason}"])


def is_tagged(event: Any) -> bool:
    """Whether somebody wrote which type a value has; `!` before a text is one, too."""
    return isinstance(event, (*OPENING, yaml.ScalarEvent)) and event.tag is not None


def take(node: yaml.Node, path: Path, written: Written) -> Any:
    """The value of a node, whose depth is known to be small; notes the lines of its parts."""
    written.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return take_mapping(node, path, written)
    if isinstance(node, yaml.SequenceNode):
        return [take(part, (*path, number), written) for number, part in enumerate(node.value)]
    return take_scalar(node)


def take_mapping(node: yaml.MappingNode, path: Path, written: Written) -> dict[str, Any]:
    """A mapping, each of whose keys is a text that stands there once."""
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise InvalidConfiguration([f"line {line}: a key has to be a text"])
        key = checked_text(key_node)
        if key in found:
            first = written.lines[*path, key]
            raise InvalidConfiguration([f"line {line}: {key!r} stands in line {first} already"])
        written.lines[*path, key] = line
        found[key] = take(value_node, (*path, key), written)
    return found


def take_scalar(node: yaml.Node) -> Any:
    """A text, or what it means when it stands without quotes."""
    text = checked_text(node)
    if isinstance(node, yaml.ScalarNode) and node.style:
        return text
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    return int(text) if WHOLE_NUMBER.fullmatch(text) else text


def checked_text(node: yaml.Node) -> str:
    """A text without what the database refuses."""
    text = str(node.value)
    if UNWRITABLE.search(text):
        line = node.start_mark.line + 1
        raise InvalidConfiguration([f"line {line}: a text has a sign that nobody can see"])
    return text
