"""Documents of Office and OpenDocument whose text is in their pictures."""

import base64
import io

import docx
import openpyxl
import pptx
import pytest
from openpyxl.drawing.image import Image as SheetPicture
from PIL import Image

from ingestion.parsing.scans import opening
from ingestion.parsing.scans.rules import (
    NO_TEXT,
    OFF,
    UNRECOGNISED,
    PictureText,
    Scanning,
    ScanRules,
)
from ingestion.parsing.sentences import READ_BY_OCR
from ingestion.parsing.types import ParseFailed
from ingestion.tests import office_files as made
from ingestion.tests.open_files import flattened, opened

WORDS = "Lieferung nach München verzögert sich um fünf Tage"
LONG = "Nothing in this paragraph is about any delivery. " * 6
GREEN = Image.new("RGB", (300, 200), "green")


@pytest.fixture
def picture(data):
    return (data / "screenshot.png").read_bytes()


def saved(document):
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def drawn(image, form="PNG"):
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


def word(*content):
    """A Word file of paragraphs and pictures."""
    document = docx.Document()
    for one in content:
        if isinstance(one, str):
            document.add_paragraph(one)
        else:
            document.add_picture(io.BytesIO(one))
    return saved(document)


def old_drawing(picture):
    """A picture in a Word file as Word of 2003 draws one."""
    return made.zipped(
        {
            "[Content_Types].xml": made.TYPES,
            "_rels/.rels": made.relations(("rId1", "officeDocument", "word/document.xml")),
            "word/document.xml": made.part(
                "document",
                '<w:body><w:p><w:r><w:pict><v:shape><v:imagedata r:id="p"/></v:shape></w:pict>'
                "</w:r></w:p></w:body>",
            ),
            "word/_rels/document.xml.rels": made.relations(("p", "image", "media/a.png")),
            "word/media/a.png": picture,
        }
    )


def sheets(picture):
    book = openpyxl.Workbook()
    book.active.add_image(SheetPicture(io.BytesIO(picture)), "B2")
    return saved(book)


def frame(kind="", inner='<draw:image xlink:href="./Pictures/a.png"/>'):
    return f'<draw:frame presentation:class="{kind}">{inner}</draw:frame>'


def open_file(kind, body, picture):
    return opened(
        kind, f"<office:{kind}>{body}</office:{kind}>", others={"Pictures/a.png": picture}
    )


def open_text(picture, words=""):
    return open_file("text", f"<text:p>{words}{frame()}</text:p>", picture)


def flat_frame(picture):
    encoded = base64.encodebytes(picture).decode()
    return frame(
        inner=f"<draw:image><office:binary-data>{encoded}</office:binary-data></draw:image>"
    )


def flat_text(picture):
    body = f"<office:text><text:p>{flat_frame(picture)}</text:p></office:text>"
    return flattened(opened("text", body), "text")


def open_sheets(picture):
    shapes = f"<table:shapes>{frame()}</table:shapes>"
    return open_file("spreadsheet", f'<table:table table:name="A">{shapes}</table:table>', picture)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.docx", word),
        ("a.docx", old_drawing),
        ("a.xlsx", sheets),
        ("a.odt", open_text),
        ("a.fodt", flat_text),
        ("a.ods", open_sheets),
    ],
)
def test_pictures_of_a_document_without_text_are_read(read, picture, name, make):
    parsed = read(make(picture), name)

    assert WORDS in parsed.text
    assert parsed.notes == [READ_BY_OCR]


@pytest.mark.slow
def test_a_word_or_two_above_a_picture_are_read_before_it(read, picture):
    parsed = read(word("Bildschirm vom 3. Mai", picture), "a.docx")

    assert parsed.text.startswith("Bildschirm vom 3. Mai\n\n")
    assert WORDS in parsed.text


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.docx", lambda picture: word(LONG, picture)),
        ("a.odt", lambda picture: open_text(picture, LONG)),
    ],
)
def test_pictures_beside_text_are_not_read(read, picture, name, make):
    parsed = read(make(picture), name)

    assert parsed.text == LONG.strip()
    assert parsed.notes == []


@pytest.mark.slow
def test_pictures_are_read_on_slides_that_have_a_title_only(read, picture):
    show = pptx.Presentation()
    for words in ("", "Eigene Worte"):
        slide = show.slides.add_slide(show.slide_layouts[5])
        slide.shapes.title.text = "Stand"
        slide.shapes.add_picture(io.BytesIO(picture), 0, 0)
        if words:
            slide.shapes.add_textbox(0, 0, 99, 99).text_frame.text = words
        slide.notes_slide.notes_text_frame.text = "Notiz"

    parsed = read(saved(show), "a.pptx")

    first, second = parsed.text.split("## Stand")[1:]
    assert first.index(WORDS) < first.index("### Notes\n\nNotiz")
    assert second == "\n\nEigene Worte\n\n### Notes\n\nNotiz"
    assert (parsed.pages, parsed.notes) == (2, [READ_BY_OCR])


