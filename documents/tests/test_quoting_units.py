from __future__ import annotations

import pytest

from documents.quoting.units import Form, units_of


def forms(text):
    return [(unit.form.name, unit.words) for unit in units_of(text)]


def test_headings_are_above_their_units_and_none_themselves():
    text = "# Pumps\n\nThey move water.\n\n## Oil\n\nChange it. Use G3.\n\n# Scales\n\nThey weigh."

    found = [(unit.words, unit.heading) for unit in units_of(text)]

    assert found == [
        ("They move water.", "Pumps"),
        ("Change it.", "Pumps Oil"),
        ("Use G3.", "Pumps Oil"),
        ("They weigh.", "Scales"),
    ]


def test_lines_that_look_like_headings_are_some():
    text = "SERVICE\n\n2. Response times\nWe answer within four hours.\n\n3. Fee\nIt is 20 euro."

    found = [(unit.words, unit.heading) for unit in units_of(text)]

    assert found == [
        ("We answer within four hours.", "Response times"),
        ("It is 20 euro.", "Fee"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "The pump is red",
        "Room: 5\n\nPassword: sesame",
        "a line in small letters\n\nAnd a sentence.",
    ],
)
def test_what_may_be_said_is_no_heading(text):
    assert " ".join(words for _, words in forms(text)) == " ".join(text.split())


def test_steps_and_items_are_units_of_one_group():
    steps = "1. Open the valve\n   by one turn.\n2. Close it.\n\nThen wait.\n\n- red\n- green"

    found = units_of(steps)

    assert [(unit.form, unit.words) for unit in found] == [
        (Form.STEP, "Open the valve by one turn."),
        (Form.STEP, "Close it."),
        (Form.SENTENCE, "Then wait."),
        (Form.ITEM, "red"),
        (Form.ITEM, "green"),
    ]
    assert [unit.group for unit in found] == [1, 1, 0, 2, 2]


def test_items_with_empty_lines_between_them_are_one_list():
    assert {unit.group for unit in units_of("1. Open it.\n\n2. Turn it.\n\n3. Close it.")} == {1}


def test_a_long_item_is_several_sentences():
    text = "- " + "The pump moves water uphill all day. " * 6

    assert len(units_of(text)) == 6


@pytest.mark.parametrize(
    "table",
    [
        "| Code | Meaning |\n|---|---|\n| E01 | hot |\n| E04 | leak |",
        "| Code | Meaning |\n| E01 | hot |\n| E04 | leak |",
    ],
)
def test_rows_stand_under_the_head_of_their_table(table):
    found = units_of(table)

    assert [(unit.form, unit.words) for unit in found] == [
        (Form.ROW, "E01 | hot"),
        (Form.ROW, "E04 | leak"),
    ]
    assert {unit.header for unit in found} == {"| Code | Meaning |"}


@pytest.mark.parametrize(
    "rows", [["| Rome | Ada | 120 |", "| Pisa | Bob | 85 |"], ["| Rome | Ada | 120 |"]]
)
def test_further_rows_of_a_table_stand_under_the_columns_that_end_the_heading(rows):
    found = units_of("\n".join(rows), "cities.xlsx\nLong > City | Mayor | Inhabitants")

    assert [unit.text for unit in found] == rows
    assert {unit.header for unit in found} == {"| City | Mayor | Inhabitants |"}


def test_only_the_table_that_a_passage_begins_with_is_continued():
    later = "| Code | Meaning |\n| E01 | hot |"
    found = units_of(f"| Rome | Ada |\n| Pisa | Bob |\n\nAfter that.\n\n{later}", "City | Mayor")

    assert [unit.header for unit in found if unit.form is Form.ROW] == [
        "| City | Mayor |", "| City | Mayor |", "| Code | Meaning |",
    ]  # fmt: skip


@pytest.mark.parametrize("heading", ["Our site | Home", "Home > Prices"])
def test_a_table_that_begins_here_has_its_own_head(heading):
    (found,) = units_of("| Code | Meaning |\n|---|---|\n| E01 | hot |", heading)

    assert (found.text, found.header) == ("| E01 | hot |", "| Code | Meaning |")


@pytest.mark.parametrize("sign", [";", ","])
def test_lines_with_the_same_signs_are_rows(sign):
    lines = ["code;name;price;stock", "A1;Pump;12;yes", "B2;Scale;30;no"]

    found = units_of("\n".join(lines).replace(";", sign))

    assert [unit.text for unit in found] == [line.replace(";", sign) for line in lines[1:]]
    assert found[0].header == lines[0].replace(";", sign)


def test_code_stays_whole():
    text = "Run it:\n\n```sh\nmake run\n\n# not a heading\nmake test\n```\n\nDone at last."

    found = units_of(text)

    assert [unit.form for unit in found] == [Form.SENTENCE, Form.CODE, Form.SENTENCE]
    assert found[1].text == "```sh\nmake run\n\n# not a heading\nmake test\n```"
    assert found[2].heading == ""


FREQUENT = """The tanks are cleaned on Fridays.
1. May I bring a dog?
Only a small one. On a leash.
| Dog | Cat |
Who has the key?

The guard. Ask him.

What is this? Nobody knows.
Is it?
Is it not?
"""


def test_questions_on_lines_of_their_own_are_headings_of_their_answers():
    found = [(unit.words, unit.question) for unit in units_of(FREQUENT)]

    assert found == [
        ("The tanks are cleaned on Fridays.", ""),
        ("Only a small one.", "May I bring a dog?"),
        ("On a leash.", "May I bring a dog?"),
        ("Dog | Cat", ""),
        ("The guard.", "Who has the key?"),
        ("Ask him.", "Who has the key?"),
        *((words, "Who has the key?") for words in ("What is this?", "Nobody knows.")),
        *((words, "Who has the key?") for words in ("Is it?", "Is it not?")),
    ]


@pytest.mark.parametrize(
    "text", ["", "\n \n", "```", "```\nno end", "#", "|", "| |\n|-|", "- ", "1."]
)
def test_odd_texts_are_divided_too(text):
    assert isinstance(units_of(text), list)


def test_what_is_repeated_for_each_row_is_short():
    found = units_of("| " + "long head " * 500 + "|\n| a | b |\n| c | d |")

    assert all(len(unit.header) <= 300 for unit in found)


@pytest.mark.parametrize("text", ["```sh\nmake run", "~~~\nmake run\n", "```"])
def test_code_that_a_passage_cuts_off_is_closed(text):
    (found,) = units_of(text)

    lines = found.text.splitlines()
    assert len(lines) > 1
    assert lines[-1] == lines[0][:3]
