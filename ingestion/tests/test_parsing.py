import io
import json
import zipfile

import pytest

from ingestion.parsing import kinds, markdown
from ingestion.parsing.extracting import MASTER_TEXT
from ingestion.parsing.reading import parse_file
from ingestion.parsing.splitting import SLACK, TARGET
from ingestion.parsing.types import LONGEST_TEXT, ParseFailed
from ingestion.parsing.webpage import bare_text
from ingestion.tests import samples


@pytest.fixture
def parse(tmp_path):
    def run(name, data, mime=""):
        path = tmp_path / "content"
        path.write_bytes(data)
        parsed = parse_file(path, mime, name=name)
        for number, passage in enumerate(parsed.passages):
            assert parsed.text[passage.start : passage.end] == passage.text
            assert passage.ordinal == number
            assert 0 < len(passage.text) <= SLACK
        return parsed

    return run


def test_every_format_has_a_reader_and_every_reader_a_format():
    formats = {kind.mime for kind in vars(kinds).values() if isinstance(kind, kinds.Kind)}

    assert formats
    assert formats == set(kinds.readers)


def refused(parse, name, data):
    with pytest.raises(ParseFailed) as caught:
        parse(name, data)
    return caught.value


@pytest.mark.parametrize("name", samples.EVERY)
def test_every_format_gives_its_text(parse, name):
    parsed = parse(name, samples.EVERY[name]())

    assert "zebra" in parsed.text
    assert any("zebra" in passage.text for passage in parsed.passages)


def test_html_keeps_content_and_drops_the_rest(parse):
    parsed = parse("page.html", samples.html())

    assert parsed.title == "The & title"
    assert parsed.mime == "text/html"
    for kept in ("The zebra reads a link.", "# not a heading", "- first", "| City |", "| Turin |"):
        assert kept in parsed.text
    for dropped in ("secretscript", "color", "Menu words", "Prev", "x.html"):
        assert dropped not in parsed.text


def test_html_headings_become_a_path(parse):
    body = "".join(
        f"<h1>Book</h1><h2>Part {n}</h2><p>{'Words and words. ' * 40}</p>" for n in (1, 2)
    )

    parsed = parse("x.html", f"<html><body>{body}</body></html>".encode())

    assert [passage.heading for passage in parsed.passages] == ["Book", "Book"]
    assert "Part 2" in parsed.passages[1].text


def test_html_deep_sections_name_their_parents(parse):
    body = f"<h1>A</h1><p>{'one two. ' * 60}</p><h2>B</h2><h3>C</h3><p>{'three. ' * 100}</p>"

    parsed = parse("x.html", f"<html>{body}</html>".encode())

    assert [passage.heading for passage in parsed.passages] == ["A", "A > B"]


def test_html_declared_encoding_is_used(parse):
    page = '<html><head><meta charset="iso-8859-1"><title>é</title></head><p>caffè</p></html>'

    parsed = parse("x.html", page.encode("latin-1"))

    assert (parsed.title, parsed.text) == ("é", "caffè")


def test_html_nested_ten_thousand_deep_keeps_its_text(parse):
    page = f"<html><body>{'<div>' * 10_000}deep zebra{'</div>' * 10_000}</body></html>"

    assert parse("x.html", page.encode()).text == "deep zebra"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("a<!-- b -->c<!-- d", "ac"),
        ("a<script>if (x < y) '</b>'</script>b<style>c</style>", "ab"),
        ("a<nav>menu<b>x</b></nav>b<template>c", "ab"),
        ("<p>a < b &amp; c</p><p>d<br/>e", "a < b & c\nd\ne"),
        ("<!DOCTYPE html><a title='x>y'>b</a", "y'>b"),
        ("a&#x1F600;&#" + "9" * 5000 + ";b", "a\U0001f600\ufffdb"),
    ],
)
def test_bare_text_leaves_the_markup_out(page, text):
    assert bare_text(page) == text


def test_html_after_comments_of_many_lines_is_a_page(parse):
    page = b"<?xml version='1.0'?>\n<!-- a\nb --> <!-- c -->\n<html><p>zebra</p></html>"

    assert (parse("x.txt", page).mime, parse("x.txt", page).text) == ("text/html", "zebra")


def test_html_without_a_head_has_its_title_all_the_same(parse):
    page = b"<html><title lang=en>A\n&amp; B</title ><p>zebra</p></html>"

    assert parse("x.html", page).title == "A & B"


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("# Top", "Top"),
        ("# Top ##  ", "Top"),
        ("#   C# and more", "C# and more"),
        ("# C#", "C#"),
        ("###### [a](b) *c*", None),
        ("####### seven", None),
        ("#none", None),
    ],
)
def test_markdown_headings(line, title):
    found = markdown.headings_of(line)

    assert [heading.title for heading in found] == ([] if title is None else [title])


