import datetime
import io
import struct
import zipfile

import openpyxl
import pytest
import xlsxwriter
from openpyxl.comments import Comment

from documents.layout import cells_of, position_of
from ingestion.parsing.types import ParseFailed
from ingestion.tests import office_files as made

SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
NAMES = f'xmlns="{SHEET}" xmlns:r="{made.OFFICE}/relationships"'
STRICT = (
    (SHEET, "http://purl.oclc.org/ooxml/spreadsheetml/main"),
    (f"{made.OFFICE}/relationships", "http://purl.oclc.org/ooxml/officeDocument/relationships"),
)


def book(*rows, texts=(), styles="", properties="", strict=False):
    """A file of one sheet, from the XML that Excel writes."""
    data = "".join(f"<row>{row}</row>" for row in rows)
    parts = {
        "[Content_Types].xml": made.TYPES,
        "_rels/.rels": made.relations(("a", "officeDocument", "xl/workbook.xml")),
        "xl/_rels/workbook.xml.rels": made.relations(
            ("s1", "worksheet", "/xl/worksheets/sheet1.xml"),
            ("s2", "sharedStrings", "sharedStrings.xml"),
            ("s3", "styles", "styles.xml"),
        ),
        "xl/workbook.xml": f'<workbook {NAMES}><workbookPr {properties}/><sheets><sheet name="A"'
        ' sheetId="1" r:id="s1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f"<worksheet {NAMES}><sheetData>{data}</sheetData></worksheet>",
        "xl/sharedStrings.xml": f"<sst {NAMES}>{''.join(f'<si>{one}</si>' for one in texts)}</sst>",
        "xl/styles.xml": f"<styleSheet {NAMES}>{styles}</styleSheet>",
    }
    for common, own in STRICT if strict else ():
        parts = {name: text.replace(common, own) for name, text in parts.items()}
    return made.zipped(parts)


@pytest.fixture
def shown(read):
    """The rows of a file of one sheet, without its name."""
    return lambda *rows, **options: read(book(*rows, **options), "a.xlsx").text.partition("\n\n")[2]


def styles(*numbers, codes=""):
    formats = "".join(f'<xf numFmtId="{number}"/>' for number in numbers)
    others = '<cellStyleXfs><xf numFmtId="10"/></cellStyleXfs>'
    return f"<numFmts>{codes}</numFmts>{others}<cellXfs>{formats}</cellXfs>"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c t="s"><v>0</v></c>', "R&D <b> #1 *a* \\ |"),
        ('<c t="s"><v>1</v></c>', "rich & plain"),
        ('<c t="s"><v>2</v></c>', "東京"),
        ('<c t="s"><v>3</v></c>', "line two _x_"),
        ('<c t="inlineStr"><is><t>in</t><rPh><t>x</t></rPh></is></c>', "in"),
        ('<c t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>', "ab"),
        ('<c t="str"><f>A1&amp;"x"</f><v>done</v></c>', "done"),
        ('<c t="b"><v>1</v></c>', "TRUE"),
        ('<c t="b"><v>0</v></c>', "FALSE"),
        ('<c t="e"><v>#DIV/0!</v></c>', "#DIV/0!"),
        ('<c t="d"><v>2025-04-16T00:00:00</v></c>', "2025-04-16"),
        ('<c t="d"><v>2025-04-16T13:30:00</v></c>', "2025-04-16 13:30:00"),
        ("<c><f>SUM(A1:A3)</f></c>", "=SUM(A1:A3)"),
        ("<c><f>1+1</f><v>2</v></c>", "2"),
        ("<c><v>1.0E-3</v></c>", "0.001"),
        ("<c><v>what</v></c>", "what"),
        ("<c><v>inf</v></c>", "inf"),
        ('<c s="1"><v>45763</v></c>', "2025-04-16"),
        ('<c s="2"><v>0.175</v></c>', "17.50%"),
        ('<c s="3"><v>3</v></c>', "3 pieces"),
        ('<c s="4"><v>45763</v></c>', "2025-04-16"),
        ('<c s="99"><v>1.5</v></c>', "1.5"),
        ('<c s="-1"><v>1.5</v></c>', "1.5"),
    ],
)
def test_cells_are_read_as_they_are_shown(shown, cell, text):
    texts = (
        "<t>R&amp;D &lt;b&gt; #1 *a* \\ |</t>",
        "<r><t>rich </t></r><r><rPr/><t>&amp; plain</t></r>",
        '<t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh><phoneticPr fontId="1"/>',
        "<t>line_x000D_\ntwo _x_</t>",
    )
    found = styles(
        0, 27, 10, 164, 14, codes='<numFmt numFmtId="164" formatCode="0&quot; pieces&quot;"/>'
    )

    assert shown(cell, texts=texts, styles=found) == f"| {text} |"


