import io

import pytest
from fpdf import FPDF
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText, Link, Text
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    NameObject,
    NullObject,
    StreamObject,
    TextStringObject,
)

from documents.layout import position_of
from ingestion.parsing.hyphens import mended
from ingestion.parsing.types import ParseFailed
from ingestion.tests import samples


def written(*pages, **security):
    document = FPDF()
    for lines in pages:
        document.add_page()
        document.set_font("Helvetica", "", 12)
        for line in lines:
            document.cell(0, 8, line, new_x="LMARGIN", new_y="NEXT")
    if security:
        document.set_encryption(**security)
    return bytes(document.output())


def content(writer):
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def test_words_that_a_line_end_divides_are_whole(read):
    lines = ["Die Donau-", "dampfschiffahrt, die E-", "Mail und das Kraft\u00ad", "werk am Ort."]

    parsed = read(written(lines), "a.pdf")

    assert parsed.text.split() == (
        ["Die", "Donaudampfschiffahrt,", "die", "E-Mail", "und", "das", "Kraftwerk", "am", "Ort."]
    )


@pytest.mark.parametrize("mark", ["\x02", "\ufffe", "-\n"])
@pytest.mark.parametrize(
    ("left", "right", "whole"),
    [
        ("Donau", "dampf", "Donaudampf"),
        ("hel", "lo-world", "hello-world"),
        ("e", "mail", "e-mail"),
        ("PDF", "fähig", "PDF-fähig"),
        ("20", "jährig", "20-jährig"),
        ("Vor", "und Nachteile", "Vor- und Nachteile"),
        ("schiff", "über", "schiffüber"),
    ],
)
def test_hyphens_of_line_ends_and_of_words(mark, left, right, whole):
    assert mended([f"a {left}{mark}{right} z"]) == [f"a {whole} z"]


@pytest.mark.parametrize(
    ("page", "whole"),
    [
        ("E\x02Mail", "E-Mail"),
        ("Baden\x02Württemberg", "Baden-Württemberg"),
        ("STRASSEN\x02BAHN", "STRASSENBAHN"),
        ("Covid\x0219", "Covid-19"),
        ("a\x02b\x02c ab\x02cd\x02ef", "a-b-c abcdef"),
        ("well\x02known, a well-known word", "well-known, a well-known word"),
        ("end\x02", "end-"),
        ("\x02 start", "- start"),
        ("Donau\u00addampf", "Donaudampf"),
        ("- a\n- b\nx -\ny", "- a\n- b\nx -\ny"),
        ("nothing to mend", "nothing to mend"),
    ],
)
def test_hyphens_by_what_is_around_them(page, whole):
    assert mended([page]) == [whole]


def test_the_other_pages_tell_whether_a_hyphen_is_a_words_own():
    assert mended(["non\x02stop", "Non-Stop non-stop"])[0] == "non-stop"


def test_divided_words_are_found_in_headings_too(read):
    document = FPDF()
    document.add_page()
    document.set_font("Helvetica", "B", 24)
    document.cell(0, 12, "Kraft\u00adwerke", new_x="LMARGIN", new_y="NEXT")
    document.set_font("Helvetica", "", 11)
    document.multi_cell(0, 6, "The zebra sleeps. " * 12)

    assert "zebra" in read(bytes(document.output()), "a.pdf").passages[0].text


def test_what_was_filled_in_stands_on_its_page(read, data):
    parsed = read((data / "form.pdf").read_bytes(), "a.pdf")

    assert parsed.pages == 2
    assert parsed.text == (
        "Application form page 1\n\nFull name: Ada Lovelace & Söhne\n☒ agree\n☐ news\n\n"
        "Application form page 2\n\ncolour: Blue\nmany: one, two\nsize: Large\n"
        "address.city: London EC1"
    )


def test_what_was_typed_onto_a_page_and_remarked_is_read(read):
    writer = PdfWriter(clone_from=io.BytesIO(written(["First."], ["Second."])))
    place = (50, 550, 200, 650)
    writer.add_annotation(1, FreeText(text="Typed & in", rect=place))
    writer.add_annotation(0, Text(text="Is it\nso?", rect=place))
    writer.add_annotation(0, Link(url="https://example.org/", rect=place))

    assert read(content(writer), "a.pdf").text == "First.\n\nIs it so?\n\nSecond.\n\nTyped & in"


def test_a_form_in_compressed_objects_is_read(read, data):
    writer = PdfWriter(clone_from=io.BytesIO((data / "form.pdf").read_bytes()))
    writer.compress_identical_objects()
    writer.encrypt(user_password="", owner_password="x", algorithm="AES-256")

    text = read(content(writer), "a.pdf").text

    assert "Full name: Ada Lovelace & Söhne" in text


DATA = (
    '<xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data><form><name>Ada '
    "&amp; Bob</name><empty/><address><city>Turin</city></address></form></xfa:data></xfa:datasets>"
)