def test_pdf_passages_know_page_and_heading(parse):
    parsed = parse("paper.pdf", samples.pdf(pages=3))

    assert (parsed.title, parsed.pages) == ("A paper", 3)
    found = [(p.page, p.heading) for p in parsed.passages]
    assert found == [(1, "Part 1"), (2, "Part 2"), (3, "Part 3")]


def test_slides_are_pages(parse):
    parsed = parse("show.pptx", samples.pptx_file())

    assert [(p.page, p.heading) for p in parsed.passages] == [(1, "Slide 1"), (2, "Slide 2")]


def test_email_brings_subject_and_attachment(parse):
    parsed = parse("mail.eml", samples.eml())

    assert parsed.title == "Budget meeting"
    assert "koala" in parsed.text


def test_rtf_keeps_signs_tabs_and_headings(parse, data):
    parsed = parse("old.rtf", (data / "contract.rtf").read_bytes())

    for kept in (
        "# Scope & terms",
        "5 <= 6",
        "Running head R&D",
        "| a > b | two lines |",
        "E-Mail",
    ):
        assert kept in parsed.text
    assert "\\" not in parsed.text
    assert parsed.passages[0].heading in {"", "Scope & terms"}


def test_rtf_tells_a_hyphen_from_a_backslash(parse):
    parsed = parse("old.rtf", rb"{\rtf1\ansi a\_b c\\_d \# 1 & 2\par}")

    assert parsed.text.strip() == "a-b c\\_d # 1 & 2"


def test_rtf_keeps_stars_and_blanks_that_never_break(parse):
    parsed = parse("old.rtf", rb"{\rtf1\ansi 3\~kg *a* **b** {\b c} {\i d} e\\~f\par}")

    assert parsed.text.strip() == "3 kg *a* **b** c d e\\~f"


def test_pages_keep_stars_and_backslashes(parse):
    cells = "<tr><td>a*b*c_d_</td><td>p|q C:\\*.txt</td></tr><tr><td>1</td><td>#2</td></tr>"
    prose = "<p>*x* **y** C:\\a\\*.b \\\\host\\share <b>fat</b> <code>\\d\\.\\*</code></p>"

    parsed = parse("page.html", f"<html><table>{cells}</table>{prose}</html>".encode())

    assert parsed.text == (
        "| a*b*c_d_ | p|q C:\\*.txt |\n| 1 | #2 |\n\n"
        "*x* **y** C:\\a\\*.b \\\\host\\share fat `\\d\\.\\*`"
    )


def test_pages_have_formulas_once_and_no_stars_within_words(parse):
    page = "<p>the <i>n</i>th of <math><mi>x</mi><mo>=</mo><mn>1</mn></math></p>"

    assert parse("page.html", page.encode()).text == "the nth of x=1"


def test_pages_may_leave_out_the_tags_of_their_head(parse):
    page = "<!doctype html><title>On zebras</title><meta name=author content=Ada><p>They sing."

    parsed = parse("page.html", page.encode())

    assert (parsed.title, parsed.text) == ("On zebras", "They sing.")


def test_old_word_files_keep_signs_and_tabs(parse, data):
    parsed = parse("old.doc", (data / "contract.doc").read_bytes())

    assert "Name:\tAda   L. 5 <= 6\nnext line, folded." in parsed.text
    assert "| a > b | two lines |" in parsed.text


def test_books_keep_signs_and_headings(parse):
    page = "<h1>R&amp;D</h1><p>5 &lt;= 6 #1 a*b a_b [x] \\ 1. &amp;amp;</p><h2>C#</h2><p>end</p>"

    parsed = parse("book.epub", samples.epub(page))

    assert parsed.text == "# R&D\n\n5 <= 6 #1 a*b a_b [x] \\ 1. &amp;\n\n## C#\n\nend"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_text_is_decoded(parse, encoding):
    assert parse("x.txt", "Perché no?\r\nCosì".encode(encoding)).text == "Perché no?\nCosì"


def test_markdown_headings_skip_code(parse):
    filler = "Some words here. " * 40
    source = f"# Top\n\n{filler}\n\n```\n# code\n```\n\n## Below\n\n{filler}"

    parsed = parse("x.md", source.encode())

    assert parsed.title == "Top"
    assert parsed.text == source
    assert {passage.heading for passage in parsed.passages} == {"Top", "Top > Below"}


