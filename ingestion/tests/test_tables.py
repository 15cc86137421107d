import docx
import openpyxl
import pytest

from ingestion.parsing.tables import header_at, table_of_values, tables_of, without_blank_rows
from ingestion.tests.samples import saved

ROWS = [(f"Person {number}", f"City {number}", str(number)) for number in range(200)]
NAMES = ("name", "town", "age")


def separated(separator):
    return "\n".join(separator.join(row) for row in (NAMES, *ROWS)).encode()


def page():
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in ROWS)
    head = "".join(f"<th>{name}</th>" for name in NAMES)
    return f"<html><body><h1>People</h1><table><tr>{head}</tr>{rows}</table></body></html>".encode()


def sheet():
    book = openpyxl.Workbook()
    book.active.title = "People"
    for row in (NAMES, *ROWS):
        book.active.append(row)
    return saved(book)


def letter():
    document = docx.Document()
    document.add_heading("People", 1)
    table = document.add_table(0, 3)
    for row in (NAMES, *ROWS[:100]):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    return saved(document)


def titled_sheet():
    book = openpyxl.Workbook()
    book.active.title = "People"
    for row in (["Our people"], NAMES, *ROWS):
        book.active.append(row)
    book.active.merge_cells("A1:C1")
    return saved(book)


@pytest.mark.parametrize(
    ("name", "content", "heading"),
    [
        ("a.csv", separated(","), "name | town | age"),
        ("a.csv", separated(";"), "name | town | age"),
        ("a.tsv", separated("\t"), "name | town | age"),
        ("a.html", page(), "People > name | town | age"),
        ("a.xlsx", sheet(), "People > name | town | age"),
        ("a.xlsx", titled_sheet(), "People > name | town | age"),
        ("a.csv", b"Our people;;\n;;\n" + separated(";"), "name | town | age"),
        ("a.csv", b"Our people\n" + separated(","), "name | town | age"),
        ("a.docx", letter(), "People > name | town | age"),
    ],
)
def test_a_row_far_down_knows_its_columns(read, name, content, heading):
    parsed = read(content, name)

    first, *rest = parsed.passages
    assert not first.heading.endswith("age")
    assert len(rest) > 1
    assert {passage.heading for passage in rest} == {heading}
    assert all(parsed.text[part.start : part.end] == part.text for part in parsed.passages)


def test_what_follows_a_table_does_not_belong_to_it():
    text = "Before.\n| a | b |\n| 1 | 2 |\nBehind."
    tables = tables_of(text)

    places = [text.index(word) for word in ("Before", "| a", "| 1", "Behind")]
    assert [header_at(tables, place) for place in places] == ["", "", "a | b", ""]


def test_only_a_few_single_cells_above_are_titles():
    titles = "| Title |\n"
    rows = "| a | b |\n| 1 | 2 |"

    assert [table.header for table in tables_of(titles * 5 + rows)] == ["a | b"]
    assert tables_of(titles * 6 + rows) == []
    assert tables_of(f"{titles}| 1 | 2 |\n| a | b |") == []


@pytest.mark.parametrize("text", ["", "one column\nx", "1,2,3\n4,5,6", "2026-01-01;x\n", ',"\n'])
def test_a_first_line_that_names_no_columns_is_no_header(text):
    assert table_of_values(text) == []


def test_rows_of_separators_alone_are_left_out():
    text = 'a,b\n,,\n1,\n,2\n"","",\n\n; ;\nend'

    assert without_blank_rows(text) == "a,b\n1,\n,2\n\nend"


@pytest.mark.parametrize("hint", ["sep=;\r\n", '"sep=;"\n', "SEP=;\n"])
def test_the_hint_for_excel_is_no_row(read, hint):
    parsed = read(f"{hint}Item;Price\nLamp;20\nsep=;\n".encode(), "prices.csv")

    assert parsed.text == "Item;Price\nLamp;20\nsep=;\n"
