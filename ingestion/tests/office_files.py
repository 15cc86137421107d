"""Word files from the XML that Word writes, for what no library writes."""

import io
import zipfile

MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
NAMESPACES = (
    f'xmlns:w="{MAIN}" xmlns:r="{OFFICE}/relationships" xmlns:m="{OFFICE}/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
)
STRICT = (
    (MAIN, "http://purl.oclc.org/ooxml/wordprocessingml/main"),
    (f"{OFFICE}/relationships", "http://purl.oclc.org/ooxml/officeDocument/relationships"),
    (f"{OFFICE}/math", "http://purl.oclc.org/ooxml/officeDocument/math"),
)
TYPES = (
    '<?xml version="1.0"?><Types '
    'xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
)
SETTING = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'


def zipped(parts):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def relations(*found):
    """A part of relations: each an id, the last word of its type and a target."""
    lines = "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/relationships/{kind}" Target="{target}"/>'
        for key, kind, target in found
    )
    return f'{SETTING}<Relationships xmlns="{RELATIONS}">{lines}</Relationships>'


def word(body, *, strict=False, **others):
    """A Word file: its body, and further parts by their names, such as `footnotes`."""
    parts = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": relations(("rId1", "officeDocument", "word/document.xml")),
        "word/document.xml": part("document", f"<w:body>{body}</w:body>"),
    }
    kinds = []
    for name, content in others.items():
        root = ROOTS.get(name.rstrip("0123456789"), name)
        parts[f"word/{name}.xml"] = part(root, content)
        kinds.append((f"r_{name}", name.rstrip("0123456789"), f"{name}.xml"))
    parts["word/_rels/document.xml.rels"] = relations(*kinds)
    if strict:
        for common, own in STRICT:
            parts = {name: text.replace(common, own) for name, text in parts.items()}
    return zipped(parts)


ROOTS = {"header": "hdr", "footer": "ftr"}


def part(root, content):
    if root == "chart":
        return f"{SETTING}<c:chartSpace {NAMESPACES}>{content}</c:chartSpace>"
    return f"{SETTING}<w:{root} {NAMESPACES}>{content}</w:{root}>"


def paragraph(*runs, properties=""):
    inner = "".join(run if run.startswith("<") else text(run) for run in runs)
    return f"<w:p>{f'<w:pPr>{properties}</w:pPr>' if properties else ''}{inner}</w:p>"


def text(words):
    return f'<w:r><w:t xml:space="preserve">{words}</w:t></w:r>'


def run(*elements):
    return f"<w:r>{''.join(elements)}</w:r>"


def cell(*content):
    inner = "".join(one if one.startswith("<") else paragraph(one) for one in content)
    return f"<w:tc>{inner}</w:tc>"


def table(*rows):
    return "<w:tbl>" + "".join(f"<w:tr>{''.join(row)}</w:tr>" for row in rows) + "</w:tbl>"
