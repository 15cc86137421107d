"""What people call the formats of files, for filters and lists."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

OFFICE = "application/vnd.openxmlformats-officedocument."
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."


class FileKind(models.TextChoices):
    """Formats that serve the same purpose."""

    PDF = "pdf", _("PDF")
    TEXT_DOCUMENT = "document", _("Text document")
    SPREADSHEET = "spreadsheet", _("Spreadsheet")
    PRESENTATION = "presentation", _("Presentation")
    MAIL = "mail", _("E-mail")
    WEB_PAGE = "page", _("Web page")
    IMAGE = "image", _("Image")
    RECORDING = "recording", _("Recording")
    PLAIN_TEXT = "text", _("Plain text or data")


# How the types of each kind begin; the first kind that fits is meant.
BEGINNINGS: dict[str, tuple[str, ...]] = {
    FileKind.PDF: ("application/pdf",),
    FileKind.TEXT_DOCUMENT: (
        f"{OFFICE}wordprocessingml",
        f"{OPEN_DOCUMENT}text",
        "application/msword",
        "application/rtf",
        "application/epub",
    ),
    FileKind.SPREADSHEET: (
        f"{OFFICE}spreadsheetml",
        f"{OPEN_DOCUMENT}spreadsheet",
        "application/vnd.ms-excel",
        "application/xml-spreadsheet",
        "text/csv",
        "text/tab-separated-values",
    ),
    FileKind.PRESENTATION: (
        f"{OFFICE}presentationml",
        f"{OPEN_DOCUMENT}presentation",
        "application/vnd.ms-powerpoint",
    ),
    FileKind.MAIL: (
        "message/",
        "application/mbox",
        "application/vnd.ms-outlook",
        "application/vnd.ms-tnef",
    ),
    FileKind.WEB_PAGE: ("text/html", "application/xhtml", "multipart/related"),
    FileKind.IMAGE: ("image/",),
    FileKind.RECORDING: ("audio/", "video/"),
    FileKind.PLAIN_TEXT: ("text/", "application/"),
}


def kind_of(mime: str) -> FileKind | None:
    """What people call a file of this type; none for what has no name."""
    for kind, beginnings in BEGINNINGS.items():
        if mime.startswith(beginnings):
            return FileKind(kind)
    return None


def kind_rule(kind: str) -> Q:
    """The condition under which a document's type is of a kind."""
    earlier = list(BEGINNINGS)[: list(BEGINNINGS).index(kind)]
    return any_beginning(BEGINNINGS[kind]) & ~any_beginning(
        tuple(text for other in earlier for text in BEGINNINGS[other])
    )


def any_beginning(beginnings: tuple[str, ...]) -> Q:
    """The condition that a type begins with one of these; nothing does for none."""
    rule = Q(pk__in=[])
    for text in beginnings:
        rule |= Q(mime__startswith=text)
    return rule
