import io
import zipfile

import pytest

from ingestion.parsing.office.symbols import symbol
from ingestion.parsing.types import LONGEST_TEXT, ParseFailed
from ingestion.tests import office_files as made
from ingestion.tests.office_files import cell, paragraph, run, table, text, word


def field(kind):
    return run(f'<w:fldChar w:fldCharType="{kind}"/>')


def code(words):
    return run(f"<w:instrText>{words}</w:instrText>")


def mathematics(inner):
    return f"<m:oMath>{inner}</m:oMath>"


def letters(words):
    return f"<m:r><m:t>{words}</m:t></m:r>"


DELETED = '<w:del w:id="1"><w:r><w:delText>gone</w:delText></w:r></w:del>'
BOX = "<w:txbxContent><w:p><w:r><w:t>boxed</w:t></w:r></w:p></w:txbxContent>"
HIDDEN = "<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>"


@pytest.mark.parametrize(
    ("runs", "shown"),
    [
        (["R&amp;D"], "R&D"),
        (
            ["5 &lt;= 6 &gt; 4, &#8220;x&#8221; &quot;y&quot; it&apos;s"],
            '5 <= 6 > 4, “x” "y" it\'s',
        ),
        (["#1 *star* _x_ [a](b) 1. \\ `c` | d ~"], "#1 *star* _x_ [a](b) 1. \\ `c` | d ~"),
        ([run("<w:t>Name:</w:t><w:tab/><w:t>Ada</w:t>")], "Name:\tAda"),
        ([run("<w:t>a</w:t><w:br/><w:t>b</w:t><w:cr/><w:t>c</w:t>")], "a\nb\nc"),
        ([run('<w:t>a</w:t><w:br w:type="page"/><w:t>b</w:t>')], "a\nb"),
        ([run('<w:t>a</w:t><w:ptab w:alignment="right"/><w:t>b</w:t>')], "a\tb"),
        ([run("<w:t>E</w:t><w:noBreakHyphen/><w:t>Mail</w:t>")], "E-Mail"),
        ([run("<w:t>Donau</w:t><w:softHyphen/><w:t>dampf</w:t>")], "Donaudampf"),
        (["Donau\u00addampf"], "Donaudampf"),
        ([run('<w:sym w:font="Wingdings" w:char="F0E0"/>')], "→"),
        ([run('<w:sym w:font="Symbol" w:char="F061"/>')], "α"),  # noqa: RUF001 -- Greek
        (["He", '<w:ins w:id="1">' + text("llo") + "</w:ins>", DELETED], "Hello"),
        (
            [
                '<w:moveFrom w:id="1">' + text("moved ") + "</w:moveFrom>",
                "then ",
                '<w:moveTo w:id="2">' + text("moved ") + "</w:moveTo>",
            ],
            "then moved",
        ),
        (["see ", '<w:hyperlink r:id="x">' + text("the page") + "</w:hyperlink>"], "see the page"),
        (
            [field("begin"), code(" PAGE "), field("separate"), text("7"), field("end"), "!"],
            "7!",
        ),
        (["a", field("begin"), code("SET x"), field("end"), "b"], "ab"),
        (
            [
                field("begin"),
                code("IF "),
                field("begin"),
                code("REF"),
                field("separate"),
                "inner",
                field("end"),
                code("x"),
                field("separate"),
                "outer",
                field("end"),
            ],
            "outer",
        ),
        (['<w:fldSimple w:instr=" AUTHOR ">' + text("Ada") + "</w:fldSimple>"], "Ada"),
        (
            [
                run(
                    '<w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:default w:val="0"/>'
                    "<w:checked/></w:checkBox></w:ffData></w:fldChar>"
                ),
                code("FORMCHECKBOX"),
                field("end"),
                " yes",
            ],
            "☒ yes",
        ),
        (
            [
                run(
                    '<w:fldChar w:fldCharType="begin"><w:ffData><w:ddList><w:result w:val="1"/>'
                    '<w:listEntry w:val="red"/><w:listEntry w:val="blue"/></w:ddList></w:ffData>'
                    "</w:fldChar>"
                ),
                code("FORMDROPDOWN"),
                field("end"),
            ],
            "blue",
        ),
        (
            [
                '<w:sdt><w:sdtPr><w:alias w:val="n"/><w:dropDownList><w:listItem w:value="no"/>',
                "</w:dropDownList></w:sdtPr><w:sdtContent>"
                + text("yes")
                + "</w:sdtContent></w:sdt>",
            ],
            "yes",
        ),
        (["seen", HIDDEN], "seen"),
        ([HIDDEN.replace("<w:vanish/>", '<w:vanish w:val="0"/>')], "hidden"),
        (["<w:smartTag>" + text("Turin") + "</w:smartTag>"], "Turin"),
        (
            [
                run("<w:ruby><w:rt><w:r><w:t>かん</w:t></w:r></w:rt><w:rubyBase>")[:-6],
                "<w:r><w:t>漢</w:t></w:r></w:rubyBase></w:ruby></w:r>",
            ],
            "漢",
        ),
        (
            [
                mathematics(
                    f"<m:f><m:num>{letters('a+b')}</m:num><m:den>{letters('2')}</m:den></m:f>"
                    f"<m:sSup><m:e>{letters('x')}</m:e><m:sup>{letters('2')}</m:sup></m:sSup>"
                    f"<m:d><m:dPr><m:begChr m:val='['/><m:endChr m:val=']'/></m:dPr><m:e>"
                    f"{letters('y')}</m:e></m:d><m:rad><m:deg/><m:e>{letters('z')}</m:e></m:rad>"
                )
            ],
            "(a+b)/2x^2[y]√z",
        ),
        (["<w:bdo w:val='rtl'>" + text("שלום") + "</w:bdo>"], "שלום"),
    ],
)
def test_runs_are_read_as_they_are_shown(read, runs, shown):
    assert read(word(paragraph("x ", *runs))).text == f"x {shown}"


