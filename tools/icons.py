"""One file of all icons, from which a page takes each by its name."""

from __future__ import annotations

import re

SVG = "http://www.w3.org/2000/svg"
# Kept with each icon, so that a page says nothing but its name.
STROKE = (
    'fill="none" stroke="currentColor" stroke-width="2" '
    'stroke-linecap="round" stroke-linejoin="round"'
)
SHAPES = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def draw_sprite(names: list[str], content: dict[str, bytes]) -> bytes:
    """The icons of Lucide's package that are named, as symbols."""
    symbols = "".join(symbol(name, content) for name in sorted(names))
    return f'<svg xmlns="{SVG}">\n{symbols}</svg>\n'.encode()


def symbol(name: str, content: dict[str, bytes]) -> str:
    """One icon."""
    found = SHAPES.search(content[f"icons/{name}.svg"].decode())
    if found is None:
        raise SystemExit(f"the icon {name} has no shapes")
    shapes = " ".join(found[1].split()).replace("> <", "><").replace(" />", "/>")
    return f'<symbol id="{name}" viewBox="0 0 24 24" {STROKE}>{shapes}</symbol>\n'
