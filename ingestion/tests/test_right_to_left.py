"""Scripts written from the right, in the order in which they are read."""

import pytest

from documents.layout import position_of
from ingestion.parsing.pdf import lines_of_layout
from ingestion.parsing.right_to_left import in_reading_order, reordered
from ingestion.parsing.types import Heading

TITLE = "תפחסה הסכם תחזוקה לשנת הפעילות"
SENTENCE = "החברה בודקת את המשאבה פעם בשנה, ומחיר התחזוקה הוא 4200 אירו לשנה."


def from_left(line):
    """A line as the extractor tells it: its words from left to right."""
    return " ".join(reversed(line.split()))


def test_a_pdf_is_read_from_the_right_and_its_lines_have_boxes(read, data):
    parsed = read((data / "hebrew.pdf").read_bytes(), "a.pdf")

    assert parsed.text == f"{TITLE}\n{SENTENCE}"
    assert parsed.language == "he"
    (passage,) = parsed.passages
    start = passage.text.index(SENTENCE)
    _, (box,), _ = position_of(passage.layout, passage.page, start, len(passage.text))
    assert box["right"] == pytest.approx(0.95, abs=0.02)
    assert 0.25 < box["left"] < 0.3


def test_headings_are_known_although_the_layout_turns_them_round():
    found = lines_of_layout(f"{TITLE}\n{SENTENCE}", [Heading(0, 2, from_left(TITLE))])

    assert found == [Heading(0, 2, TITLE)]


def test_other_lines_of_the_page_stay_as_they_are():
    text = f"Größe\n\n{from_left(SENTENCE)}\n\n| a | b |"
    read = f"| a |  b |\r\n{SENTENCE}\r\nGröße"

    assert reordered(text, read) == f"Größe\n\n{SENTENCE}\n\n| a | b |"


def test_a_page_whose_lines_are_cut_otherwise_is_taken_as_a_whole():
    text = f"{from_left(f'{TITLE} {SENTENCE}')}\nend"

    assert reordered(text, f"{TITLE}\r\n{SENTENCE}\r\nend") == f"{TITLE}\n{SENTENCE}\nend"


def test_letters_of_a_place_in_a_word_are_those_that_people_type():
    shaped = "\ufee3\ufec0\ufea8\ufe94"

    assert reordered("\u0645\u0636\u062e\u0629", shaped) == "\u0645\u0636\u062e\u0629"


def test_pages_in_other_scripts_and_damaged_files_stay_as_they_are():
    assert in_reading_order(b"no PDF", {1: "Größe"}) == {1: "Größe"}
    assert in_reading_order(b"no PDF", {1: TITLE}) == {1: TITLE}