@pytest.mark.parametrize("cell", ['<c t="s"><v>7</v></c>', '<c t="s"><v>x</v></c>', "<c/>", ""])
def test_cells_without_anything_show_nothing(shown, cell):
    assert shown(cell, '<c t="str"><v>end</v></c>') == "| end |"


def test_gaps_are_kept_up_to_a_width(shown):
    rows = (
        '<c r="B1"><v>1</v></c><c r="D1"><v>2</v></c><c><v>3</v></c>',
        '<c r="A2" s="1"/><c r="XFD2"><v>4</v></c>',
    )

    assert shown(*rows) == f"|  | 1 |  | 2 | 3 |\n| {' | '.join([''] * 50 + ['4'])} |"


def test_days_are_counted_as_the_file_says(shown):
    cell = '<c s="0"><v>0.5</v></c><c s="1"><v>1</v></c><c s="2"><v>1.5</v></c>'

    found = shown(cell, styles=styles(20, 14, 46), properties='date1904="1"')

    assert found == "| 12:00 | 1904-01-02 | 36:00:00 |"


def test_strict_files_are_read(shown):
    assert shown('<c t="s"><v>0</v></c>', texts=["<t>zebra</t>"], strict=True) == "| zebra |"


def test_a_book_of_openpyxl(read):
    work = openpyxl.Workbook()
    sheet = work.active
    sheet.title = "R&D"
    sheet.append(["when", datetime.date(2025, 4, 16), datetime.time(13, 30), 0.175])
    sheet["D1"].number_format = "0.0%"
    sheet.append(["long", datetime.timedelta(hours=30), datetime.datetime(2025, 4, 16, 8, 5), True])  # noqa: DTZ001
    sheet["A1"].comment = Comment("Is it so?\nReally & truly?", "Ada")
    sheet.merge_cells("A3:B4")
    sheet["A3"] = "merged"
    sheet.row_dimensions[1].hidden = True
    hidden = work.create_sheet("Hidden")
    hidden["A1"] = "kept"
    hidden.sheet_state = "hidden"
    work.create_sheet("Empty")
    work.properties.title = "Numbers & dates"
    buffer = io.BytesIO()
    work.save(buffer)

    parsed = read(buffer.getvalue(), "a.xlsx")

    assert parsed.title == "Numbers & dates"
    assert parsed.text == (
        "## R&D\n\n| when | 2025-04-16 | 13:30:00 | 17.5% |\n"
        "| long | 30:00:00 | 2025-04-16 8:05:00 | TRUE |\n| merged |\n"
        "[Comment, A1: Is it so? Really & truly?]\n\n## Hidden\n\n| kept |\n\n## Empty"
    )
    assert [one.heading for one in parsed.passages] == ["R&D"]


def test_charts_and_boxes_stand_below_the_rows(read):
    buffer = io.BytesIO()
    work = xlsxwriter.Workbook(buffer)
    sheet = work.add_worksheet("Sales")
    sheet.write_column(0, 0, ["May", "June"])
    sheet.write_column(0, 1, [1, 2])
    chart = work.add_chart({"type": "column"})
    chart.add_series({"name": "North", "categories": "=Sales!A1:A2", "values": "=Sales!B1:B2"})
    chart.set_title({"name": "Growth & loss"})
    sheet.insert_chart("D2", chart)
    sheet.insert_textbox("D20", "A box")
    work.close()

    text = read(buffer.getvalue(), "a.xlsx").text

    assert text.startswith("## Sales\n\n| May | 1 |\n| June | 2 |\n\nA box\n\nGrowth & loss\nNorth")


