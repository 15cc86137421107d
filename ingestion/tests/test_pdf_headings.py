import io

import pytest
from fpdf import FPDF
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from documents.layout import PageAt
from ingestion.parsing.pdf import read_pdf
from ingestion.parsing.pdf_headings import ToldHeadings, headings_in, told_headings
from ingestion.parsing.types import Heading, ToldHeading
from youworker.tests.support.chromium import started_chromium

TEXT = "The zebra sleeps in the hall and eats what grows there. " * 4


@pytest.fixture(scope="module")
def printed():
    """Prints pages of HTML as Chromium does for people."""
    with started_chromium() as browser:
        page = browser.new_page()

        def to_pdf(body, **options):
            page.set_content(f"<!doctype html><title>T</title><body>{body}")
            return page.pdf(tagged=True, **options)

        yield to_pdf


def read(data):
    extract = read_pdf(data, "application/pdf")
    return extract.text, [(one.level, one.title) for one in extract.headings]


def content(writer):
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def written(*lines, size=12, style=""):
    """A page of lines of one size, as programs without tags write it."""
    document = FPDF()
    document.add_page()
    document.set_font("Helvetica", style, size)
    for line in lines:
        document.multi_cell(0, 8, line, new_x="LMARGIN", new_y="NEXT")
    return bytes(document.output())


def with_bookmarks(data, *titles):
    writer = PdfWriter(clone_from=io.BytesIO(data))
    above = {}
    for level, title in titles:
        above[level] = writer.add_outline_item(
            title=title, page_number=0, parent=above.get(level - 1)
        )
    return content(writer)


def test_headings_that_tags_name_are_all_of_them(printed):
    long = "Handbook of the warehouse for all who are new in the hall and want to know how it works"
    text, found = read(
        printed(
            f"<h1>{long}</h1><p>{TEXT}</p><table border><tr><td>Safety<td>3</table>"
            f"<h2>Safety</h2><p style='font-size:2em'>Running text</p><p>{TEXT}</p>"
            f"<h4>As large as text</h4><p>{TEXT}</p>"
            f"<h2 style='break-before:page'>On <em>page</em> two</h2><p>{TEXT}</p>"
        )
    )

    assert found == [
        (1, long),
        (2, "Safety"),
        (4, "As large as text"),
        (2, "On page two"),
    ]
    assert "Running text" in text


def test_a_tagged_heading_stands_at_its_own_line(printed):
    pdf = printed(f"<p>Overview of all</p><h2>Overview</h2><p>{TEXT}</p><h2>Overview</h2>{TEXT}")

    extract = read_pdf(pdf, "application/pdf")

    places = [one.offset for one in extract.headings]
    assert len(set(places)) == 2
    for place in places:
        assert extract.text[place:].split("\n")[0].strip() == "Overview"


@pytest.mark.parametrize(
    "title", ["מדריך המחסן החדש", "مقدمة الكتاب", "Öffnungszeiten für Übergänge &amp; Maße"]
)
def test_tagged_headings_in_other_scripts_are_found(printed, title):
    # Nothing but the tag sets it apart.
    look = "font: inherit; margin: 0"
    _, found = read(printed(f"<div dir=auto><h2 style='{look}'>{title}</h2></div><p>{TEXT}</p>"))

    assert [level for level, _ in found] == [2]


def test_tags_that_call_everything_a_heading_are_not_believed(printed):
    _, found = read(printed(f"<h3>{TEXT[:150]}</h3>" * 5))

    assert found == []


def test_bookmarks_are_headings_of_their_levels():
    pdf = with_bookmarks(
        written("1 Introduction", TEXT, "1.1 Of the zebra", TEXT, "Appendix A: More", TEXT),
        (1, "Introduction"),
        (2, "1.1  OF THE ZEBRA"),
        (1, "More"),
    )

    assert read(pdf)[1] == [(1, "1 Introduction"), (2, "1.1 Of the zebra"), (1, "Appendix A: More")]


def test_bookmarks_that_are_no_lines_are_no_headings():
    pdf = with_bookmarks(written("Hall", TEXT), (1, "zebra sleeps"), (1, "Cover"), (1, "page 3"))

    assert read(pdf)[1] == []


