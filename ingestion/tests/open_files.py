"""OpenDocument files from the XML that LibreOffice writes."""

import io
import zipfile

from lxml import etree

from ingestion.tests.office_files import zipped

TYPE = "application/vnd.oasis.opendocument"
PARTS = ("meta.xml", "styles.xml", "content.xml")
NAMES = (
    " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in [
            ("office", "office"),
            ("text", "text"),
            ("table", "table"),
            ("style", "style"),
            ("draw", "drawing"),
            ("presentation", "presentation"),
            ("svg", "svg-compatible"),
        ]
    )
    + ' xmlns:xlink="http://www.w3.org/1999/xlink"'
)


def opened(kind, body, *, styles="", others=None):
    head = f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {NAMES}>'
    automatic = f"<office:automatic-styles>{styles}</office:automatic-styles>"
    content = f"{head}{automatic}<office:body>{body}</office:body></office:document-content>"
    return zipped({"mimetype": f"{TYPE}.{kind}", "content.xml": content, **(others or {})})


def flattened(data, kind):
    """The parts of a file in one piece, in LibreOffice's order, with its objects."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in PARTS if name in archive.namelist()]
        parts = [etree.fromstring(archive.read(name)) for name in names]
        for part in parts:
            put_objects_in(part, archive)
    office = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
    namespaces = {short: name for part in parts for short, name in part.nsmap.items()}
    whole = etree.Element(f"{office}document", nsmap=namespaces)
    whole.set(f"{office}mimetype", f"{TYPE}.{kind}")
    for name in ("meta", "styles", "automatic-styles", "master-styles", "body"):
        whole.extend([each for part in parts for each in part.findall(f"{office}{name}")])
    return etree.tostring(whole, encoding="UTF-8", xml_declaration=True)


def put_objects_in(part, archive):
    """Replace the names of objects by the objects."""
    for place in part.iter("{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}object"):
        name = place.attrib.pop("{http://www.w3.org/1999/xlink}href").removeprefix("./")
        inner = etree.fromstring(archive.read(f"{name}/content.xml"))
        inner.tag = inner.tag.replace("document-content", "document")
        place.append(inner)
