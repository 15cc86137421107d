import pytest
from fpdf import FPDF

from ingestion.parsing.running_lines import without_contents, without_running_lines


class Report(FPDF):
    def header(self):
        self.set_font("Helvetica", "", 9)
        self.cell(0, 8, "ACME travel policy 2026", new_x="LMARGIN", new_y="NEXT")

    def footer(self):
        self.set_y(-15)
        self.set_font("Helvetica", "", 8)
        self.cell(0, 10, f"Confidential   Page {self.page_no()} of 12", align="C")


@pytest.fixture
def report():
    """A document with running lines, a table of contents and a chapter on each page."""
    paper = Report()
    paper.add_page()
    for number in range(1, 12):
        paper.cell(
            0,
            6,
            f"{number} Chapter {number} {'.' * 50} {number + 1}",
            new_x="LMARGIN",
            new_y="NEXT",
        )
    for number in range(1, 12):
        paper.add_page()
        paper.set_font("Helvetica", "B", 18)
        paper.cell(0, 12, f"Chapter {number}", new_x="LMARGIN", new_y="NEXT")
        paper.set_font("Helvetica", "", 11)
        paper.multi_cell(
            0, 6, f"On page {number} the zebra sleeps, and walks {number * 7} km. " * 9
        )
    return bytes(paper.output())


def test_what_pages_repeat_is_there_once(read, report):
    parsed = read(report, "a.pdf")

    assert parsed.text.count("ACME travel policy 2026") == 1
    assert parsed.text.count("Confidential") == 1
    assert "....." not in parsed.text
    # What is left of the first page is too short for a passage of its own.
    assert [passage.page for passage in parsed.passages] == [1, *range(3, 13)]
    for passage in parsed.passages[1:]:
        number = passage.page - 1
        assert passage.text.startswith(f"Chapter {number}")
        assert passage.heading == f"Chapter {number}"
        assert parsed.text[passage.start : passage.end] == passage.text


def test_page_numbers_alone_go():
    pages = [f"Text of page {word}.\nMore.\n{n}" for n, word in enumerate("abcdef", start=7)]

    shown = without_running_lines(pages)

    assert shown[0].endswith("\n7")
    assert shown[1:] == [f"Text of page {word}.\nMore." for word in "bcdef"]


def test_left_and_right_pages_have_heads_of_their_own():
    heads = ["Left head", "Right head"]
    pages = [f"{heads[n % 2]}\nWords {word}\nand more" for n, word in enumerate("abcdefgh")]

    shown = "\n".join(without_running_lines(pages))

    assert (shown.count("Left head"), shown.count("Right head")) == (1, 1)


@pytest.mark.parametrize(
    "pages",
    [
        ["Same\nbody"] * 2,
        [f"Order {n * n}\nbody {word}" for n, word in enumerate("abcdef")],
        ["one", "two", "three", "four"],
        [f"body {word}\nGrand total: {n * 13}" for n, word in enumerate("abcdef")],
        ["x\n" * 10 + f"middle\n{word}\n" + "y\n" * 9 + "z" for word in ("a", "b")],
        [],
        ["", "", ""],
    ],
)
def test_other_lines_stay(pages):
    assert without_running_lines(pages) == [page.strip() for page in pages]


def test_a_page_of_one_repeated_line_keeps_it():
    assert without_running_lines(["Only this"] * 5)[0] == "Only this"


def test_a_price_list_is_no_table_of_contents():
    prices = ["\n".join(f"Coffee {n} ........ {n + 2}" for n in range(6)), "x"]

    assert without_contents(prices) == prices


def test_an_index_at_the_end_does_not_keep_the_table_of_contents():
    contents = "\n".join(f"Part {n} . . . . . . {n}" for n in range(1, 7))
    index = "\n".join(
        f"{word} . . . . . . {n}" for word, n in zip("abcd", (6, 2, 5, 1), strict=True)
    )
    pages = [f"Contents\n{contents}", *["A page of text."] * 6, index]

    assert without_contents(pages) == ["Contents", *pages[1:]]


def test_contents_of_several_pages_are_one_table():
    first, second = ("\n".join(f"Part {n} ..... {n}" for n in range(m, m + 5)) for m in (1, 6))
    text = ["A page of text."] * 10

    assert without_contents([first, second, *text]) == ["", "", *text]
    assert without_contents([second, first, *text]) == [second, first, *text]


def test_a_document_that_is_a_table_of_contents_keeps_it(read):
    paper = FPDF()
    paper.add_page()
    paper.set_font("Helvetica", "", 11)
    for number in range(6):
        paper.cell(0, 6, f"Part {number} {'.' * 40} 1", new_x="LMARGIN", new_y="NEXT")

    assert "Part 5" in read(bytes(paper.output()), "a.pdf").text