@pytest.mark.slow
def test_pictures_are_read_on_open_slides_that_have_a_title_only(read, picture):
    title = frame("title", "<draw:text-box><text:p>Stand</text:p></draw:text-box>")
    footer = frame("footer", "<draw:text-box><text:p>Vertraulich</text:p></draw:text-box>")
    own = "<draw:text-box><text:p>Eigene Worte</text:p></draw:text-box>"
    notes = f"<presentation:notes>{frame('notes', own)}</presentation:notes>"
    slides = (title + footer + frame() + notes, title + frame(inner=own) + frame())
    body = "".join(f"<draw:page>{slide}</draw:page>" for slide in slides)

    parsed = read(open_file("presentation", body, picture), "a.odp")

    first, second = parsed.text.split("## Stand")[1:]
    assert first.index(WORDS) < first.index("### Notes\n\nEigene Worte")
    assert second == "\n\nEigene Worte"


def test_pictures_of_each_slide_are_read_in_one_piece_of_xml(read, picture, monkeypatch):
    monkeypatch.setattr(opening, "text_of", lambda image: PictureText(str(image.size), ""))
    other = io.BytesIO()
    GREEN.save(other, "PNG")
    slides = (flat_frame(picture), flat_frame(other.getvalue()))
    body = "".join(f"<draw:page>{slide}</draw:page>" for slide in slides)
    kind = "presentation"

    parsed = read(flattened(opened(kind, f"<office:{kind}>{body}</office:{kind}>"), kind), "a.fodp")

    sizes = [str(Image.open(io.BytesIO(each)).size) for each in (picture, other.getvalue())]
    assert parsed.text.split("\n\n") == sizes


def test_headings_in_a_picture_are_those_of_the_document(read, picture, monkeypatch):
    recognised = PictureText("# Abnahme\n\nDie Prü-\nfung ist bestanden.", "")
    monkeypatch.setattr(opening, "text_of", lambda _: recognised)
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[5])
    slide.shapes.title.text = "Stand"
    slide.shapes.add_picture(io.BytesIO(picture), 0, 0)

    parsed, slides = read(word(picture), "a.docx"), read(saved(show), "a.pptx")

    assert parsed.text == "# Abnahme\n\nDie Prüfung ist bestanden."
    assert parsed.passages[0].heading == "Abnahme"
    assert slides.text == "## Stand\n\n### Abnahme\n\nDie Prüfung ist bestanden."


@pytest.mark.slow
def test_pictures_of_a_document_count_as_pages_do(scan, picture, data):
    content = word(picture, (data / "telephone.jpg").read_bytes())
    told = []

    parsed = scan(content, "a.docx", scanning=Scanning(report=told.append))
    limited = scan(content, "a.docx", most_pages=1)

    assert [(page.number, page.total) for page in told if page] == [(1, 2), (2, 2)]
    assert "Niccolò" in parsed.text
    assert "Niccolò" not in limited.text
    assert limited.notes == [READ_BY_OCR, "Only the first 1 scanned pages were read."]


@pytest.mark.slow
def test_a_picture_that_is_damaged_or_of_another_kind_is_passed_over(read, picture):
    drawing = b"\x01\x00\x00\x00" + bytes(200)
    body = "".join(f'<draw:image xlink:href="{name}"/>' for name in ("b", "c", "../d", "a", "a"))
    content = opened(
        "text",
        f"<office:text><text:p>{body}</text:p></office:text>",
        others={"a": picture, "b": picture[:300], "c": drawing},
    )

    parsed = read(content, "a.odt")

    assert parsed.text.count(WORDS) == 1


def test_damaged_pictures_count_as_pages_do(scan, picture):
    broken = picture[: len(picture) // 2]
    told = []
    rules = ScanRules(most_pages=2)
    names = [f"<draw:image xlink:href='{number}'/>" for number in range(4)]
    content = opened(
        "text",
        f"<office:text><text:p>a{''.join(names)}</text:p></office:text>",
        others={str(number): broken for number in range(4)},
    )

    parsed = scan(content, "a.odt", scanning=Scanning(rules, report=told.append))

    # Nothing when one begins, and a page when it ends.
    assert [bool(page) for page in told] == [False, True, False, True]
    assert parsed.notes == ["Only the first 2 scanned pages were read."]


@pytest.mark.parametrize(
    ("content", "limits", "sentence"),
    [
        (word(drawn(GREEN)), {}, UNRECOGNISED),
        (word(drawn(GREEN)), {"enabled": False}, OFF),
        (word(), {}, NO_TEXT),
        (open_text(b"\x01\x00\x00\x00", ""), {}, NO_TEXT),
    ],
)
def test_a_document_that_says_nothing_is_refused_with_the_reason(scan, content, limits, sentence):
    with pytest.raises(ParseFailed) as caught:
        scan(content, "a", **limits)

    assert (caught.value.code, caught.value.detail) == ("no_text", sentence)


def test_a_model_that_is_missing_is_told(scan, picture):
    with pytest.raises(ParseFailed) as caught:
        scan(word(picture), "a.docx", languages="xxx")

    assert caught.value.code == "ocr_without_model"
