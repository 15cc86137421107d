"""Comments at the cells of an Excel sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.parsing.office.elements import Walk, unescaped

if TYPE_CHECKING:
    from ingestion.parsing.office.elements import Attributes
    from ingestion.parsing.office.package import Package

SKIPPED = frozenset({"s:rPh", "s:phoneticPr", "s:authors"})


def read_comments(package: Package, part: str) -> list[str]:
    """The comments of a part, each with its cell."""
    found: list[str] = []
    pieces: list[str] = []
    cell = ""
    is_text = False

    def start(attributes: Attributes) -> None:
        nonlocal cell
        cell = attributes.get("ref", "")
        pieces.clear()

    def listen(attributes: Attributes) -> None:
        nonlocal is_text
        is_text = True

    def ignore() -> None:
        nonlocal is_text
        is_text = False

    def keep() -> None:
        if text := " ".join(unescaped("".join(pieces)).split()):
            found.append(f"[Comment, {cell}: {text}]")

    if package.is_new(part):
        Walk(
            {"s:comment": start, "s:t": listen},
            {"s:comment": keep, "s:t": ignore},
            lambda text: pieces.append(text) if is_text else None,
            skipped=SKIPPED,
        ).through(package.open(part))
    return found
