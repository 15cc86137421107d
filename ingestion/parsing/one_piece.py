"""Files of Office and OpenDocument that are one piece of XML: what each of them is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingestion.parsing import kinds

if TYPE_CHECKING:
    from ingestion.parsing.kinds import Kind

# What Excel of 2003 and its imitators write first; a comment may stand between.
XML_SHEETS = re.compile(
    rb"\A\s*+<\?xml[^>]*+>[^\x00]{0,1000}?<(?:ss:)?Workbook\b[^>]{0,1000}?"
    rb"urn:schemas-microsoft-com:office:spreadsheet\b"
)
# OpenDocument; its first element names all namespaces before its kind.
OPEN_DOCUMENT = re.compile(
    rb"\A(?:\xef\xbb\xbf)?+\s*+(?:<\?xml[^>]*+>\s*+)?+<office:document\s"
    rb"[^<>]*?\boffice:mimetype=[\"'](application/vnd\.oasis\.opendocument\.[\w-]++)"
)
OPEN_DOCUMENT_WITHIN = 32_768
# The parts of a file of Office (Flat OPC), which their names tell; Word's of 2003.
PACKAGE = re.compile(
    rb"\A\s*+(?:<\?[^>]*+>\s*+)*+<(?:\w{1,20}:)?package\s[^<>]{0,1000}?"
    rb"[\"']http://schemas\.microsoft\.com/office/2006/xmlPackage[\"']"
)
PART = re.compile(rb"\bname=[\"']/(word|ppt|xl)/")
WORD_XML = re.compile(
    rb"\A\s*+(?:<\?[^>]*+>\s*+)*+<(?:\w{1,20}:)?wordDocument\s[^<>]{0,2000}?"
    rb"[\"']http://schemas\.microsoft\.com/office/word/2003/wordml[\"']"
)


def kind_in_one_piece(data: bytes, head: bytes) -> Kind | None:
    """The format of such a file; `head` is its beginning in letters of one byte, without a mark."""
    if XML_SHEETS.match(head):
        return kinds.XML_SHEETS
    if WORD_XML.match(head):
        return kinds.WORD_XML
    if PACKAGE.match(head) and (part := PART.search(data)):
        return kinds.OFFICE_FOLDERS[part[1].decode()]
    found = OPEN_DOCUMENT.match(data[:OPEN_DOCUMENT_WITHIN])
    return kinds.of_media(found[1]) if found else None
