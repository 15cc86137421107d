"""Paragraphs, headings and tables of recognised lines, without the engine."""

import pytest

from ingestion.parsing.letters import Box, letters_of
from ingestion.parsing.scans.composing import compose_lines
from ingestion.parsing.scans.lines import Line

SIZE = 10.0
SIGN = 10.0
DOWN = 26.0


def line(text, row, *, left=0.0, block=1, size=SIZE, from_right=False):
    """A line whose letters are all as wide; two blanks stand for a gap of five."""
    words, boxes, at = [], [], left
    for word in text.replace("  ", " " * 5).split(" "):
        if word:
            start, end = at, at + len(word) * SIGN
            box = (-end, -start) if from_right else (start, end)
            boxes.append(Box(box[0], row * DOWN - 2 * size, box[1], row * DOWN))
            words.append(word)
        at += (len(word) + 1) * SIGN
    return Line(block, row * DOWN, size, words, boxes, letters=len(letters_of(text)))


def text_of_lines(lines):
    return compose_lines(lines, (1000, 1000))[0]


def composed(*rows, **kwargs):
    return text_of_lines([line(text, row, **kwargs) for row, text in enumerate(rows)])


def test_lines_are_joined_until_one_ends_early():
    text = composed(
        "The supplier keeps a record of every delivery and hands",
        "it out within two days. Records are kept for seven inter-",
        "esting years. Damage is reported.",
        "Temperatures are logged every ten minutes by two sensors",
        "and compared.",
    )

    assert text == (
        "The supplier keeps a record of every delivery and hands it out within two days. "
        "Records are kept for seven inter-\nesting years. Damage is reported.\n"
        "Temperatures are logged every ten minutes by two sensors and compared."
    )


def test_an_address_keeps_its_lines():
    address = ("Nordwind Kältetechnik GmbH", "Hafenstraße 14", "20457 Hamburg")

    assert composed(*address) == "\n".join(address)


def test_a_sentence_goes_on_at_the_top_of_the_next_column():
    first = [line("Il conduttore avvisa subito la", 0), line("proprietà e l'amministratore,", 1)]
    second = [
        line("che provvede entro cinque giorni", 0, left=500, block=2),
        line("lavorativi.", 1, left=500, block=2),
        line("Le spese sono divise a metà.", 3, left=500, block=2),
    ]

    assert text_of_lines(first + second) == (
        "Il conduttore avvisa subito la proprietà e l'amministratore, "
        "che provvede entro cinque giorni lavorativi.\n\nLe spese sono divise a metà."
    )


def test_a_line_that_is_indented_begins_a_paragraph_and_one_below_its_item_does_not():
    rows = [
        line("1. Visitors wear a badge at all times and are accompanied by a", 0),
        line("member of staff wherever they may go on the whole of the site.", 1, left=30),
        line("2. Telephones are switched off near the filling station there.", 2),
        line("This policy replaces all the earlier editions of it that exist", 3, left=100),
    ]

    assert [paragraph.split()[0] for paragraph in text_of_lines(rows).split("\n\n")] == [
        "1.",
        "This",
    ]
    assert "by a member of staff" in text_of_lines(rows)


def test_larger_letters_are_headings():
    body = [
        line(f"sentence {row} of a text that goes on and on and on, as they do", row)
        for row in range(3, 8)
    ]
    title = line("Maintenance of the plant", 0, size=20.0)
    subtitle = line("Scope of work", 2, size=12.5)
    shouted = line("IMPORTANT NOTICE", 9, size=13.0)

    paragraphs = text_of_lines([title, subtitle, *body, shouted]).split("\n\n")

    assert paragraphs[0] == "# Maintenance of the plant"
    assert paragraphs[1] == "## Scope of work"
    assert paragraphs[-1] == "IMPORTANT NOTICE"
    assert len(paragraphs) == 4


def test_a_table_has_rows_although_it_was_read_by_columns():
    names = [line(name, row, block=1) for row, name in enumerate(("Item", "Bolt", "Tape", "Belt"))]
    counts = [
        line(count, row, left=300 + 20 * (row > 0), block=2)
        for row, count in enumerate(("Pcs", "12", "40", "9"))
    ]
    prices = [
        line(price, row, left=600, block=3)
        for row, price in enumerate(("Price", "14.90 €", "3.25 €", "1.00 €"))
    ]
    lines = [*names, *counts, *prices]

    assert text_of_lines(lines).split("\n") == [
        "| Item | Pcs | Price |",
        "| Bolt | 12 | 14.90 € |",
        "| Tape | 40 | 3.25 € |",
        "| Belt | 9 | 1.00 € |",
    ]
    # Boxes are found by letters, so words stand in the order of the text.
    words = compose_lines(lines, (1000, 1000))[1]
    assert [word.box.left for word in words[:3]] == [0.0, 0.3, 0.6]


def row_of_table(*cells, at, block=1):
    places = (0, 60, 500, 650)
    return [
        line(text, at, left=left, block=block) for text, left in zip(cells, places, strict=True)
    ]


def test_a_cell_that_is_wrapped_is_one_row():
    lines = [
        *row_of_table("Pos", "Item", "Pcs", "Price", at=0),
        *row_of_table("1", "Service of the plant", "2", "280.00", at=1.5),
        line("North with all filters", 2.5, left=60),
        line("and seals", 3.5, left=60),
        *row_of_table("2", "Way there", "1", "96.00", at=5),
        *row_of_table("3", "Bolt", "4", "12.00", at=6.5),
    ]

    assert text_of_lines(lines).split("\n") == [
        "| Pos | Item | Pcs | Price |",
        "| 1 | Service of the plant North with all filters and seals | 2 | 280.00 |",
        "| 2 | Way there | 1 | 96.00 |",
        "| 3 | Bolt | 4 | 12.00 |",
    ]


def test_rows_with_empty_cells_and_headings_between_rows_are_no_wrapped_cells():
    rows = [
        *row_of_table("A", "North", "Jan", "5.00", at=0),
        *row_of_table("B", "South", "Jan", "6.00", at=1),
        *row_of_table("C", "East", "Jan", "7.00", at=2),
    ]
    amount = line("8.00", 3, left=650)
    heading = line("Others", 3)

    assert "| C | East | Jan | 7.00 |" in text_of_lines([*rows, amount])
    assert "| C | East | Jan | 7.00 |" in text_of_lines([*rows, heading])


@pytest.mark.parametrize("second", [("Am Markt 3", "69115 Bonn"), ("Datum: heute", "Ort: hier")])
def test_two_blocks_of_words_beside_each_other_are_no_table(second):
    left = [line(text, row) for row, text in enumerate(("Frau Köhler", *second, "Deutschland"))]
    right = [
        line(text, row, left=500, block=2)
        for row, text in enumerate(("Kunde: neu", "Zeichen: k", "Datum: alt", "Seite: eins"))
    ]

    assert "|" not in text_of_lines(left + right)


def test_scripts_from_the_right_are_told_by_their_other_side():
    rows = (
        "يمتد الضمان على جميع الأجزاء أربعة وعشرين شهرا من يوم التسليم",
        "ويبلغ العميل عن الأعطال.",
        "تفحص الشركة المضخة مرة واحدة في السنة كل عام",
    )

    text = composed(*rows, from_right=True)

    assert text == f"{rows[0]} {rows[1]}\n{rows[2]}"


def test_scripts_without_blanks_get_none():
    text = composed("契約は一年間有効とし双方が", "更新する")

    assert text == "契約は一年間有効とし双方が更新する"
