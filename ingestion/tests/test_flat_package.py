"""Office files in one piece of XML, as Word and PowerPoint save them ("Flat OPC")."""

import base64
import io
import zipfile

import pptx
import pytest

from ingestion.parsing.office.flat_package import MOST_NAMES, FlatPackage
from ingestion.parsing.types import ParseFailed
from ingestion.tests import office_files as made

PACKAGE = 'xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"'
DECLARED = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
PROGRAM = '<?mso-application progid="Word.Document"?>\r\n'


def flattened(data, *, head=DECLARED + PROGRAM, names="", encoding="utf-8"):
    """The parts of a file in one piece."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = "".join(
            part(name, archive.read(name))
            for name in archive.namelist()
            if name != "[Content_Types].xml"
        )
    return f"{head}<pkg:package {PACKAGE} {names}>{parts}</pkg:package>".encode(encoding)


def part(name, content):
    start = f'<pkg:part pkg:name="/{name}" pkg:contentType="a/b">'
    if name.endswith((".xml", ".rels")):
        text = content.decode("utf-8-sig")
        text = text.partition("?>")[2] if text.startswith("<?xml") else text
        return f"{start}<pkg:xmlData>{text}</pkg:xmlData></pkg:part>"
    encoded = base64.encodebytes(content).decode()
    return f"{start}<pkg:binaryData>{encoded}</pkg:binaryData></pkg:part>"


def slides(_data):
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text = "Größe & Zahl"
    slide.notes_slide.notes_text_frame.text = "Notiz"
    show.core_properties.title = "Bericht"
    buffer = io.BytesIO()
    show.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("file", "ending"),
    [
        (lambda data: (data / "contract.docx").read_bytes(), "docx"),
        (lambda data: (data / "hebrew.docx").read_bytes(), "docx"),
        (slides, "pptx"),
    ],
)
@pytest.mark.parametrize("called", ["a.xml", "a.{}", "no ending"])
def test_a_file_in_one_piece_is_read_as_one_of_parts(read, data, file, ending, called):
    parts = file(data)

    flat = read(flattened(parts), called.format(ending))

    of_parts = read(parts, f"a.{ending}")
    assert of_parts.text
    assert (flat.text, flat.title, flat.mime) == (of_parts.text, of_parts.title, of_parts.mime)


def test_sheets_in_one_piece_are_read(read):
    cell = '<c t="inlineStr"><is><t>Zebra</t></is></c>'
    sheets = f'xmlns="{made.MAIN.replace("wordprocessingml", "spreadsheetml")}"'
    flat = flattened(
        made.zipped(
            {
                "_rels/.rels": made.relations(("r", "officeDocument", "xl/workbook.xml")),
                "xl/_rels/workbook.xml.rels": made.relations(("s", "worksheet", "a.xml")),
                "xl/workbook.xml": f'<workbook {sheets} xmlns:r="{made.OFFICE}/relationships">'
                '<sheets><sheet name="Tiere" r:id="s"/></sheets></workbook>',
                "xl/a.xml": f"<worksheet {sheets}><sheetData><row>{cell}</row></sheetData>"
                "</worksheet>",
            }
        )
    )

    assert read(flat, "a.xml").text == "## Tiere\n\n| Zebra |"


@pytest.mark.parametrize("head", ["", "\ufeff" + DECLARED, "\n" + PROGRAM])
def test_what_stands_before_the_package_does_not_matter(read, head):
    flat = flattened(made.word(made.paragraph("Zebra")), head=head)

    assert read(flat, "a.xml").text == "Zebra"


def test_letters_are_those_of_the_encoding_that_is_declared(read):
    head = '<?xml version="1.0" encoding="windows-1252"?>'

    flat = flattened(made.word(made.paragraph("5 € für Öl")), head=head, encoding="cp1252")

    assert read(flat, "a.xml").text == "5 € für Öl"


def test_names_may_be_declared_around_the_parts(read):
    plain = made.word(made.paragraph("Zebra"))
    names = made.NAMESPACES

    flat = flattened(plain, names=names).decode()
    flat = flat.replace(f"<w:document {names}>", "<w:document>")

    assert flat.count(names) == 1
    assert read(flat.encode(), "a.xml").text == "Zebra"


def test_more_names_around_the_parts_than_anybody_declares_are_left_out(read):
    names = " ".join(f'xmlns:n{number}="a"' for number in range(100_000))

    flat = flattened(made.word(made.paragraph("Zebra")), names=f"{names} xmlns:long='{'a' * 999}'")

    package = FlatPackage(flat)
    assert len(package.namespaces) == MOST_NAMES
    assert len(package.read("word/document.xml")) < 10_000
    assert read(flat, "a.xml").text == "Zebra"


@pytest.mark.parametrize("cut", [-1, -300, -2000])
def test_a_file_that_was_cut_off_is_damaged(read, data, cut):
    flat = flattened((data / "contract.docx").read_bytes())

    with pytest.raises(ParseFailed) as caught:
        read(flat[:cut], "a.xml")

    assert caught.value.code == "damaged_file"


@pytest.mark.parametrize(
    "parts",
    [
        # The part it begins with is missing, and one is no base64.
        {"_rels/.rels": made.relations(("r", "officeDocument", "gone.xml")), "word/a.xml": "<a/>"},
        {"_rels/.rels": made.relations(("r", "officeDocument", "word/a.b")), "word/a.b": b"x"},
    ],
)
def test_parts_that_are_missing_or_damaged_are_told(read, parts):
    flat = flattened(made.zipped(parts)).replace(b"eA==\n", b"e")

    with pytest.raises(ParseFailed) as caught:
        read(flat, "a.xml")

    assert caught.value.code == "damaged_file"


def test_entities_are_not_expanded(read):
    bomb = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]>'
    flat = flattened(made.word(made.paragraph("&c;")), head=DECLARED + bomb)

    # Where a document type stands first, it is no such file; its letters stay as they are.
    parsed = read(flat, "a.xml")
    assert parsed.mime == "application/xml"
    assert '<w:t xml:space="preserve">&c;</w:t>' in parsed.text


def test_a_package_of_something_else_is_xml(read):
    flat = flattened(made.zipped({"other/a.xml": "<a>Zebra</a>"}))

    assert read(flat, "a.xml").mime == "application/xml"