@pytest.mark.parametrize(
    "drawn",
    [
        f"<w:pict><v:shape><v:textbox>{BOX}</v:textbox></v:shape></w:pict>",
        '<mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>'
        f"{BOX}</wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>{BOX}"
        "</v:textbox></w:pict></mc:Fallback></mc:AlternateContent>",
        f"<mc:AlternateContent><mc:Fallback><w:pict>{BOX}</w:pict></mc:Fallback>"
        "</mc:AlternateContent>",
    ],
)
def test_text_boxes_follow_their_paragraph_once(read, drawn):
    body = paragraph("before ", run(drawn), "after") + paragraph("next")

    assert read(word(body)).text == "before after\n\nboxed\n\nnext"


def test_an_unclosed_field_hides_its_paragraph_only(read):
    body = paragraph("a", field("begin"), code("REF"), "b") + paragraph("the zebra")

    assert read(word(body)).text == "a\n\nthe zebra"


def test_a_hidden_mark_of_a_paragraph_hides_no_text(read):
    body = paragraph("seen", properties="<w:rPr><w:vanish/></w:rPr>")

    assert read(word(body)).text == "seen"


def test_stops_of_tabs_are_no_tabs(read):
    stops = '<w:tabs><w:tab w:val="left" w:pos="720"/></w:tabs>'

    assert read(word(paragraph("a", properties=stops))).text == "a"


def test_a_deleted_end_of_a_paragraph_joins_it_to_the_next(read):
    mark = '<w:rPr><w:del w:id="3" w:author="A"/></w:rPr>'
    body = paragraph("one ", properties=mark) + paragraph("line") + paragraph("other")

    assert read(word(body)).text == "one line\n\nother"