def test_old_books_show_the_same(read, data):
    text = read((data / "formats.xls").read_bytes(), "a.xls").text

    for row in (
        "| 0.0% | 17.5% |",
        "| h:mm | 13:30 |",
        "| [h]:mm | 36:00 |",
        '| #,##0.00 "€" | 1,234.50 € |',
        "| # ?/? | 1/4 |",
        "| dd.mm.yyyy | 16.04.2025 |",
        "| 00000 | 00007 |",
        "## Kinds\n\n| TRUE | #DIV/0! | aB & <c> d | 0 |",
        "## Hidden\n\n| secret |",
    ):
        assert row in text


def test_formulas_that_show_nothing_are_left_out(shown):
    row = '<c t="str"><f>IF(1&gt;2,"x","")</f><v></v></c><c t="str"><f>B1</f></c><c><v>1</v></c>'

    assert shown(row) == "|  |  | 1 |"


def test_names_of_parts_may_be_written_as_windows_writes_paths(read):
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book("<c><v>7</v></c>"))) as source,
        zipfile.ZipFile(buffer, "w") as made_over,
    ):
        for name in source.namelist():
            made_over.writestr(name.replace("/", "\\"), source.read(name))

    assert read(buffer.getvalue(), "a.xlsx").text.endswith("| 7 |")


def test_binary_books_are_read(read, data):
    parsed = read((data / "binary.xlsb").read_bytes(), "a.xlsb")

    assert parsed.mime.endswith("sheet.binary.macroEnabled.12")
    assert parsed.text.strip() == "## R&D\n\n| R&D 5 <= 6 | 2025-04-16 | 17.50% |"


def test_binary_books_are_read_as_others_are(read, data):
    # The program leaves out the columns of cells that follow each other.
    parsed = read((data / "short.xlsb").read_bytes(), "a.xlsb")

    assert parsed.title == "Report of sales"
    assert parsed.text == (
        "## Sales & more\n\n| Region | Name | Count | Share |\n| North | R&D <1> | 12 | 17.5% |\n"
        "| North | B | -3.25 | 1 |\n| South | yes | TRUE | #DIV/0! |\n|  | late | 2025-04-16 |\n"
        "[Comment, B2: Check this]\n\n## Second\n\n| hidden |"
    )


