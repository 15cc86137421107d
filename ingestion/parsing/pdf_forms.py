"""What people filled into the form of a PDF, which is no text of its pages."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, Any

from ingestion.parsing.office.elements import Walk
from ingestion.parsing.office.word_fields import EMPTY, TICKED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.parsing.office.elements import Attributes

# More fields than any form has; a small file could name the same ones on every page.
MOST_FIELDS = 10_000
LONGEST_WAY = 20
PASSWORD, RADIO, BUTTON = 1 << 13, 1 << 15, 1 << 16


def filled_in(data: bytes) -> dict[int, str]:
    """The filled-in fields of each page, counted from 0: a line for each, `name: value`.

    A form that is damaged has none: the text of the file can be read all the same.
    """
    from pypdf import PdfReader  # noqa: PLC0415 -- only files that may hold a form pay for it

    if b"/AcroForm" not in data and b"/ObjStm" not in data:
        return {}
    # What it says about damage quotes the file.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        form = resolved(reader.root_object.get("/AcroForm"))
        if form is None:
            return {}
        found = dict(lines_by_page(reader))
        return found or {0: "\n".join(data_lines(resolved(form.get("/XFA"))))}
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- the library meets damage in many ways
        return {}


def lines_by_page(reader: Any) -> Iterator[tuple[int, str]]:
    """The lines of each page that has any."""
    left = MOST_FIELDS
    for number, page in enumerate(reader.pages):
        widgets = resolved(page.get("/Annots")) or []
        lines = [line_of(resolved(widget)) for widget in widgets[:left]]
        left -= len(lines)
        if shown := "\n".join(dict.fromkeys(filter(None, lines))):
            yield number, shown
        if left <= 0:
            return


def data_lines(packets: Any) -> list[str]:
    """What was filled into a form that is drawn by a program (XFA), from its data alone."""
    if not isinstance(packets, list) or "datasets" not in packets[::2]:
        return []
    stream = resolved(packets[packets[::2].index("datasets") * 2 + 1])
    leaves = Leaves()
    leaves.through(io.BytesIO(stream.get_data()))
    return leaves.lines


class Leaves(Walk):
    """The elements that hold text and no others, a line for each."""

    def __init__(self) -> None:
        super().__init__({}, text=self.take)
        self.lines: list[str] = []
        self.pieces: list[str] = []
        self.is_leaf = False

    def start(self, tag: str, attributes: Attributes) -> None:
        """An element begins."""
        self.pieces, self.is_leaf = [], True

    def end(self, tag: str) -> None:
        """An element ends; the one around it is no leaf."""
        text = " ".join("".join(self.pieces).split())
        if self.is_leaf and text and len(self.lines) < MOST_FIELDS:
            self.lines.append(f"{tag.rpartition(' ')[2]}: {text}")
        self.pieces, self.is_leaf = [], False

    def take(self, text: str) -> None:
        """Keep characters."""
        self.pieces.append(text)


def line_of(widget: Any) -> str:
    """What a field says; nothing when it is empty, secret or no field."""
    if not isinstance(widget, dict) or widget.get("/Subtype") != "/Widget":
        return ""
    kind, flags = inherited(widget, "/FT"), inherited(widget, "/Ff") or 0
    name, value = name_of(widget), inherited(widget, "/V")
    if kind == "/Btn":
        return "" if flags & BUTTON else button(widget, name, is_radio=bool(flags & RADIO))
    if kind == "/Tx" and flags & PASSWORD:
        return ""
    if kind == "/Ch":
        value = chosen(value, resolved(inherited(widget, "/Opt")))
    shown = " ".join(as_text(value).split()) if kind in {"/Tx", "/Ch"} else ""
    return f"{name}: {shown}" if shown and name else shown


def button(widget: Any, name: str, *, is_radio: bool) -> str:
    """A box with its tick, or what was chosen among several."""
    state = str(widget.get("/AS") or inherited(widget, "/V") or "/Off").lstrip("/")
    if is_radio:
        return f"{name}: {state}" if state != "Off" else ""
    return f"{EMPTY if state == 'Off' else TICKED} {name}"


def chosen(value: Any, options: Any) -> str:
    """The entries that were chosen, as people see them."""
    shown = {}
    for option in options or []:
        pair = resolved(option)
        if isinstance(pair, list) and len(pair) > 1:
            shown[as_text(pair[0])] = as_text(pair[1])
    values = value if isinstance(value, list) else [value]
    texts = [as_text(one) for one in values]
    return ", ".join(shown.get(text, text) for text in texts if text)


def name_of(widget: Any) -> str:
    """What people are told to fill in, or the name of the field and those it belongs to."""
    if label := as_text(inherited(widget, "/TU")):
        return " ".join(label.split())
    names = [as_text(part.get("/T")) for part in ancestry(widget)]
    return ".".join(name for name in reversed(names) if name)


def inherited(widget: Any, key: str) -> Any:
    """A property of a field, its own or that of a field it belongs to."""
    return next((resolved(part[key]) for part in ancestry(widget) if key in part), None)


def ancestry(widget: Any) -> Iterator[Any]:
    """A field and those it belongs to."""
    for _ in range(LONGEST_WAY):
        if not isinstance(widget, dict):
            return
        yield widget
        widget = resolved(widget.get("/Parent"))


def resolved(value: Any) -> Any:
    """What a reference leads to."""
    return value.get_object() if hasattr(value, "get_object") else value


def as_text(value: Any) -> str:
    """A text of a PDF, which may be a stream."""
    if value is None:
        return ""
    if hasattr(value, "get_data"):
        return str(value.get_data().decode("utf-8", "replace"))
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