def test_a_deleted_end_with_nothing_behind_it_loses_no_text(read):
    mark = '<w:rPr><w:del w:id="3" w:author="A"/></w:rPr>'
    ended = paragraph("ended", properties=mark)
    body = ended + table([f"<w:tc>{ended}</w:tc>", cell("b")]) + ended

    assert read(word(body)).text == "ended\n\n| ended | b |\n\nended"


NOTE_RULES = (
    '<w:{0} w:type="separator" w:id="-1"><w:p><w:r><w:t>rule</w:t></w:r></w:p></w:{0}>'
    '<w:{0} w:type="continuationSeparator" w:id="0"><w:p/></w:{0}>'
)


def notes(kind, *found):
    """Notes as Word writes them: lines first, at -1 and 0, then each note from 1 on."""
    lines = "".join(
        f'<w:{kind} w:id="{key}">{paragraph(run(f"<w:{kind}Ref/>"), " " + words)}</w:{kind}>'
        for key, words in found
    )
    return NOTE_RULES.format(kind) + lines


def test_footnotes_and_endnotes_stand_below_their_paragraph(read):
    body = (
        paragraph(
            "One",
            run('<w:footnoteReference w:id="1"/>'),
            " two",
            run('<w:footnoteReference w:id="2"/>'),
            " three",
            run('<w:endnoteReference w:id="1"/>'),
        )
        + paragraph("gone: ", "<w:del>" + run('<w:footnoteReference w:id="3"/>') + "</w:del>")
        + table([cell("a"), cell(paragraph("b", run('<w:footnoteReference w:id="4"/>')))])
    )
    feet = notes("footnote", (1, "R&amp;D foot"), (2, "second"), (3, "deleted"), (4, "of a cell"))

    parsed = read(word(body, footnotes=feet, endnotes=notes("endnote", (1, "end"))))

    assert parsed.text == (
        "One[^1] two[^2] three[^i]\n\n[^1]: R&D foot\n[^2]: second\n[^i]: end\n\n"
        "gone: \n\n| a | b[^3] |\n\n[^3]: of a cell".replace("gone: \n", "gone:\n")
    )


def test_a_note_that_is_named_often_is_shown_once(read):
    body = paragraph("x", *[run('<w:footnoteReference w:id="1"/>')] * 1000)

    assert read(word(body, footnotes=notes("footnote", (1, "foot")))).text == "x[^1]\n\n[^1]: foot"


def test_comments_name_who_made_them(read):
    body = paragraph("Text", run('<w:commentReference w:id="0"/>'))
    comment = f'<w:comment w:id="0" w:author="Ada L.">{paragraph("Is it &lt; 5?")}</w:comment>'

    assert read(word(body, comments=comment)).text == "Text\n\n[Comment, Ada L.: Is it < 5?]"


def test_running_heads_belong_to_no_heading(read):
    body = paragraph("One", properties='<w:outlineLvl w:val="0"/>') + paragraph("word " * 100)

    parsed = read(word(body, header1=paragraph("Secret")))

    assert [(one.heading, one.text[:6]) for one in parsed.passages] == [
        ("One", "# One\n"),
        ("", "Secret"),
    ]


def test_running_heads_of_all_sections_come_once(read):
    same = paragraph("Secret ", field("begin"), code("PAGE"), field("separate"), "1", field("end"))

    parsed = read(
        word(
            paragraph("body"),
            header1=same,
            header2=same,
            header3=paragraph("Annex"),
            header4=paragraph(),
            header5=paragraph("- 17 -"),
            footer1=paragraph("Acme Ltd &amp; Co"),
        )
    )

    assert parsed.text == "body\n\nSecret 1\nAnnex\nAcme Ltd & Co"


STYLES = (
    '<w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Own"><w:name w:val="My head"/>'
    '<w:basedOn w:val="berschrift1"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>'
    '<w:style w:styleId="Loop"><w:name w:val="x"/><w:basedOn w:val="Loop"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="T"><w:name w:val="Title"/></w:style>'
)


