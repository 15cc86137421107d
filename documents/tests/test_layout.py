"""Where stretches of a passage stand: pages, boxes, cells."""

import pytest

from documents.layout import (
    BoxAt,
    FormAt,
    Layout,
    PageAt,
    RowAt,
    cells_of,
    column_name,
    position_of,
    sheet_name,
)

LINES = [
    BoxAt(0, 3, 100, 800, 900, 820),
    BoxAt(40, 3, 100, 830, 500, 850),
    BoxAt(40, 4, 100, 50, 900, 70),
    BoxAt(90, 4, 0, 0, 0, 0),
    BoxAt(120, 4, 100, 80, 300, 100),
    BoxAt(140, 4, 310, 81, 500, 101),
]
ROWS = [
    RowAt(0, "", 0, 0, 0),
    RowAt(10, "Sales", 2, 1, 6),
    RowAt(50, "Sales", 3, 2, 28),
    RowAt(90, "", 0, 0, 0),
    RowAt(99, "Q1 'draft'", 1, 1, 1),
]
ALL_CELLS = "Sales!A2:AB3, 'Q1 ''draft'''!A1"


def test_a_layout_is_read_as_it_was_written():
    forms = [FormAt(0, is_markdown=True), FormAt(9, is_markdown=False)]
    layout = Layout([PageAt(0, 3), PageAt(50, 4)], LINES, ROWS, forms)

    assert Layout.from_text(layout.to_text()) == layout
    assert Layout().to_text() == ""
    assert Layout.from_text("") == Layout()


@pytest.mark.parametrize(
    ("start", "end", "page", "boxes"),
    [
        (0, 10, 3, [(3, 0.1, 0.8, 0.9, 0.82)]),
        (0, 40, 3, [(3, 0.1, 0.8, 0.9, 0.82)]),
        # A piece that goes on on the next page has a box on both.
        (45, 60, 3, [(3, 0.1, 0.83, 0.5, 0.85), (4, 0.1, 0.05, 0.9, 0.07)]),
        # What was not found on its page has none, and does not get that of its neighbour.
        (95, 110, 4, []),
        # Pieces on one line are one box.
        (125, 150, 4, [(4, 0.1, 0.08, 0.5, 0.101)]),
    ],
)
def test_a_stretch_has_the_page_and_boxes_of_its_pieces(start, end, page, boxes):
    layout = Layout([PageAt(0, 3), PageAt(85, 4)], LINES).to_text()

    found = position_of(layout, 3, start, end)

    assert found[0] == page
    assert [tuple(box.values()) for box in found[1]] == boxes


def test_without_a_layout_the_page_is_that_of_the_passage():
    assert position_of("", 7, 0, 10) == (7, [], "")
    assert position_of(Layout([PageAt(0, 7), PageAt(5, 8)]).to_text(), 7, 6, 9) == (8, [], "")


@pytest.mark.parametrize(
    ("start", "end", "cells"),
    [
        (0, 9, ""),
        (10, 20, "Sales!A2:F2"),
        (20, 60, "Sales!A2:AB3"),
        (91, 95, ""),
        (0, 200, ALL_CELLS),
    ],
)
def test_a_stretch_has_the_cells_of_its_rows(start, end, cells):
    layout = Layout(rows=ROWS).to_text()

    assert position_of(layout, None, start, end)[2] == cells


def test_a_whole_passage_has_all_its_cells():
    assert cells_of(Layout(rows=ROWS).to_text()) == ALL_CELLS
    assert cells_of(Layout(boxes=LINES).to_text()) == ""
    assert cells_of("") == ""


def test_names_are_written_as_spreadsheets_write_them():
    names = [column_name(number) for number in (1, 26, 27, 702, 703)]

    assert names == ["A", "Z", "AA", "ZZ", "AAA"]
    assert sheet_name("Umsätze_1") == "Umsätze_1"
    assert sheet_name("2025") == "'2025'"
