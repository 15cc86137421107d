"""Word's XML files of 2003, as [WordprocessingML 2003] describes them."""

import base64

import pytest

from documents.kinds import FileKind, kind_of
from ingestion.parsing.scans import opening
from ingestion.parsing.scans.rules import PictureText
from ingestion.parsing.types import ParseFailed

NAMES = """
    xmlns:aml="http://schemas.microsoft.com/aml/2001/core"
    xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:v="urn:schemas-microsoft-com:vml"
    xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"
    xmlns:wx="http://schemas.microsoft.com/office/word/2003/auxHint"
"""
BEGINNING = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<?mso-application progid="Word.Document"?>
"""
LISTS = """<w:lists>
<w:listDef w:listDefId="0">
  <w:lvl w:ilvl="0"><w:start w:val="1"/><w:lvlText w:val="%1."/></w:lvl>
  <w:lvl w:ilvl="1"><w:start w:val="3"/><w:nfc w:val="4"/><w:lvlText w:val="%2)"/></w:lvl>
</w:listDef>
<w:listDef w:listDefId="1"><w:lvl w:ilvl="0"><w:nfc w:val="23"/></w:lvl></w:listDef>
<w:list w:ilfo="1"><w:ilst w:val="0"/></w:list><w:list w:ilfo="2"><w:ilst w:val="1"/></w:list>
</w:lists>"""
STYLES = """<w:styles>
<w:style w:type="paragraph" w:default="on" w:styleId="a"><w:name w:val="Normal"/></w:style>
<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/><w:basedOn w:val="a"/>
  <w:pPr><w:listPr><w:ilfo w:val="1"/></w:listPr><w:outlineLvl w:val="0"/></w:pPr></w:style>