def styled(style, words):
    return paragraph(words, properties=f'<w:pStyle w:val="{style}"/>')


def test_headings_are_told_by_built_in_names_outlines_and_ancestors(read):
    body = (
        styled("T", "Report")
        + styled("berschrift1", "One &amp; more")
        + styled("Own", "Two")
        + paragraph("Three", properties='<w:outlineLvl w:val="2"/>')
        + styled("Loop", "text")
        + paragraph("# no heading")
    )

    parsed = read(word(body, styles=STYLES))

    assert parsed.text == (
        "# Report\n\n# One & more\n\n## Two\n\n### Three\n\ntext\n\n# no heading"
    )
    assert parsed.passages[0].heading == "Report"


NUMBERING = (
    '<w:abstractNum w:abstractNumId="5">'
    '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="upperRoman"/>'
    '<w:lvlText w:val="%1."/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:start w:val="3"/><w:numFmt w:val="lowerLetter"/>'
    '<w:lvlText w:val="%2)"/></w:lvl>'
    '<w:lvl w:ilvl="2"><w:isLgl/><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
    '<w:lvlText w:val="%1.%3"/></w:lvl></w:abstractNum>'
    '<w:abstractNum w:abstractNumId="6"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/>'
    '<w:lvlText w:val="\uf0b7"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="5"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="6"/></w:num>'
    '<w:num w:numId="3"><w:abstractNumId w:val="5"/><w:lvlOverride w:ilvl="0">'
    '<w:startOverride w:val="1"/></w:lvlOverride></w:num>'
)


def listed(number, depth, words):
    properties = f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>'
    return paragraph(words, properties=properties)


def test_lists_are_numbered_as_word_numbers_them(read):
    body = "".join(
        listed(*item)
        for item in [
            (1, 0, "a"),
            (1, 1, "b"),
            (1, 1, "c"),
            (1, 0, "d"),
            (1, 1, "e"),
            (1, 2, "f"),
            (2, 0, "g"),
            (3, 0, "h"),
            (0, 0, "i"),
            (99, 0, "j"),
        ]
    )

    assert read(word(body, numbering=NUMBERING)).text == (
        "I. a\n  c) b\n  d) c\nII. d\n  c) e\n    2.1 f\n- g\nI. h\n\ni\n\nj"
    )


def test_a_list_looks_like_the_one_of_its_style(read):
    numbering = (
        '<w:abstractNum w:abstractNumId="1"><w:numStyleLink w:val="Own"/></w:abstractNum>'
        '<w:abstractNum w:abstractNumId="2"><w:styleLink w:val="Own"/><w:lvl w:ilvl="0">'
        '<w:numFmt w:val="lowerLetter"/><w:lvlText w:val="(%1)"/></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num>'
        '<w:num w:numId="2"><w:abstractNumId w:val="2"/></w:num>'
    )
    body = listed(1, 0, "one") + listed(2, 0, "two") + listed(1, 0, "three")

    assert read(word(body, numbering=numbering)).text == "(a) one\n(b) two\n(c) three"