def test_json_on_one_line_gets_lines(parse):
    rows = [{"name": f"person {n}", "town": "Forlì"} for n in range(500)]

    parsed = parse("x.json", json.dumps(rows).encode())

    assert '"town": "Forlì"' in parsed.text
    assert len(parsed.passages) > 10


def test_json_nested_too_deeply_is_still_text(parse):
    parsed = parse("x.json", b"[" * 100_000)

    assert parsed.text == "[" * 100_000


def test_language_is_guessed(parse):
    english = "The house is in the middle of the street and it has a door."
    italian = "Il gatto che dorme sulla sedia non è della signora, ma di un amico."

    assert parse("a.txt", english.encode()).language == "en"
    assert parse("a.txt", italian.encode()).language == "it"
    assert parse("a.txt", "请重新启动服务器。".encode()).language == "zh"
    assert parse("a.txt", b"42 17 9000").language == ""


def test_the_content_decides_and_not_the_name(parse):
    assert parse("photo.txt", samples.pdf()).mime == "application/pdf"
    assert parse("page.pdf", samples.html()).mime == "text/html"
    assert parse("sheet.docx", samples.xlsx_file()).mime.endswith("spreadsheetml.sheet")
    assert parse("no-ending", samples.eml()).mime == "message/rfc822"


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.txt", b"", "empty_file"),
        ("a.txt", b" \n\t", "empty_file"),
        ("a.txt", b"\x00" * 500, "empty_file"),
        ("a.png", b"\x89PNG\r\n\x1a\n0000", "damaged_file"),
        ("a.txt", b"\x7fELF\x02\x01\x01", "unsupported_type"),
        ("a.pdf", bytes(range(256)) * 20, "damaged_file"),
        ("a.pdf", samples.pdf(password="x"), "encrypted_file"),
        ("a.docx", samples.docx_file()[:3000], "damaged_file"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "unsupported_type"),
        (
            "a.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "encrypted_file",
        ),
        ("a.html", b"<html><body><script>x()</script></body></html>", "no_text"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(parse, name, data, code):
    error = refused(parse, name, data)

    assert error.code == code
    assert error.detail.endswith(".")


def test_cut_off_pdf_is_refused(parse):
    assert refused(parse, "a.pdf", samples.pdf()[:700]).code == "damaged_file"


def test_pdf_of_images_says_so(parse):
    from fpdf import FPDF

    empty = FPDF()
    empty.add_page()

    assert refused(parse, "scan.pdf", bytes(empty.output())).code == "no_text"


def zipped(*entries, **options):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def test_bombs_are_refused_unopened(parse):
    bomb = zipped(("[Content_Types].xml", "x"), ("word/document.xml", b"\0" * 60_000_000))

    assert refused(parse, "a.docx", bomb).code == "too_large_inside"


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx", "a.pptx", "a.odt", "a.ods", "a.epub"])
def test_archives_that_call_themselves_documents_are_refused(parse, name):
    found = refused(parse, name, zipped(("a.txt", "x")))

    assert (found.code, found.detail) == (
        "damaged_file",
        "The file is damaged, or not what its name says.",
    )


def test_control_characters_do_not_reach_the_database(parse):
    parsed = parse("a.txt", b"before" + b"\x00" + b" after the nul, " + b"a" * 300)

    assert parsed.text.startswith("before\ufffd after")


def test_a_huge_line_is_cut_without_losing_characters(parse):
    parsed = parse("a.txt", b"x" * 50_000)

    assert "".join(passage.text for passage in parsed.passages) == "x" * 50_000


def test_words_and_sentences_are_not_cut(parse):
    sentence = "The quick brown fox jumps over the lazy dog near the river. "

    parsed = parse("a.txt", (sentence * 200).encode())

    assert all(passage.text.startswith("The quick") for passage in parsed.passages)
    assert all(passage.text.endswith("river.") for passage in parsed.passages)
    assert all(len(passage.text) <= TARGET for passage in parsed.passages[:-1])


def test_a_hundred_thousand_rows_are_parsed(parse):
    rows = "\n".join(f"{n},name {n},zebra" for n in range(100_000))

    parsed = parse("a.csv", rows.encode())

    assert not parsed.truncated
    assert parsed.passages[-1].text.endswith("99999,name 99999,zebra")


def test_longer_texts_are_cut_and_say_so(parse):
    parsed = parse("a.txt", b"word " * (LONGEST_TEXT // 5 + 1000))

    assert parsed.truncated
    assert len(parsed.text) == LONGEST_TEXT


def test_rtf_shows_words_without_the_lines_below_and_through_them(parse):
    body = (
        rb"{\rtf1\ansi\b\ul Rent\ulnone\b0  and {\uldb heat}, \strike not\strike0  __init__ \\ul"
        rb" {\pict\bin4 \ul }\par}"
    )

    assert parse("old.rtf", body).text == "Rent and heat, not __init__ \\ul\n"


@pytest.mark.parametrize(
    ("charset", "codec", "words"),
    [
        (77, "mac_roman", "Forlì"),
        (128, "cp932", "日本語テスト"),
        (129, "cp949", "한국"),
        (134, "gbk", "中文"),
        (136, "big5", "中文"),
        (161, "cp1253", "Αθήνα"),
        (162, "cp1254", "Şişli"),
        (177, "cp1255", "שלום"),
        (178, "cp1256", "سلام"),
        (186, "cp1257", "Šķēde"),
        (204, "cp1251", "Привет"),
        (222, "cp874", "ไทย"),
        (238, "cp1250", "Łódź"),
    ],
)
def test_rtf_reads_letters_as_their_font_means_them(parse, charset, codec, words):
    escaped = "".join(f"\\'{byte:02x}" for byte in words.encode(codec)).encode()
    body = (
        rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss\fcharset0 Arial;}"
        rb"{\f1\fswiss\fcharset%d{\*\fname A;}Arial;}}\f0 Perch\'e9 {\f1 %s} cos\'ec: "
        rb"\af1 %s\plain  pi\'f9\par}" % (charset, escaped, escaped)
    )

    assert parse("old.rtf", body).text == f"Perché {words} così: {words} più\n"


@pytest.mark.parametrize(
    ("head", "letters", "words"),
    [
        (rb"\mac", rb"Perch\'8e", "Perché"),
        (rb"\ansi\ansicpg10000", rb"Perch\'8e", "Perché"),
        (rb"\pc", rb"Perch\'82", "Perché"),
        (rb"\pca", rb"\'e0\'82", "Óé"),
        (rb"\ansi\ansicpg866", rb"\'8f\'e0\'a8", "При"),
        (rb"\ansi\ansicpg932", rb"\'83e\'83X\'83g", "テスト"),
        (rb"\ansi\ansicpg77777", rb"Perch\'e9", "Perché"),
        (rb"\ansi\ansicpg1252", b"Forl\xec, \xe0", "Forlì, à"),
        (rb"\ansi\ansicpg1252", "Forlì, à 中".encode(), "Forlì, à 中"),
        (rb"\ansi", rb"\uc2\u1055\'cf\'cf\uc0\u1056 \uc1\u1080?\'e9", "ПРиé"),
        (rb"\ansi", rb"\uc0 \'e9\'e8 x", "éè x"),
        (rb"\ansi{\fonttbl{\f0\fcharset2 Symbol;}}", rb"\'41\f0 \f9 \'e9", "Aé"),
    ],
)
def test_rtf_reads_letters_as_the_file_means_them(parse, head, letters, words):
    assert parse("old.rtf", rb"{\rtf1%s %s\par}" % (head, letters)).text == f"{words}\n"


@pytest.mark.parametrize(
    ("source", "title"),
    [
        (rb"Citt\'e0 e {\b universit\'e0}", "Città e università"),
        (rb"\u1055?\u1083?\u1072?\u1085? \{1\}", "План {1}"),
        (b"Plain & simple", "Plain & simple"),
    ],
)
def test_rtf_has_its_title_in_letters(parse, source, title):
    body = rb"{\rtf1\ansi\ansicpg1252{\info{\title %s}{\author A}}Text\par}" % source

    assert parse("old.rtf", body).title == title


def test_rtf_has_its_notes_and_boxes_behind_and_nothing_that_was_deleted(parse):
    body = (
        rb"{\rtf1\ansi The rent{\super\chftn{\*\footnote \chftn\pard\plain {\tab No heat\'fcng.}}}"
        rb" is {\deleted\revauthdel1 gone {\b too} }due{\*\annotation{\*\atndate 1}\pard Really?}."
        rb"{\shp{\*\shpinst{\shptxt \pard In a box\par}}}\par The \{end\}.\par{\pict\bin4 {{\}x}}"
    )

    text = parse("old.rtf", body).text

    assert [" ".join(line.split()) for line in text.split("\n") if line.strip()] == [
        "The rent[^1] is due.",
        "The {end}.",
        "[^1]: No heatüng.",
        "[Comment: Really?]",
        "In a box",
    ]


def test_what_slide_masters_say_is_no_text():
    masters = "Click to edit Master title style\n\nSecond level\n\nMastertitelformat bearbeiten\n\n"

    assert (
        MASTER_TEXT.sub("", f"{masters}The second level\n\nSecond level\n")
        == "The second level\n\n"
    )
