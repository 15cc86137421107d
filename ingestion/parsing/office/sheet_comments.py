"""Comments at the cells of an Excel sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.parsing.office.elements import Characters, Walk

if TYPE_CHECKING:
    from ingestion.parsing.office.elements import Attributes
    from ingestion.parsing.office.package import Package

SKIPPED = frozenset({"s:rPh", "s:phoneticPr", "s:authors"})


def read_comments(package: Package, part: str) -> list[str]:
    """The comments of a part, each with its cell."""
    found: list[str] = []
    characters = Characters("s:t")
    cell = ""

    def start(attributes: Attributes) -> None:
        nonlocal cell
        cell = attributes.get("ref", "")
        characters.pop()

    def keep() -> None:
        if text := " ".join(characters.pop().split()):
            found.append(f"[Comment, {cell}: {text}]")

    if package.is_new(part):
        Walk(
            {"s:comment": start, **characters.starts()},
            {"s:comment": keep, **characters.ends()},
            characters.take,
            skipped=SKIPPED,
        ).through(package.open(part))
    return found
