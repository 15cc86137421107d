"""What the handbook knows from the product itself: its settings, and what the doctor looks at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from youworker.appliance.health import checks
from youworker.appliance.health.remedies import remedy_for
from youworker.core.config import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from youworker.appliance.health.looking import Check
    from youworker.core.config import Setting

# What Markdown would read as a mark.
SIGNS = re.compile(r"[\\`*_\[\]<>|~]")
ABBREVIATED = {"api", "llm", "mcp"}
SLASH_BAR = "\\|"


def settings_table() -> str:
    """Every setting in Markdown: a chapter for each group, a row for each variable."""
    return "\n\n".join(
        f"## {title(name)}\n\n{section.__doc__}\n\n{table(section.settings())}"
        for name, section in SECTIONS.items()
    )


def doctor_table() -> str:
    """The parts the doctor looks at, in Markdown, and what helps when one fails."""
    rows = [
        f"| `{name}` | {in_cell(about_check(check))} | {in_cell(remedy_for(name))} |"
        for name, check in {**checks.READY, **checks.DETAILED}.items()
    ]
    return "\n".join(["| Part | Is well when | When it fails |", "|---|---|---|", *rows])


def about_check(check: Check) -> str:
    """What is so while a part is well."""
    return (check.__doc__ or "").partition(".")[0]


def title(name: str) -> str:
    """The name of a group as a heading."""
    return name.upper() if name in ABBREVIATED else name.replace("_", " ").capitalize()


def table(declared: Iterable[tuple[object, Setting]]) -> str:
    """The rows of a group."""
    rows = [
        f"| `{each.name}` | {shown(getattr(field, 'default', ''))} | {about(each)} |"
        for field, each in declared
    ]
    return "\n".join(["| Variable | Default | Meaning |", "|---|---|---|", *rows])


def shown(default: object) -> str:
    """A default as it is written into `.env`."""
    text = ",".join(default) if isinstance(default, tuple) else str(default)
    # Within code a table's cell knows one escape only.
    return f"`{text.replace('|', SLASH_BAR)}`" if text else ""


def about(setting: Setting) -> str:
    """What a setting does, and which values it takes."""
    limits = setting.allowed if setting.choices or setting.low is not None else ""
    return in_cell(f"{setting.help} ({limits})" if limits else setting.help)


def in_cell(text: str) -> str:
    """Text that says in a cell of a table what it says here."""
    return SIGNS.sub(r"\\\g<0>", text)
