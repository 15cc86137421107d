"""Files that would have the places of their text looked for without an end."""

from __future__ import annotations

import io
import time

import pytest

from documents.layout import BoxAt, PageAt
from ingestion.parsing import letters, pdf_layout
from ingestion.parsing.letters import Box, boxes_of
from ingestion.parsing.office.sheet_rows import SheetRows, merged_below
from ingestion.tests.samples import pdf

SECONDS = 5.0


class Letters:
    def __init__(self, letters):
        self.letters = letters

    def lines(self, start, _end):
        return [(start, [Box(0.1, 0.1, 0.5, 0.2)])]


class Written:
    def __init__(self):
        self.rows = []

    def write_row(self, cells, *, at):
        self.rows.append((cells, at))


def test_merged_cells_that_never_end_are_passed_over():
    began = time.process_time()

    found = merged_below(io.BytesIO(b"<mergeCell " * 100_000 + b'<mergeCell ref="B4:B5"/>'))

    assert found == {(4, 2): 5}
    assert time.process_time() - began < SECONDS


@pytest.mark.slow
def test_a_million_empty_rows_below_merged_cells_take_no_time():
    written = Written()
    rows = SheetRows(written, "S")
    columns = range(1, 16_001)
    rows.write(1, dict.fromkeys(columns, "x"), dict.fromkeys(columns, 2_000_000))
    began = time.process_time()

    for number in range(2, 1_000_000):
        rows.write(number, {}, {})
    rows.write(1_000_000, {1: "y"}, {})

    assert time.process_time() - began < SECONDS
    assert [at for _, at in written.rows] == [("S", 1, 1, 16_000), ("S", 1_000_000, 1, 16_000)]


def test_a_page_of_a_million_letters_is_told_without_boxes():
    text = "abababababc\n" * 90_000
    began = time.process_time()

    found = list(boxes_of(text, 7, 3, Letters("ab" * 500_000)))

    assert found == [BoxAt(7, 3, 0, 0, 0, 0)]
    assert time.process_time() - began < SECONDS


def test_the_longest_page_that_is_looked_through_is():
    text = "a" * letters.MOST_LETTERS

    (found,) = boxes_of(text, 0, 1, Letters(text))

    assert found == BoxAt(0, 1, 100, 100, 500, 200)


def test_text_of_a_damaged_page_is_not_told_in_the_box_before_it():
    text = "Some words of a page that cannot be opened."

    found = pdf_layout.pdf_boxes(pdf(), f"x{text}", [PageAt(0, 1), PageAt(1, 99)], {})

    assert found[-1] == BoxAt(1, 99, 0, 0, 0, 0)


def test_text_of_pages_for_which_no_time_is_left_has_no_box(monkeypatch):
    monkeypatch.setattr(pdf_layout, "MOST_SECONDS", -1.0)

    found = pdf_layout.pdf_boxes(pdf(), "One.Two.", [PageAt(0, 1), PageAt(4, 2)], {})

    assert found == [BoxAt(0, 1, 0, 0, 0, 0)]
