"""Spreadsheets that were put into Word files and slides."""

import io
import zipfile

import openpyxl
import pptx
import pytest
from pptx.enum.shapes import PROG_ID
from pptx.util import Inches

from ingestion.tests import office_files as made

OBJECT = (
    '<w:r><w:object><o:OLEObject xmlns:o="urn:schemas-microsoft-com:office:office" Type="Embed" '
    'ProgID="Excel.Sheet.12" r:id="r_{name}"/></w:object></w:r>'
)
ROWS = [["Region", "Umsatz"], ["Nord", 1200], ["Süd", 800]]
SHOWN = "| Region | Umsatz |\n| Nord | 1200 |\n| Süd | 800 |"


def workbook(**sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def with_objects(body, **files):
    """A Word file with embedded files by the names of their relations."""
    with zipfile.ZipFile(io.BytesIO(made.word(body))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    found = [(f"r_{name}", "package", f"embeddings/{name}.xlsx") for name in files]
    parts["word/_rels/document.xml.rels"] = made.relations(*found)
    parts |= {f"word/embeddings/{name}.xlsx": data for name, data in files.items()}
    return made.zipped(parts)


def test_a_sheet_in_a_text_is_a_table_below_its_paragraph(read):
    body = made.paragraph("Sales:", OBJECT.format(name="sales")) + made.paragraph("And more.")

    parsed = read(with_objects(body, sales=workbook(Tabelle1=ROWS)))

    assert parsed.text == f"Sales:\n\n{SHOWN}\n\nAnd more."


def test_several_sheets_keep_their_names(read):
    body = made.paragraph(OBJECT.format(name="sales"))

    parsed = read(with_objects(body, sales=workbook(Nord=ROWS[:2], Leer=[], Süd=ROWS[::2])))

    assert parsed.text.splitlines() == [
        *("Nord", "| Region | Umsatz |", "| Nord | 1200 |"),
        *("Leer", "Süd", "| Region | Umsatz |", "| Süd | 800 |"),
    ]


def test_a_sheet_in_a_cell_stays_in_its_cell(read):
    row = [made.cell(made.paragraph("Sales")), made.cell(made.paragraph(OBJECT.format(name="s")))]

    parsed = read(with_objects(made.table(row), s=workbook(Tabelle1=ROWS)))

    assert parsed.text.startswith("| Sales | ")
    assert "Nord" in parsed.text
    assert "\n" not in parsed.text


def test_each_file_is_read_once_and_a_damaged_or_foreign_one_not_at_all(read):
    twice = made.paragraph("Twice.", OBJECT.format(name="s"), OBJECT.format(name="s"))
    others = made.paragraph("Others.", OBJECT.format(name="bad"), OBJECT.format(name="text"))
    missing = made.paragraph("Missing.", OBJECT.format(name="none"))
    inner = made.word(made.paragraph("A document of its own."))
    files = {"s": workbook(Tabelle1=ROWS), "bad": workbook(T=ROWS)[:900], "text": inner}

    parsed = read(with_objects(twice + others + missing, **files))

    assert parsed.text == f"Twice.\n\n{SHOWN}\n\nOthers.\n\nMissing."


def test_what_is_hidden_is_not_read(read):
    hidden = OBJECT.format(name="s").replace("<w:r>", "<w:r><w:rPr><w:vanish/></w:rPr>")

    parsed = read(with_objects(made.paragraph("Seen.", hidden), s=workbook(T=ROWS)))

    assert parsed.text == "Seen."


@pytest.mark.parametrize("layout", [5, 6])
def test_a_sheet_on_a_slide_is_a_table_of_it(read, layout):
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[layout])
    file = io.BytesIO(workbook(Tabelle1=ROWS))
    slide.shapes.add_ole_object(file, PROG_ID.XLSX, Inches(1), Inches(1), Inches(4), Inches(2))
    box = slide.shapes.add_textbox(0, 0, Inches(2), Inches(1))
    box.text_frame.text = "All in thousands."
    buffer = io.BytesIO()
    show.save(buffer)

    parsed = read(buffer.getvalue())

    assert parsed.text == f"{SHOWN}\n\nAll in thousands."