def sheet_of(data, *records):
    """A binary book whose first sheet consists of these records."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(data / "short.xlsb") as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in source.namelist():
            is_sheet = name.endswith("sheet1.bin")
            made.writestr(name, b"".join(records) if is_sheet else source.read(name))
    return buffer.getvalue()


def binary_row(number):
    return b"\x00\x04" + struct.pack("<I", number)


def binary_text(column, text):
    content = struct.pack("<III", column, 0, len(text)) + text.encode("utf-16-le")
    return bytes((6, len(content))) + content


def test_binary_books_pass_over_a_million_empty_cells(read, data):
    blanks = b"".join(b"\x01\x08" + struct.pack("<II", column, 1) for column in range(500))
    rows = [binary_row(number) + blanks for number in range(2000)]

    parsed = read(sheet_of(data, *rows, binary_text(501, "end")), "a.xlsb")

    assert "\n\n" + "|" + "  |" * 50 + " end |\n" in parsed.text


def test_binary_books_pass_over_long_records(read, data):
    picture = b"\xac\x02\x80\x80\x80\x01" + bytes(2**21)

    parsed = read(sheet_of(data, binary_row(0), picture, binary_text(0, "end")), "a.xlsb")

    assert "\n\n| end |\n" in parsed.text


@pytest.mark.parametrize(
    "cut",
    [
        binary_text(0, "zebra")[:-1],
        b"\x06\x0c" + struct.pack("<III", 0, 0, 2**31),
        b"\x02\x09" + bytes(9),
        b"\xff",
    ],
)
def test_damaged_binary_books_are_refused(read, data, cut):
    assert refusal(read, sheet_of(data, binary_row(0), cut), "a.xlsb") == "damaged_file"


def test_a_sheet_that_claims_a_million_rows_is_as_long_as_it_is(read):
    work = openpyxl.Workbook()
    work.active["A1"] = "zebra"
    work.active["A1048576"] = "end"
    buffer = io.BytesIO()
    work.save(buffer)

    assert read(buffer.getvalue(), "a.xlsx").text == "## Sheet\n\n| zebra |\n| end |"


def refusal(read, content, name="a.xlsx"):
    with pytest.raises(ParseFailed) as caught:
        read(content, name)
    return caught.value.code


def test_damaged_books_are_refused(read, data):
    whole = (data / "formats.xls").read_bytes()
    bomb = '<!DOCTYPE a [<!ENTITY b "c">]>' + f"<sst {NAMES}><si><t>&b;</t></si></sst>"
    parts = {
        "[Content_Types].xml": made.TYPES,
        "_rels/.rels": made.relations(("a", "officeDocument", "xl/workbook.xml")),
        "xl/_rels/workbook.xml.rels": made.relations(("s", "sharedStrings", "texts.xml")),
        "xl/workbook.xml": f"<workbook {NAMES}/>",
        "xl/texts.xml": bomb,
    }

    assert refusal(read, made.zipped(parts)) == "damaged_file"
    assert refusal(read, whole[:700] + b"\xff" * 900 + whole[1600:], "a.xls") == "damaged_file"


@pytest.mark.parametrize("name", ["a.xlsx", "a.xlsm", "a.xltx", "a.xltm"])
def test_every_ending_is_a_spreadsheet(read, name):
    parsed = read(book("<c><v>1</v></c>"), name)

    assert parsed.mime.rpartition(".")[2] == "sheet"


def test_passages_know_their_cells_and_merged_ones_are_told_in_each_row(read):
    work = openpyxl.Workbook()
    sheet = work.active
    sheet.title = "Sales 2025"
    sheet["B3"], sheet["C3"], sheet["D3"] = "Region", "City", "Sum"
    for row, (city, total) in enumerate((("Torino", 12), ("Genova", 7), ("Milano", 9)), start=4):
        sheet[f"C{row}"], sheet[f"D{row}"] = city, total
    sheet["B4"] = "North"
    sheet.merge_cells("B4:B5")
    sheet["B6"] = "Centre"
    buffer = io.BytesIO()
    work.save(buffer)

    (passage,) = read(buffer.getvalue(), "a.xlsx").passages

    assert passage.text.endswith(
        "|  | Region | City | Sum |\n|  | North | Torino | 12 |\n|  | North | Genova | 7 |\n"
        "|  | Centre | Milano | 9 |"
    )
    assert cells_of(passage.layout) == "'Sales 2025'!B3:D6"
    start = passage.text.index("|  | North | Genova")
    assert position_of(passage.layout, None, start, start + 20)[2] == "'Sales 2025'!B5:D5"


def test_xml_files_of_excel_are_sheets(read):
    source = """<?xml version="1.0"?>
<?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:html="http://www.w3.org/TR/REC-html40">
 <Styles><Style ss:ID="d"><NumberFormat ss:Format="Short Date"/></Style>
  <Style ss:ID="p"><NumberFormat ss:Format="0.0%"/></Style></Styles>
 <Worksheet ss:Name="R&amp;D"><Table>
  <Row><Cell ss:MergeAcross="1"><Data ss:Type="String">Both</Data></Cell>
   <Cell><Data ss:Type="String">third</Data></Cell></Row>
  <Row ss:Index="4"><Cell ss:MergeDown="1"><Data ss:Type="String">North</Data></Cell>
   <Cell ss:Index="3" ss:StyleID="p"><Data ss:Type="Number">0.175</Data>
    <Comment><ss:Data>remark</ss:Data></Comment></Cell></Row>
  <Row><Cell ss:Index="2"><Data ss:Type="DateTime">2025-04-16T00:00:00.000</Data></Cell>
   <Cell><Data ss:Type="Boolean">1</Data></Cell>
   <Cell ss:StyleID="d"><Data ss:Type="Number">45763</Data></Cell></Row>
 </Table></Worksheet></Workbook>"""

    parsed = read(source.encode(), "report.xls")

    assert parsed.text == (
        "## R&D\n\n| Both |  | third |\n| North |  | 17.5% |\n"
        "| North | 2025-04-16 | TRUE | 2025-04-16 |"
    )
