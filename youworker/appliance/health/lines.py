"""What an examination found, in lines for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from youworker.appliance.health.looking import Outcome

MEGABYTE = 1024 * 1024
INDENT = " " * 8


def part_lines(parts: Mapping[str, Outcome]) -> Iterator[str]:
    """A line for each part, and one below it that says what helps."""
    for name, part in parts.items():
        told = part.get("detail", "")
        yield f"{word_for(part):<7} {name}{': ' if told else ''}{told}"
        yield from map(file_line, part.get("files", []))
        if part.get("remedy"):
            yield f"{INDENT}{part['remedy']}"


def word_for(part: Outcome) -> str:
    """One word for how a part does."""
    return "warn" if part["status"] == "ok" and part["warning"] else str(part["status"])


def file_line(file: dict[str, Any]) -> str:
    """How a model file does, and what memory it takes."""
    said = file["reason"] or f"{file['context_tokens']} tokens"
    memory = f"{file['memory_bytes'] // MEGABYTE} MB"
    return f"{INDENT}{file['model']}  {file['status']}, {memory}: {said}"