def with_packet(xml):
    writer = PdfWriter(clone_from=io.BytesIO(written(["Please wait."])))
    stream = StreamObject()
    stream.set_data(xml.encode())
    names = TextStringObject("template"), TextStringObject("datasets")
    packets = ArrayObject([names[0], NullObject(), names[1], stream])
    form = DictionaryObject({NameObject("/Fields"): ArrayObject(), NameObject("/XFA"): packets})
    writer.root_object[NameObject("/AcroForm")] = form
    return content(writer)


def test_the_data_of_a_form_that_is_drawn_by_a_program_is_read(read):
    assert read(with_packet(DATA), "a.pdf").text == "Please wait.\n\nname: Ada & Bob\ncity: Turin"


@pytest.mark.parametrize("xml", ["<a", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', ""])
def test_damaged_data_of_a_form_leaves_the_text_readable(read, xml):
    assert read(with_packet(xml), "a.pdf").text == "Please wait."


def damaged(data, change):
    writer = PdfWriter(clone_from=io.BytesIO((data / "form.pdf").read_bytes()))
    for page in writer.pages:
        for annotation in page["/Annots"]:
            change(annotation.get_object())
    return content(writer)


def make_circle(field):
    field[NameObject("/Parent")] = field.indirect_reference
    field.pop("/T", None)


@pytest.mark.parametrize(
    "change",
    [
        lambda field: field.update({NameObject("/V"): ArrayObject([ArrayObject()])}),
        lambda field: field.update({NameObject("/Opt"): TextStringObject("none")}),
        lambda field: field.update({NameObject("/Ff"): TextStringObject("none")}),
        lambda field: field.pop("/FT", None),
        make_circle,
    ],
)
def test_a_strange_form_leaves_the_text_readable(read, data, change):
    assert "Application form page 1" in read(damaged(data, change), "a.pdf").text


def test_turned_pages_are_read(read):
    reader = PdfReader(io.BytesIO(written(["The zebra turns."], ["And back."])))
    writer = PdfWriter()
    for page, angle in zip(reader.pages, (90, 180), strict=True):
        writer.add_page(page.rotate(angle))

    parsed = read(content(writer), "a.pdf")

    assert (parsed.text, parsed.pages) == ("The zebra turns.\n\nAnd back.", 2)


def test_a_file_without_a_password_for_readers_is_read(read):
    locked = written(["The zebra."], owner_password="owner", user_password="")

    assert read(locked, "a.pdf").text == "The zebra."


def test_a_file_without_pages_has_no_text(read):
    with pytest.raises(ParseFailed) as caught:
        read(content(PdfWriter()), "a.pdf")

    assert caught.value.code in {"no_text", "damaged_file"}


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_sentence_has_its_page_and_box_however_the_page_is_turned(read, turn):
    pdf = FPDF(unit="pt", format=(600, 800))
    pdf.set_font("helvetica", size=12)
    for number in (1, 2):
        pdf.add_page()
        pdf.text(60, 400, f"The first sentence. The pump of page {number} costs 90 euros.")
    writer = PdfWriter(clone_from=io.BytesIO(bytes(pdf.output())))
    writer.pages[1].rotate(turn)
    buffer = io.BytesIO()
    writer.write(buffer)

    (passage,) = read(buffer.getvalue(), "a.pdf").passages
    start = passage.text.index("The pump of page 2")
    page, (box,), _ = position_of(passage.layout, passage.page, start, len(passage.text))

    # As it is drawn: the sentence goes from 162 to 354 points, above the line at 400.
    left, right, top, bottom = 162 / 600, 354 / 600, 391 / 800, 403 / 800
    seen = {
        0: (left, top, right, bottom),
        90: (1 - bottom, left, 1 - top, right),
        180: (1 - right, 1 - bottom, 1 - left, 1 - top),
        270: (top, 1 - right, bottom, 1 - left),
    }[turn]
    assert (passage.page, page, box["page"]) == (1, 2, 2)
    assert tuple(box[name] for name in ("left", "top", "right", "bottom")) == pytest.approx(
        seen, abs=0.01
    )


def test_a_file_without_pages_is_not_called_damaged(read):
    buffer = io.BytesIO()
    PdfWriter().write(buffer)

    with pytest.raises(ParseFailed, match="no pages") as caught:
        read(buffer.getvalue(), "a.pdf")

    assert caught.value.code == "no_text"


def test_dates_in_other_letters_do_no_harm(read):
    writer = PdfWriter(clone_from=io.BytesIO(samples.pdf()))
    writer.add_metadata(dict.fromkeys(("/CreationDate", "/ModDate"), "D:2026年11月28日"))
    buffer = io.BytesIO()
    writer.write(buffer)

    assert "On page 1 the zebra sleeps." in read(buffer.getvalue(), "a.pdf").text
