import io

import pptx
import pytest
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI
from pptx.oxml import parse_xml
from pptx.util import Inches

from ingestion.parsing.types import ParseFailed
from ingestion.tests import office_files as made

DRAWING = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
SHOW = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
BLANK, CONTENT, TITLE_ONLY = 6, 1, 5


@pytest.fixture
def show():
    return pptx.Presentation()


def added(show, layout=CONTENT, title=None):
    slide = show.slides.add_slide(show.slide_layouts[layout])
    if title:
        slide.shapes.title.text = title
    return slide


def content(show):
    buffer = io.BytesIO()
    show.save(buffer)
    return buffer.getvalue()


def boxed(slide, words):
    box = slide.shapes.add_textbox(0, 0, Inches(2), Inches(1))
    box.text_frame.text = words
    return box


def test_characters_are_kept_as_they_are(read, show):
    slide = added(show, title="R&D <plan>")
    slide.placeholders[
        1
    ].text = "Name:\tAda\n5 <= 6 & #1 *a* \\ [x](y)\vnext Donau\u00addampf E\u2011Mail"

    assert read(content(show)).text == (
        "## R&D <plan>\n\nName:\tAda\n5 <= 6 & #1 *a* \\ [x](y)\nnext Donaudampf E-Mail"
    )


def test_notes_stand_below_their_slide(read, show):
    slide = added(show, TITLE_ONLY, "One")
    slide.notes_slide.notes_text_frame.text = "Say hello & smile.\nThen\tleave."
    added(show, TITLE_ONLY, "Two").notes_slide.notes_text_frame.text = ""

    parsed = read(content(show))

    assert parsed.text == "## One\n\n### Notes\n\nSay hello & smile.\nThen\tleave.\n\n## Two"
    assert parsed.pages == 2


def test_passages_of_notes_know_slide_and_page(read, show):
    for number in (1, 2):
        slide = added(show, title=f"Slide {number}")
        slide.placeholders[1].text = "Many words are here. " * 25
        slide.notes_slide.notes_text_frame.text = "What is said aloud. " * 10

    found = [(one.page, one.heading) for one in read(content(show)).passages]

    assert found == [
        (number, heading)
        for number in (1, 2)
        for heading in (f"Slide {number}", f"Slide {number} > Notes")
    ]


def test_groups_tables_and_charts_are_read_in_order(read, show):
    slide = added(show, TITLE_ONLY, "All")
    group = slide.shapes.add_group_shape().shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = "In a group"
    table = slide.shapes.add_table(2, 2, 0, 0, Inches(4), Inches(1)).table
    table.cell(0, 0).text, table.cell(0, 1).text = "a & b", "x\ny"
    table.cell(1, 0).merge(table.cell(1, 1))
    table.cell(1, 0).text = "merged"
    figures = CategoryChartData()
    figures.categories = ["East", "West"]
    figures.add_series("Sales", (1.5, 2.5))
    place = (0, 0, Inches(3), Inches(2))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *place, figures).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Growth & loss"
    boxed(slide, "At last")

    assert read(content(show)).text == (
        "## All\n\nIn a group\n\n| a & b | x y |\n| merged |  |\n\n"
        "Growth & loss\nSales\nEast\nWest\n\nAt last"
    )


def test_a_title_comes_first_wherever_it_stands(read, show):
    slide = added(show, TITLE_ONLY, "The title")
    boxed(slide, "a box")
    tree = slide.shapes._spTree  # noqa: SLF001 -- as PowerPoint orders them
    tree.append(slide.shapes.title.element)

    assert read(content(show)).text == "## The title\n\na box"


def test_hidden_and_empty_slides_count_as_pages(read, show):
    added(show, TITLE_ONLY, "Hidden").element.set("show", "0")
    added(show, BLANK)
    boxed(added(show, BLANK), "The third slide. " * 20)

    parsed = read(content(show))

    assert parsed.pages == 3
    assert [one.page for one in parsed.passages][-1] in {1, 3}
    assert "Hidden" in parsed.text


