"""Tables of pages and messages: for the layout, within each other, and of rows and columns."""

import pytest

from ingestion.parsing.webpage import read_webpage

ITEMS = "<table><tr><th>Item</th><th>Price</th></tr><tr><td>Lamp</td><td>20 euro</td></tr></table>"


def table(*rows, attributes=""):
    cells = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    return f"<table {attributes}>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"


def text_of(body):
    return read_webpage(f"<html><body>{body}</body></html>".encode(), "text/html").text


def test_what_a_table_says_within_a_cell_is_text_of_the_cell():
    equipment = table(["P<b>400</b>", 2], ["Whiteboard", ""], ["", ""])
    page = f"<table><tr><th>Room</th><th>With</th></tr><tr><td>Venus</td><td>{equipment}</td></tr>"

    assert text_of(page + "</table>") == "| Room | With |\n| Venus | P400, 2; Whiteboard |"


def test_rows_of_an_order_are_rows_where_each_product_is_a_table():
    # As shops send it: without heads, a picture and a name side by side in the first cell.
    lamp, desk = (table(["<img src='x'>", f"{name}<br>blue"]) for name in ("Lamp", "Desk"))

    text = text_of(table(["Product", "Price"], [lamp, "20 euro"], [desk, "120 euro"]))

    lines = [" ".join(line.split()) for line in text.split("\n")]
    assert lines == ["| Product | Price |", "| Lamp blue | 20 euro |", "| Desk blue | 120 euro |"]


@pytest.mark.parametrize(
    "around",
    [
        lambda inner: table([table(["Dear Anna,"], ["it was sent."])], [inner]),
        lambda inner: table(["Dear Anna,<p>it was sent.</p>", inner]),
        lambda inner: table([table([table(["Dear Anna,"], ["it was sent."], [inner])])]),
        lambda inner: table(
            ["Dear Anna,", ""],
            ["it was sent.", "<br>"],
            ["", inner],
            attributes="role=presentation",
        ),
    ],
)
def test_cells_of_a_layout_are_blocks(around):
    rows = "| Item | Price |\n| Lamp | 20 euro |"

    assert text_of(around(ITEMS)) == f"Dear Anna,\n\nit was sent.\n\n{rows}"


def test_cells_that_all_call_themselves_heads_are_a_layout():
    # As Foundation for Emails writes columns, with a cell behind that takes the room.
    column = "<table><tr><th>{}</th><th></th></tr></table>"
    cells = "".join(f"<th>{column.format(text)}</th>" for text in ("<h1>Thanks</h1>", ITEMS))

    text = text_of(f"<table><tr>{cells}</tr></table>")

    assert text == "# Thanks\n\n| Item | Price |\n| Lamp | 20 euro |"


def test_headings_within_a_layout_are_headings():
    assert text_of(table(["<h2>News</h2><p>We moved.</p>"])) == "## News\n\nWe moved."


def test_one_column_with_a_head_is_a_table():
    page = "<table><tr><th>Column</th></tr><tr><td>oid<br>of a row</td></tr></table>"

    assert text_of(page) == "| Column |\n| oid of a row |"


def test_notes_numbered_by_pictures_are_rows():
    notes = table(["<img alt='1'>", "the name"], ["<img alt='2'>", "the size"])

    assert text_of(notes) == "| 1 | the name |\n| 2 | the size |"


def test_a_page_nested_too_deeply_for_a_tree_keeps_its_text():
    page = "<table><tr><td>" * 400 + "Dear Anna," + "</td></tr></table>" * 400

    assert "Dear Anna," in text_of(page)


def test_a_table_that_never_ends_is_read():
    assert text_of("<table><tr><td>one<table><tr><td>two") == "one\n\ntwo"