</w:styles>"""


def word(body, root="wordDocument"):
    title = "<o:DocumentProperties><o:Title>Vertrag &amp; mehr</o:Title></o:DocumentProperties>"
    body = f"<w:body><wx:sect>{body}</wx:sect></w:body>"
    return f"{BEGINNING}<w:{root} {NAMES}>{title}{LISTS}{STYLES}{body}</w:{root}>".encode()


def paragraph(*runs, style="", listed=""):
    inner = "".join(one if one.startswith("<") else run(one) for one in runs)
    properties = (f'<w:pStyle w:val="{style}"/>' if style else "") + listed
    return f"<w:p><w:pPr>{properties}</w:pPr>{inner}</w:p>"


def run(text):
    return f"<w:r><w:t>{text}</w:t></w:r>"


def annotated(kind, content="", who=""):
    content = f"<aml:content>{content}</aml:content>" if content else ""
    return f'<aml:annotation aml:author="{who}" w:type="Word.{kind}">{content}</aml:annotation>'


def listed(number, depth=0):
    hint = '<wx:t wx:val="hint"/>'
    return f'<w:listPr><w:ilvl w:val="{depth}"/><w:ilfo w:val="{number}"/>{hint}</w:listPr>'


@pytest.fixture
def text(read):
    return lambda *body: read(word("".join(body)), "a.xml").text


@pytest.mark.parametrize("name", ["a.xml", "a.doc", "no ending"])
def test_a_file_has_its_title_and_headings(read, name):
    parsed = read(word(paragraph("Größe", style="1") + paragraph("Sie zählt.")), name)

    assert parsed.text == "# 1. Größe\n\nSie zählt."
    assert (parsed.title, parsed.passages[0].heading) == ("Vertrag & mehr", "1. Größe")
    assert kind_of(parsed.mime) == FileKind.TEXT_DOCUMENT


def test_lists_are_counted(text):
    assert (
        text(
            paragraph("eins", listed=listed(1)),
            paragraph("drei", listed=listed(1, 1)),
            paragraph("vier", listed=listed(1, 1)),
            paragraph("Kugel", listed=listed(2)),
        )
        == "1. eins\n  c) drei\n  d) vier\n- Kugel"
    )


@pytest.mark.parametrize(
    ("runs", "shown"),
    [
        (["R&amp;D ", "5 &lt;= 6"], "R&D 5 <= 6"),
        (["He", annotated("Insertion", run("llo")), annotated("Deletion", run("gone"))], "Hello"),
        ([annotated("Bookmark.Start"), "here", annotated("Bookmark.End")], "here"),
        (["<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>", "seen"], "seen"),
        (
            [
                f"<w:r><w:rPr>{annotated('Formatting', '<w:rPr><w:vanish/></w:rPr>')}</w:rPr>"
                "<w:t>seen</w:t></w:r>"
            ],
            "seen",
        ),
        (
            ["a", f"<w:r><w:pict><v:textbox><w:txbxContent>{paragraph('boxed')}</w:txbxContent>"
             "</v:textbox></w:pict></w:r>"],
            "a\n\nboxed",
        ),
    ],
)  # fmt: skip
def test_characters_are_read_as_they_are_shown(text, runs, shown):
    assert text(paragraph(*runs)) == shown


def test_notes_and_comments_stand_below_their_paragraph(text):
    note = f"<w:r><w:footnote>{paragraph('die Note')}</w:footnote></w:r>"
    end = f"<w:r><w:endnote>{paragraph('am Ende')}</w:endnote></w:r>"
    comment = f"<w:r>{annotated('Comment', paragraph('Wirklich?'), 'Ada')}</w:r>"

    assert text(paragraph("Eins", note, " zwei", end, ".", comment), paragraph("drei")) == (
        "Eins[^1] zwei[^i].\n\n[^1]: die Note\n[^i]: am Ende\n[Comment, Ada: Wirklich?]\n\ndrei"
    )


def test_tables_and_what_stands_around_each_page(text):
    cells = "".join(f"<w:tc>{paragraph(each)}</w:tc>" for each in ("A", "B"))
    head = f'<w:hdr w:type="odd">{paragraph("Kopfzeile")}</w:hdr>'
    foot = f'<w:ftr w:type="odd">{paragraph("- 7 -")}</w:ftr>'

    assert (
        text(
            paragraph("Text"),
            f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>",
            f"<w:sectPr>{head}{foot}</w:sectPr>",
        )
        == "Text\n\n| A | B |\n\nKopfzeile"
    )


def test_pictures_are_read_where_there_is_no_text(text, data, monkeypatch):
    monkeypatch.setattr(opening, "text_of", lambda _: PictureText("Recognised.", ""))
    encoded = base64.encodebytes((data / "screenshot.png").read_bytes()).decode()
    drawn = f'<w:r><w:pict><w:binData w:name="wordml://1.png">{encoded}</w:binData></w:pict></w:r>'

    assert text(paragraph("Kurz", drawn)) == "Kurz\n\nRecognised."
    assert text(paragraph("Lang " * 60, drawn)) == ("Lang " * 60).strip()


@pytest.mark.parametrize("cut", [-1, -30, -200])
def test_a_file_that_was_cut_off_is_damaged(read, cut):
    with pytest.raises(ParseFailed) as caught:
        read(word(paragraph("Zebra"))[:cut], "a.xml")

    assert caught.value.code == "damaged_file"


def test_a_file_without_a_text_is_damaged(read):
    with pytest.raises(ParseFailed) as caught:
        read(word("").replace(b"w:body", b"w:other"), "a.xml")

    assert caught.value.code == "damaged_file"


def test_tables_within_tables_without_end_are_refused(read):
    deep = "<w:tbl><w:tr><w:tc>" * 40 + paragraph("x") + "</w:tc></w:tr></w:tbl>" * 40

    with pytest.raises(ParseFailed):
        read(word(deep), "a.xml")


def test_other_elements_of_word_are_xml(read):
    assert read(word(paragraph("Zebra"), root="other"), "a.xml").mime == "application/xml"