def test_numbered_headings_show_their_number(read):
    styles = (
        '<w:style w:type="paragraph" w:styleId="h"><w:name w:val="heading 1"/><w:pPr><w:numPr>'
        '<w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    )

    parsed = read(
        word(styled("h", "Scope") + styled("h", "Terms"), styles=styles, numbering=NUMBERING)
    )

    assert parsed.text == "# I. Scope\n\n# II. Terms"


def test_tables_keep_cells_merged_nested_and_framing(read):
    nested = table([cell("p"), cell("q")])
    body = (
        table(
            [cell("a"), cell("two", "lines"), cell(nested, "<w:p/>")],
            [
                '<w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p>'
                + text("wide")
                + "</w:p></w:tc>",
                "<w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc>",
            ],
            [cell(""), cell("")],
        )
        + table([cell("framed", "letter")])
        + paragraph("end")
    )

    assert read(word(body)).text == (
        "| a | two lines | p | q |\n| wide |  |  |\n\nframed\n\nletter\n\nend"
    )


def test_cells_behind_a_wide_one_stay_in_their_columns(read):
    def wide(words, columns):
        span = f'<w:tcPr><w:gridSpan w:val="{columns}"/></w:tcPr>'
        return f"<w:tc>{span}{paragraph(words)}</w:tc>"

    late = '<w:trPr><w:gridBefore w:val="2"/></w:trPr>'
    body = table(
        [cell("Region"), wide("2023", 2), wide("2024", 2)],
        [wide("Total", 3), cell("30"), cell("40")],
        [late, cell("mean"), wide("35", 2)],
        [wide("of both years", 5)],
        [wide("none", "x"), cell("x"), wide("far", 999999999), cell("y")],
    )

    assert read(word(body)).text == (
        "| Region | 2023 |  | 2024 |  |\n"
        "| Total |  |  | 30 | 40 |\n"
        "|  |  | mean | 35 |  |\n\n"
        "of both years\n\n"
        f"| none | x | far |{'  |' * 62} y |"
    )


def test_charts_tell_their_titles_and_categories(read):
    chart = (
        "<c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Sales </a:t></a:r><a:r>"
        "<a:t>&amp; more</a:t>"
        "</a:r></a:p></c:rich></c:tx></c:title><c:ser><c:tx><c:strRef><c:strCache><c:pt><c:v>North"
        "</c:v></c:pt></c:strCache></c:strRef></c:tx><c:cat><c:pt><c:v>May</c:v></c:pt></c:cat>"
        "<c:val><c:pt><c:v>4.2</c:v></c:pt></c:val></c:ser></c:chart>"
    )
    body = paragraph("x", run('<w:drawing><c:chart r:id="r_chart"/></w:drawing>'))

    assert read(word(body, chart=chart)).text == "x\n\nSales & more\n\nNorth\n\nMay"


def test_a_drawing_that_is_named_often_is_read_once(read):
    chart = "<c:title><a:p><a:r><a:t>Sales</a:t></a:r></a:p></c:title>"
    drawn = run('<w:drawing><c:chart r:id="r_chart"/></w:drawing>')

    assert read(word(paragraph("x", *[drawn] * 1000), chart=chart)).text == "x\n\nSales"


@pytest.mark.parametrize("name", ["a.docx", "a.docm", "a.dotx", "a.dotm"])
def test_strict_files_are_read_under_every_ending(read, name):
    note = notes("footnote", (1, "below"))
    body = paragraph("R&amp;D", run('<w:footnoteReference w:id="1"/>'))

    parsed = read(word(body, strict=True, footnotes=note), name)

    assert parsed.text == "R&D[^1]\n\n[^1]: below"
    assert parsed.mime.endswith("wordprocessingml.document")


@pytest.mark.parametrize(
    ("font", "code", "char"),
    [
        ("Symbol", "F0B7", "•"),
        ("Wingdings", "FC", "✓"),
        ("Wingdings", "F021", "•"),
        ("Arial", "2022", "•"),
        ("Arial", "F041", "\ufffd"),
        ("Symbol", "nothing", "\ufffd"),
        ("Arial", "D800", "\ufffd"),
        ("Arial", "FFFFFFFFF", "\ufffd"),
    ],
)
def test_symbols_become_characters(font, code, char):
    assert symbol(font, code) == char


def refusal(read, data):
    with pytest.raises(ParseFailed) as caught:
        read(data)
    return caught.value.code


def test_entities_are_refused(read):
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
        f'<w:document xmlns:w="{made.MAIN}"><w:body>{paragraph("&b;")}</w:body></w:document>'
    )
    outside = bomb.replace('"aaaa"', 'SYSTEM "file:///etc/hostname"')

    for content in (bomb, outside):
        parts = {
            "[Content_Types].xml": made.TYPES,
            "_rels/.rels": made.relations(("a", "officeDocument", "word/document.xml")),
            "word/document.xml": content,
        }
        assert refusal(read, made.zipped(parts)) == "damaged_file"


