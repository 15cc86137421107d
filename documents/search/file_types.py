"""What people write behind `type:`, and which files they mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from documents.kinds import OFFICE, OPEN_DOCUMENT, FileKind, any_beginning, kind_rule

if TYPE_CHECKING:
    from django.db.models import Q

# Words for what serves one purpose, in the languages of the product.
KINDS: dict[str, FileKind] = {
    **{kind.value: kind for kind in FileKind},
    **dict.fromkeys(("word", "documento"), FileKind.TEXT_DOCUMENT),
    **dict.fromkeys(("excel", "sheet", "foglio"), FileKind.SPREADSHEET),
    **dict.fromkeys(("powerpoint", "slides", "presentazione"), FileKind.PRESENTATION),
    **dict.fromkeys(("email", "e-mail", "outlook", "posta"), FileKind.MAIL),
    **dict.fromkeys(("web", "webpage", "html", "htm", "pagina"), FileKind.WEB_PAGE),
    "registrazione": FileKind.RECORDING,
    "testo": FileKind.PLAIN_TEXT,
}
# Endings of names, and kinds that have no name elsewhere: how the types of such files begin.
BEGINNINGS: dict[str, tuple[str, ...]] = {
    "docx": (f"{OFFICE}wordprocessingml",),
    "doc": ("application/msword",),
    "odt": (f"{OPEN_DOCUMENT}text",),
    "rtf": ("application/rtf", "text/rtf"),
    "epub": ("application/epub",),
    "xlsx": (f"{OFFICE}spreadsheetml",),
    "xls": ("application/vnd.ms-excel", "application/xml-spreadsheet"),
    "xlsb": ("application/vnd.ms-excel.sheet.binary",),
    "ods": (f"{OPEN_DOCUMENT}spreadsheet",),
    "csv": ("text/csv",),
    "tsv": ("text/tab-separated-values",),
    "pptx": (f"{OFFICE}presentationml",),
    "ppt": ("application/vnd.ms-powerpoint",),
    "odp": (f"{OPEN_DOCUMENT}presentation",),
    "eml": ("message/",),
    "msg": ("application/vnd.ms-outlook",),
    "mhtml": ("multipart/related",),
    "mht": ("multipart/related",),
    "mbox": ("application/mbox",),
    "txt": ("text/plain",),
    "md": ("text/markdown",),
    "markdown": ("text/markdown",),
    "json": ("application/json",),
    "xml": ("application/xml", "text/xml"),
    "yaml": ("application/yaml",),
    "image": ("image/",),
    "picture": ("image/",),
    "immagine": ("image/",),
    "png": ("image/png",),
    "jpg": ("image/jpeg",),
    "jpeg": ("image/jpeg",),
    "tiff": ("image/tiff",),
    "audio": ("audio/",),
    "video": ("video/",),
    "archive": ("application/zip", "application/x-tar", "application/x-7z", "application/gzip"),
    "zip": ("application/zip",),
}
MIME = re.compile(r"[a-z]{2,20}/(?:\*|[a-z0-9][a-z0-9.+-]{0,100})?")


def known_type(text: str) -> bool:
    """Whether a text in lower case names a type of files, by a word or as MIME does."""
    return text in KINDS or text in BEGINNINGS or MIME.fullmatch(text) is not None


def type_rule(text: str) -> Q:
    """The condition that a document is of a known type; of MIME types, the beginning counts."""
    if text in KINDS:
        return kind_rule(KINDS[text])
    return any_beginning(BEGINNINGS.get(text) or (text.rstrip("*"),))