def paragraph(show, inner):
    frame = boxed(added(show, BLANK), "x ").text_frame
    for run in parse_xml(f"<a:p {DRAWING} {SHOW}>{inner}</a:p>"):
        frame.paragraphs[0]._p.append(run)  # noqa: SLF001 -- what the library does not write
    return content(show)


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        (
            '<a:fld id="{1}" type="slidenum"><a:t>3</a:t></a:fld><a:r><a:t>end</a:t></a:r>',
            "x end",
        ),
        ('<a:fld id="{1}" type="datetime1"><a:t>4 May</a:t></a:fld>', "x 4 May"),
        ("<a:r><a:t>a</a:t></a:r><a:br/><a:r><a:t>b</a:t></a:r>", "x a\nb"),
        ("<a:r><a:t>a_x000B_b_x0041_ _xZZ_</a:t></a:r>", "x a\nbA _xZZ_"),
        ("<a:r><a:t>_xD800__x0000_a_x0009_b</a:t></a:r>", "x a\tb"),
    ],
)
def test_fields_and_breaks(read, show, inner, text):
    assert read(paragraph(show, inner)).text == text


def test_lists_show_points_numbers_and_depth(read, show):
    frame = boxed(added(show, BLANK), "").text_frame
    for properties, words in [
        ('<a:buAutoNum type="arabicPeriod"/>', "one"),
        ('<a:buAutoNum type="arabicPeriod"/>', "two"),
        ('<a:buChar char="•"/>', "point"),
    ]:
        line = f"<a:pPr lvl='1'>{properties}</a:pPr><a:r><a:t>{words}</a:t></a:r>"
        new = parse_xml(f"<a:p {DRAWING}>{line}</a:p>")
        frame._txBody.append(new)  # noqa: SLF001 -- what the library does not write

    assert read(content(show)).text == "  1. one\n  2. two\n  - point"


def test_diagrams_are_read(read, show):
    slide = added(show, TITLE_ONLY, "One")
    diagram = 'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram"'
    points = "".join(
        f"<dgm:pt><dgm:t><a:p><a:r><a:t>{words}</a:t></a:r></a:p></dgm:t></dgm:pt>"
        for words in ("Plan &amp; do", "Check")
    )
    data = f"<dgm:dataModel {diagram} {DRAWING}>{points}</dgm:dataModel>"
    name, owner = PackURI("/ppt/diagrams/data1.xml"), slide.part.package
    part = Part(name, "application/xml", owner, data.encode())
    key = slide.part.relate_to(part, f"{made.OFFICE}/relationships/diagramData")
    related = f'<dgm:relIds {diagram} xmlns:r="{made.OFFICE}/relationships" r:dm="{key}"/>'
    frame = f"<p:graphicFrame {SHOW} {DRAWING}><a:graphic>{related}</a:graphic></p:graphicFrame>"
    slide.shapes.title.element.addnext(parse_xml(frame))

    assert read(content(show)).text == "## One\n\nPlan & do\nCheck"


def test_comments_are_read(read, show):
    slide = added(show, TITLE_ONLY, "One")
    comments = f'<p:cmLst {SHOW}><p:cm authorId="0"><p:text>Is it &lt; 5?</p:text></p:cm></p:cmLst>'
    name, owner = PackURI("/ppt/comments/comment1.xml"), slide.part.package
    part = Part(name, "application/xml", owner, comments.encode())
    slide.part.relate_to(part, f"{made.OFFICE}/relationships/comments")

    assert read(content(show)).text == "## One\n\n[Comment: Is it < 5?]"


@pytest.mark.parametrize("name", ["a.pptx", "a.pptm", "a.ppsx", "a.ppsm", "a.potx", "a.potm"])
def test_every_ending_is_a_presentation(read, show, name):
    added(show, TITLE_ONLY, "One")

    parsed = read(content(show), name)

    assert (parsed.text, parsed.mime.rpartition(".")[2]) == ("## One", "presentation")


def test_a_presentation_without_slides_has_no_text(read, show):
    with pytest.raises(ParseFailed) as caught:
        read(content(show))

    assert caught.value.code == "no_text"