@pytest.mark.parametrize(
    ("lines", "title", "shown"),
    [
        (["A title of", "two lines", "x"], "A title of two lines", "A title of two lines"),
        (["12", "I am still lost", "x"], "I am still lost", "I am still lost"),
        (["3.1.2 I am lost", "x"], "I am lost", "3.1.2 I am lost"),
        (["Chapter 3", "The hall", "x"], "3 The hall", "The hall"),
        (["3.1", "The hall", "x"], "3.1 The hall", "3.1 The hall"),
        (["Kapitel 4: Eﬃzienz", "x"], "Effizienz", "Kapitel 4: Eﬃzienz"),
        (["IV. Rules", "x"], "4 Rules", "IV. Rules"),
        (["Rules of the hall", "x"], "Rules", None),
        (["The Rules", "x"], "Rules", None),
        (["one", "x"], "…", None),
    ],
)
def test_a_bookmark_is_the_line_that_says_it(lines, title, shown):
    text = "\n".join([*lines, TEXT])
    told = ToldHeadings(bookmarks=[ToldHeading(1, 2, title)])

    found = headings_in(text, [PageAt(0, 1)], told, [])

    assert [one.title for one in found] == ([] if shown is None else [shown])


def test_headings_of_the_layout_are_believed_between_bookmarks_only_as_headings():
    lines = ["1 One", "Deep", "text", "Part", "2 Two", "as it is.", "more", "3 Two 7", "Deeper"]
    lines += ["text", "Deeper", TEXT]
    text = "\n".join(lines)
    layout = [
        Heading(text.index(line), 1, line)
        for line in ("Deep", "Part", "as it is.", "3 Two 7", "Deeper")
    ]
    layout.append(Heading(text.rindex("Deeper"), 1, "Deeper"))
    marks = [ToldHeading(1, 1, "One"), ToldHeading(1, 1, "Two"), ToldHeading(1, 1, "Nowhere")]

    found = headings_in(text, [PageAt(0, 1)], ToldHeadings(bookmarks=marks), layout)

    assert [(one.level, one.title) for one in found] == [(1, "1 One"), (2, "Deep"), (1, "2 Two")]


def test_a_few_bookmarks_leave_the_headings_of_the_layout():
    lines = ["Cover", "x", "Alpha", "x", "Beta", "x", TEXT]
    text = "\n".join(lines)
    layout = [Heading(text.index(line), 2, line) for line in ("Alpha", "Beta")]

    found = headings_in(
        text, [PageAt(0, 1)], ToldHeadings((), [ToldHeading(1, 1, "Cover")]), layout
    )

    assert found == [Heading(0, 1, "Cover"), *layout]


def root_of(writer):
    return writer.root_object["/StructTreeRoot"]


def in_circles(writer):
    top = root_of(writer)["/K"]
    element = top.get_object()
    while isinstance(element, ArrayObject):
        element = element[0].get_object()
    element[NameObject("/K")] = ArrayObject([element.indirect_reference] * 500)


def without_types(writer):
    root_of(writer)[NameObject("/K")] = NumberObject(7)


def with_wrong_parents(writer):
    root_of(writer)[NameObject("/ParentTree")] = TextStringObject("no tree")


def with_mapped_names(writer):
    roles = DictionaryObject({NameObject("/H2"): NameObject("/H2")})
    root_of(writer)[NameObject("/RoleMap")] = roles


@pytest.mark.parametrize(
    "damage", [in_circles, without_types, with_wrong_parents, with_mapped_names]
)
def test_damaged_tags_leave_the_text_readable(printed, damage):
    writer = PdfWriter(clone_from=io.BytesIO(printed(f"<h2>Zebra</h2><p>{TEXT}</p>")))
    damage(writer)

    assert "zebra sleeps" in read(content(writer))[0]


def test_bookmarks_in_a_circle_end():
    writer = PdfWriter(clone_from=io.BytesIO(written("Alpha", TEXT, "Beta", TEXT)))
    first = writer.add_outline_item(title="Alpha", page_number=0)
    second = writer.add_outline_item(title="Beta", page_number=0)
    for one, two in ((first, second), (second, first)):
        one.get_object()[NameObject("/Next")] = two.indirect_reference
        one.get_object()[NameObject("/First")] = one.indirect_reference

    assert read(content(writer))[1] == [(1, "Alpha"), (1, "Beta")]


def test_a_file_that_is_no_pdf_tells_of_no_headings():
    assert told_headings(b"%PDF-1.7 and nothing else") == ToldHeadings()


def test_the_file_of_a_printed_page_has_its_bookmarks_too(printed):
    pdf = printed(f"<h1>Alpha</h1><p>{TEXT}</p><h2>Beta</h2>{TEXT}", outline=True)
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    for key in ("/StructTreeRoot", "/MarkInfo"):
        del writer.root_object[NameObject(key)]

    assert PdfReader(io.BytesIO(pdf)).outline
    assert read(content(writer))[1] == [(1, "Alpha"), (2, "Beta")]