@pytest.mark.parametrize(
    "parts",
    [
        {"word/document.xml": "<a/>"},
        {"_rels/.rels": made.relations(("a", "officeDocument", "word/none.xml")), "word/x": ""},
        {
            "_rels/.rels": made.relations(("a", "officeDocument", "word/document.xml")),
            "word/document.xml": "<w:document",
        },
    ],
)
def test_missing_and_broken_parts_are_damage(read, parts):
    assert (
        refusal(read, made.zipped({"[Content_Types].xml": made.TYPES, **parts})) == "damaged_file"
    )


def test_damaged_properties_cost_the_title_only(read):
    content = word(paragraph("zebra"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}

    parsed = read(made.zipped({**parts, "docProps/core.xml": "<a"}))

    assert (parsed.title, parsed.text) == ("", "zebra")


def test_tables_in_tables_without_end_are_refused(read):
    body = "<w:tbl><w:tr><w:tc>" * 1000 + paragraph("x") + "</w:tc></w:tr></w:tbl>" * 1000

    assert refusal(read, word(body)) == "damaged_file"


def test_elements_may_be_nested_deeply(read):
    depth = 20_000
    tags = "<w:smartTag>" * depth + text("zebra") + "</w:smartTag>" * depth
    fractions = "<m:num>" * depth + letters("n") + "</m:num>" * depth

    parsed = read(word(f"<w:p>{tags}</w:p>"))
    assert parsed.text == "zebra"
    assert "n" in read(word(f"<w:p>{mathematics(fractions)}</w:p>")).text


def test_a_file_of_libreoffice_is_read_whole(read, data):
    parsed = read((data / "contract.docx").read_bytes())

    assert parsed.title == "Contract & annex"
    assert parsed.text == (
        "# Scope & terms\n\nName:\tAda   L. 5 <= 6\nnext line, folded.\n\n"
        "Kept and inserted text[^1], and an end[^i].\n\n[^1]: The foot & note.\n"
        "[^i]: The end note.\n[Comment, Bob: Is this true?]\n\nSeen  again.\n\n## List\n\n"
        "1. first\n  a) below\n2. second\n- point\n\nmerged\n\n| a > b | two lines |\n\n"
        "Soft Donaudampf and no-break E-Mail.\n\nIn a box\n\nRunning head R&D\nPage 1 of Acme"
    )


def test_a_file_longer_than_is_stored_is_cut(read):
    parsed = read(word(paragraph("word " * 1000) * (LONGEST_TEXT // 5000 + 50)))

    assert parsed.truncated
    assert len(parsed.text) == LONGEST_TEXT


def test_files_that_hold_the_text_are_read_in_its_place(read):
    # As html-docx-js writes all of it.
    page = "<html><body><h1>Scope</h1><p>R&amp;D for 5 &lt; 6</p></body></html>"
    saved = (
        "MIME-Version: 1.0\nContent-Type: multipart/related; type=text/html; boundary=x\n\n"
        f"--x\nContent-Type: text/html; charset=utf-8\n\n{page}\n--x--\n"
    )
    chunk = '<w:altChunk r:id="c"/>' * 2
    whole = word(f"{paragraph(run(text('before')))}{chunk}{paragraph(run(text('after')))}")
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["word/_rels/document.xml.rels"] = made.relations(("c", "aFChunk", "afchunk.mht"))
    parts["word/afchunk.mht"] = saved

    parsed = read(made.zipped(parts))

    assert parsed.text == "before\n\n# Scope\n\nR&D for 5 < 6\n\nafter"
