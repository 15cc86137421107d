"""Rows of formats without values, in the markup of sheets."""

import io

import pytest

from documents.layout import cells_of
from ingestion.parsing.office.blank_rows import BLOCK, with_blank_rows_joined, without_blank_rows
from ingestion.tests.open_files import opened
from ingestion.tests.test_sheets import book

WORD = '<c r="A{0}" t="str"><v>word</v></c>'


def whole(stream):
    return b"".join(iter(lambda: stream.read(64), b"")).decode()


@pytest.mark.parametrize(
    "row",
    [
        '<row r="7"/>',
        '<row r="7" spans="1:2" s="1"></row>',
        '<row r="7"> <c r="A7" s="1"/> <c r="B7" s="1"/> </row>',
        '<x:row r="7"><x:c r="A7"/></x:row>',
    ],
)
def test_blank_rows_of_excel_are_left_out(row):
    other = '<row r="8"><c r="A8" s="1"/><c r="B8"><v>1</v></c></row>'

    assert whole(without_blank_rows(io.BytesIO((row + other + row).encode()))) == other


@pytest.mark.parametrize(
    "row",
    [
        "<row/>",
        '<row s="1"><c s="1"/></row>',
        '<row r="7"><c/></row>',
        '<row r="7"><c r="A7"></c></row>',
        '<row r="7"><c r="A7"><v>1</v></c></row>',
    ],
)
def test_rows_that_count_or_hold_something_stay(row):
    assert whole(without_blank_rows(io.BytesIO(row.encode()))) == row


def test_however_many_there_are_the_rest_is_read_where_it_stands(read):
    last = BLOCK // 16
    blank = "".join(f'<row r="{n}"><c r="A{n}" s="1"/></row>' for n in range(2, last))
    rows = f'<row r="1">{WORD.format(1)}</row>{blank}<row r="{last}">{WORD.format(last)}</row>'

    found = whole(without_blank_rows(io.BytesIO(rows.encode())))
    parsed = read(
        book(f"{WORD.format(1)}</row>{blank}<row r='{last}'>{WORD.format(last)}"), "a.xlsx"
    )

    assert found == rows.replace(blank, "")
    assert parsed.text == "## A\n\n| word |\n| word |"
    assert cells_of(parsed.passages[0].layout) == f"A!A1:A{last}"


def test_blank_rows_of_open_documents_are_one_that_is_repeated(read):
    blank = '<table:table-row table:style-name="a"><table:table-cell table:style-name="b"/>'
    blank += "<table:covered-table-cell/></table:table-row><table:table-row/>\n"
    cell = "<table:table-cell><text:p>word</text:p></table:table-cell>"
    word = f"<table:table-row>{cell}</table:table-row>"
    rows = word + blank * 3 + word

    found = whole(with_blank_rows_joined(io.BytesIO(rows.encode())))
    body = (
        f'<office:spreadsheet><table:table table:name="A">{rows}</table:table></office:spreadsheet>'
    )
    parsed = read(opened("spreadsheet", body), "a.ods")

    assert found == f'{word}<table:table-row table:number-rows-repeated="6"/>{word}'
    assert cells_of(parsed.passages[0].layout) == "A!A1:A8"
    repeated = '<table:table-row table:number-rows-repeated="9"/>' * 2
    assert whole(with_blank_rows_joined(io.BytesIO(repeated.encode()))) == repeated
