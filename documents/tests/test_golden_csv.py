"""Tables of golden questions: what spreadsheets write is read, and what is written is safe."""

import csv
import io
from uuid import UUID

import pytest

from documents.golden_csv import MOST_BYTES, MOST_ROWS, GoldenRow, read_table, write_table
from youworker.core.exceptions import InvalidInput, TooLarge

PK = UUID("018f2f3e-0000-7000-8000-000000000001")
FULL = GoldenRow(
    question="Wie lädt man, „schnell“; eine Tabelle?",
    addresses=("sql-copy.html", "*/manual/*.pdf"),
    document_ids=(PK,),
    passage="COPY moves data\nbetween tables",
    answer="COPY\n27 days|twenty-seven days",
    follows="What is a table?",
    collection="Handbücher",
    language="de",
    note='said "so"',
)
PLAIN = "question{0}addresses\r\nHow?{0}a.html\r\n"


def test_a_table_comes_back_as_it_was_written():
    unknown = GoldenRow("Who knows?", unanswerable=True)

    assert read_table(write_table([FULL, unknown]).encode()) == [FULL, unknown]


@pytest.mark.parametrize(("cell", "said"), [("Sì", True), ("TRUE", True), ("no", False)])
def test_yes_and_no_are_read_as_people_write_them(cell, said):
    rows = read_table(
        f"question;addresses;unanswerable\nHow?;{'' if said else 'a'};{cell}".encode()
    )

    assert rows[0].unanswerable is said


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "'", "'="])
def test_no_cell_is_computed_by_a_spreadsheet_and_none_changes(start):
    row = GoldenRow(f"{start}cmd|' /C calc'!A0", ("=a.html",), note=f"{start}1")

    table = write_table([row])

    cells = list(csv.reader(io.StringIO(table.removeprefix("\ufeff"))))[1]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert read_table(table.encode())[0].question == row.question
    assert read_table(table.encode())[0].note == row.note


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_what_spreadsheets_write_is_read(separator, encoding):
    text = f"Question{separator}ADDRESSES\r\nPerché?{separator}a.html|b.html\r\n\r\n{separator}\r\n"

    rows = read_table(text.encode(encoding))

    assert rows == [GoldenRow("Perché?", ("a.html", "b.html"))]


def test_excels_own_line_about_the_separator_is_understood():
    assert read_table(b"sep=;\r\nquestion;addresses\r\na, b?;c.html\r\n") == [
        GoldenRow("a, b?", ("c.html",))
    ]


def test_a_quoted_cell_may_have_lines_and_separators():
    rows = read_table(b'question,addresses,note\n"one,\ntwo?",a.html,"x\x0by"\n')

    assert rows[0].question == "one,\ntwo?"
    assert rows[0].note == "x\x0by"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "There are no questions in this table."),
        ("question,addresses\n", "There are no questions in this table."),
        ("what,addresses\nHow?,a\n", "The first line has to name the columns"),
        ("question,colour\nHow?,red\n", "The first line has to name the columns"),
        ("question,addresses\n,a.html\n", "Line 2 has no question."),
        ("question,addresses\nHow?,\n", "Line 2 names no document."),
        ("question,addresses\nHow?, | \n", "Line 2 names no document."),
        ("question,unanswerable\nHow?,maybe\n", "Line 2: “maybe” is neither yes nor no."),
        ("question,answer,unanswerable\nHow?,27,yes\n", "a question that nobody can answer"),
        ("question,document_ids\nHow?,7\n", "Line 2: 7 is no id of a document."),
        (f"question,addresses\n{'x' * 501},a\n", "“question” has more than 500 characters."),
        (f"question,addresses\nHow?,{'x' * 501}\n", "Line 2 has an address that is too long."),
        ('question,addresses\n"How?,a\n', "Line 2 cannot be read as CSV."),
    ],
)
def test_what_is_no_table_of_questions_is_refused_with_its_line(text, words):
    with pytest.raises(InvalidInput) as refusal:
        read_table(text.encode())

    assert words in refusal.value.message


def test_a_table_has_a_bounded_size():
    with pytest.raises(TooLarge):
        read_table(b"x" * (MOST_BYTES + 1))
    with pytest.raises(TooLarge):
        read_table(("question,addresses\n" + "a,b\n" * MOST_ROWS).encode())


def test_null_characters_do_not_reach_the_database():
    assert read_table(b"question,addresses\nHo\x00w?,a.html\n")[0].question == "How?"
