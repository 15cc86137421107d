"""Files that are attached to a PDF: of portfolios, of electronic invoices, beside its pages."""

from __future__ import annotations

import io
import itertools
import logging
from typing import TYPE_CHECKING, Any

from ingestion.parsing import kinds
from ingestion.parsing.pdf import read_pdf
from ingestion.parsing.pdf_forms import as_text, resolved
from ingestion.parsing.sentences import attachment_refused
from ingestion.parsing.types import Extract, ParseFailed
from ingestion.parsing.unpacking import DAMAGED, TOO_MUCH, tidy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.parsing.unpacking import Unpacking

# Nodes of the tree of names that are looked at, however it is knotted.
MOST_NODES = 10_000
FILE_NAMES = ("/UF", "/F")


@kinds.unpacks(kinds.PDF)
def unpack_pdf(data: bytes, name: str, into: Unpacking) -> Extract:
    """A PDF; what is attached to it comes out. One without a text of its own is a mere cover."""
    notes = hand_out(data, into)
    try:
        found = read_pdf(data, kinds.PDF.mime)
    except ParseFailed as error:
        if error.code != "no_text" or not any(not one.code for one in into.members):
            raise
        return Extract("", notes=notes)
    found.notes = [*found.notes, *notes]
    return found


def hand_out(data: bytes, into: Unpacking) -> list[str]:
    """Let attached files come out; sentences about those that do not."""
    # Both stand in the open, also when the rest is packed or encrypted.
    if not any(mark in data for mark in (b"/EmbeddedFile", b"/FileAttachment", b"/ObjStm")):
        return []
    notes: list[str] = []
    into.packed = len(data)
    try:
        for specification in specifications_of(data):
            try:
                add_file(specification, into)
            except ParseFailed as error:
                notes.append(attachment_refused(name_of(specification), error.detail))
                break
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- the library meets damage in many ways, and the text is read
        return notes
    return notes


def add_file(specification: Any, into: Unpacking) -> None:
    """Let one file come out; raises `ParseFailed` when all of them are too much."""
    from pypdf.errors import LimitReachedError, PyPdfError  # noqa: PLC0415 -- see below

    streams: Any = resolved(specification.get("/EF")) or {}
    reference = next((streams.raw_get(key) for key in FILE_NAMES if key in streams), None)
    if reference is None:
        # A mere link to a file elsewhere.
        return
    name = name_of(specification)
    try:
        stream = resolved(reference)
        content = stream.get_data()
    except LimitReachedError:
        into.refuse(name, TOO_MUCH)
    except (PyPdfError, ValueError, AttributeError):
        into.refuse(name, DAMAGED)
    else:
        mime = str(stream.get("/Subtype", "")).removeprefix("/")
        into.add(name, [content], mime=mime, attached=True)


def name_of(specification: Any) -> str:
    """What an attached file is called."""
    path = next(filter(None, (as_text(specification.get(key)) for key in FILE_NAMES)), "")
    return tidy(path.replace("\\", "/").rpartition("/")[2] or "attachment")


def specifications_of(data: bytes) -> Iterator[Any]:
    """What the file says of each attached file, first those of the whole, each once."""
    from pypdf import PdfReader  # noqa: PLC0415 -- only files that may hold attachments pay for it

    # What it says about damage quotes the file.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    reader = PdfReader(io.BytesIO(data), strict=False)
    seen: set[int] = set()
    names = resolved(reader.root_object.get("/Names")) or {}
    beside = of_pages(reader) if b"/FileAttachment" in data or b"/EmbeddedFile" in data else []
    for one in itertools.chain(of_tree(names.get("/EmbeddedFiles")), beside):
        specification = resolved(one)
        if isinstance(specification, dict) and id(specification) not in seen:
            seen.add(id(specification))
            yield specification


def of_tree(root: Any) -> Iterator[Any]:
    """The values of a tree of names."""
    nodes = [root]
    for _ in range(MOST_NODES):
        if not nodes:
            return
        node = resolved(nodes.pop())
        if isinstance(node, dict):
            yield from (resolved(node.get("/Names")) or [])[1::2]
            nodes.extend(reversed(resolved(node.get("/Kids")) or []))


def of_pages(reader: Any) -> Iterator[Any]:
    """What hangs at pins on pages."""
    for page in reader.pages:
        for one in resolved(page.get("/Annots")) or []:
            annotation = resolved(one)
            if isinstance(annotation, dict) and annotation.get("/Subtype") == "/FileAttachment":
                yield annotation.get("/FS")
