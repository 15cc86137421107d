"""What the handbook knows from the product itself: the table of all settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from youworker.core.config import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from youworker.core.config import Setting

# What Markdown would read as a mark.
SIGNS = re.compile(r"[\\`*_\[\]<>|~]")
SLASH_BAR = "\\|"


def settings_table() -> str:
    """Every setting in Markdown: a chapter for each group, a row for each variable."""
    return "\n\n".join(
        f"## {title(name)}\n\n{section.__doc__}\n\n{table(section.settings())}"
        for name, section in SECTIONS.items()
    )


def title(name: str) -> str:
    """The name of a group as a heading."""
    return name.replace("_", " ").capitalize()


def table(declared: Iterable[tuple[object, Setting]]) -> str:
    """The rows of a group."""
    rows = [
        f"| `{each.name}` | {shown(getattr(field, 'default', ''))} | {about(each)} |"
        for field, each in declared
    ]
    return "\n".join(["| Variable | Default | Meaning |", "|---|---|---|", *rows])


def shown(default: object) -> str:
    """A default as it is written into `.env`; a dash for nothing."""
    text = ",".join(default) if isinstance(default, tuple) else str(default)
    # Within code a table's cell knows one escape only.
    return f"`{text.replace('|', SLASH_BAR)}`" if text else "–"


def about(setting: Setting) -> str:
    """What a setting does, and which values it takes."""
    limits = setting.allowed if setting.choices or setting.low is not None else ""
    return in_cell(f"{setting.help} ({limits})" if limits else setting.help)


def in_cell(text: str) -> str:
    """Text that says in a cell of a table what it says here."""
    return SIGNS.sub(r"\\\g<0>", text)
