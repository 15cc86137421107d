"""What a page looks like, and whether everybody can use it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = Path(__file__).parent / "axe" / "axe.min.js"
# Through the debugger's protocol, which no content policy holds up.
RUN_AXE = """
() => axe.run(document, {resultTypes: ["violations"], iframes: false}).then((found) =>
  found.violations.map(({id, impact, help, nodes}) => ({id, impact, help,
    nodes: nodes.slice(0, 5).map(({target, html}) => `${target.join(" ")}  ${html.slice(0, 200)}`)
  })))
"""
GRAVE = ("serious", "critical")
SIZES = ((1280, 800), (768, 1024), (360, 740))
NARROW = 320
THEMES = ("light", "dark")


def check_accessibility(page: Page) -> None:
    """Fail with what axe calls serious or critical on the page as it is now."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE.read_text())
    grave = [row for row in page.evaluate(RUN_AXE) if row["impact"] in GRAVE]
    assert not grave, "\n".join(described(row) for row in grave)


def described(row: dict[str, Any]) -> str:
    """A violation with the first elements it is about."""
    lines = [f"{row['impact']}: {row['id']}: {row['help']}", *row["nodes"]]
    return "\n    ".join(lines)


def check_width(page: Page, width: int = NARROW) -> None:
    """Fail when the page has to be scrolled sideways on a narrow screen."""
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": 640})
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    if before:
        page.set_viewport_size(before)
    assert wide <= width, f"{page.url} is {wide} pixels wide on a screen of {width}"


def take_screenshots(page: Page, name: str) -> list[Path]:
    """Keep the page in three widths and both themes in the folder `SCREENSHOTS`, if it is set."""
    if not (folder := os.environ.get("SCREENSHOTS")):
        return []
    taken, before = [], page.viewport_size
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            taken.append(Path(folder) / f"{name}-{width}-{theme}.png")
            page.screenshot(path=taken[-1], full_page=True)
    page.emulate_media(color_scheme="null")
    if before:
        page.set_viewport_size(before)
    return taken
