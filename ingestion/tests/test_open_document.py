import pytest

from documents.layout import cells_of
from ingestion.parsing.types import ParseFailed
from ingestion.tests.office_files import zipped
from ingestion.tests.open_files import TYPE, flattened, opened


@pytest.fixture
def read_text(read):
    return lambda body, **options: read(opened("text", body, **options), "a.odt").text


@pytest.mark.parametrize(
    ("inner", "shown"),
    [
        ("R&amp;D 5 &lt;= 6 #1 *a* \\", "R&D 5 <= 6 #1 *a* \\"),
        ("Name:<text:tab/>Ada", "Name:\tAda"),
        ('a<text:s/>b<text:s text:c="3"/>c', "a b   c"),
        ('a<text:s text:c="99999999"/>c', f"a{' ' * 100}c"),
        ("a<text:line-break/>b", "a\nb"),
        ("a \n\t  b", "a b"),
        ("Donau\u00addampf E\u2011Mail", "Donaudampf E-Mail"),
        ("<text:a><text:span>link</text:span></text:a>", "link"),
        ('a<text:span text:style-name="Hid">secret</text:span>b', "ab"),
        ("<text:ruby><text:ruby-base>漢</text:ruby-base><text:ruby-text>かん</text:ruby-text>"
         "</text:ruby>", "漢"),
        ('p. <text:page-number text:select-page="current">7</text:page-number>', "p. 7"),
        ("a<text:soft-page-break/>b<text:bookmark text:name='x'/>", "ab"),
    ],
)  # fmt: skip
def test_characters_are_read_as_they_are_shown(read_text, inner, shown):
    hidden = (
        '<style:style style:name="Hid"><style:text-properties text:display="none"/></style:style>'
    )

    assert read_text(f"<text:p>{inner}</text:p>", styles=hidden) == shown


@pytest.mark.parametrize(
    "hidden",
    [
        "<text:tracked-changes><text:p>gone</text:p></text:tracked-changes>",
        '<text:section text:display="none"><text:p>gone</text:p></text:section>',
        "<office:forms><text:p>gone</text:p></office:forms>",
        "<text:table-of-content-source><text:p>gone</text:p></text:table-of-content-source>",
        "<draw:frame><svg:title>gone</svg:title></draw:frame>",
    ],
)
def test_what_is_not_seen_is_left_out(read_text, hidden):
    assert read_text(f"{hidden}<text:p>seen</text:p>") == "seen"


def test_a_text_of_libreoffice_is_read_whole(read, data):
    parsed = read((data / "contract.odt").read_bytes(), "a.odt")

    assert parsed.title == "Contract & annex"
    assert parsed.text == (
        "# Scope & terms\n\nName:\tAda   L. 5 <= 6\nnext line, folded.\n\n"
        "Kept and inserted text[^1], and an end[^i].\n\n[^1]: The foot & note.\n"
        "[^i]: The end note.\n[Comment, Bob: Is this true?]\n\nSeen  again.\n\n## List\n\n"
        "1. first\n  a) below\n2. second\n- point\n\n| merged |  |\n| a > b | two lines |\n\n"
        "Soft Donaudampf and no-break E-Mail.\n\nIn a box\n\nRunning head R&D\nPage 1 of Acme"
    )


def test_slides_of_libreoffice_are_pages_with_notes(read, data):
    parsed = read((data / "plan.odp").read_bytes(), "a.odp")

    assert (parsed.title, parsed.pages) == ("Plan & more", 3)
    assert parsed.text == (
        "## R&D plan\n\n- Name:\tAda\n  - 5 <= 6 \n next\n\nGrouped #1 *shape*\n\n"
        "| a & b | right |\n| merged |  |\n\nGrowth & loss\nSales\nEast\nWest\n\n"
        "### Notes\n\nSay hello & smile.\n\nThen\tleave.\n\n"
        "## Hidden one"
    )


def cells(*found):
    return "".join(f"<table:table-cell{attributes}>{inner}</table:table-cell>"
                   for attributes, inner in found)  # fmt: skip


def test_sheets_show_values_as_text(read):
    rows = (
        "<table:table-row>"
        + cells(
            (' office:value-type="percentage" office:value="0.175"', "<text:p>17.5 %</text:p>"),
            (' office:value-type="float" office:value="3"', ""),
            (' office:value-type="string"', "<office:annotation><text:p>why?</text:p>"
             "</office:annotation><text:p>a</text:p><text:p>b &amp; c</text:p>"),
            (' table:number-columns-repeated="16381"', ""),
        )
        + '</table:table-row><table:table-row table:number-rows-repeated="1048574">'
        + cells((' table:number-columns-repeated="16384"', ""))
        + '</table:table-row><table:table-row table:number-rows-repeated="2">'
        + cells((' table:number-columns-repeated="16000"', ""), ("", "<text:p>far</text:p>"))
        + "</table:table-row>"
    )  # fmt: skip
    body = f'<table:table table:name="R&amp;D">{rows}</table:table>'

    parsed = read(
        opened("spreadsheet", f"<office:spreadsheet>{body}</office:spreadsheet>"), "a.ods"
    )

    far = f"| {' | '.join([''] * 50 + ['far'])} |"
    assert parsed.text == (f"## R&D\n\n| 17.5 % | 3 | a b & c |\n[Comment: why?]\n{far}\n{far}")
    assert parsed.passages[0].heading == "R&D"


@pytest.mark.parametrize("count", [10**30, 999_999_999])
def test_numbers_that_no_sheet_has_are_no_trouble(read, count):
    empty = f'<table:table-row table:number-rows-repeated="{count}"/>' * 3
    row = f"<table:table-row>{cells(('', '<text:p>word</text:p>'))}</table:table-row>"
    body = f'<table:table table:name="{"x" * 5000}">{row}{empty}{row}</table:table>'
    content = opened("spreadsheet", f"<office:spreadsheet>{body}</office:spreadsheet>")

    parsed = read(content, "a.ods")

    assert parsed.text.count("| word |") == 2
    assert cells_of(parsed.passages[-1].layout).startswith(f"{'x' * 100}!A1:A")


def test_repetition_without_end_is_cut(read):
    cell = cells((' table:number-columns-repeated="999999999"', "<text:p>word</text:p>")) * 100
    row = f'<table:table-row table:number-rows-repeated="999999999">{cell}</table:table-row>'

    parsed = read(
        opened("spreadsheet", f'<table:table table:name="x">{row}</table:table>'), "a.ods"
    )

    assert parsed.truncated


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        ("odt", "text"),
        ("ott", "text-template"),
        ("ods", "spreadsheet"),
        ("ots", "spreadsheet-template"),
        ("odp", "presentation"),
        ("otp", "presentation-template"),
    ],
)
def test_templates_are_read_as_what_they_become(read, ending, kind):
    parsed = read(opened(kind, "<text:p>zebra</text:p>"), f"a.{ending}")

    assert parsed.text == "zebra"
    assert parsed.mime == f"{TYPE}.{kind.removesuffix('-template')}"


def test_a_type_that_is_only_named_is_not_fetched(read):
    manifest = '<!DOCTYPE a PUBLIC "-//OpenOffice.org//DTD 1.0//EN" "M.dtd"><manifest:manifest/>'
    content = opened("text", "<text:p>zebra</text:p>", others={"META-INF/manifest.xml": manifest})
    named = '<!DOCTYPE a PUBLIC "-//OpenOffice.org//DTD 1.0//EN" "office.dtd"><a>&b;</a>'
    parts = {"mimetype": f"{TYPE}.text", "content.xml": named}

    assert read(content, "a.odt").text == "zebra"
    with pytest.raises(ParseFailed) as caught:
        read(zipped(parts), "a.odt")
    assert caught.value.code == "no_text"


def test_encrypted_files_are_refused(read):
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/>'
        "</manifest:file-entry></manifest:manifest>"
    )
    content = opened("text", "<text:p>x</text:p>", others={"META-INF/manifest.xml": manifest})

    with pytest.raises(ParseFailed) as caught:
        read(content, "a.odt")

    assert caught.value.code == "encrypted_file"


@pytest.mark.parametrize(
    "parts",
    [
        {"mimetype": f"{TYPE}.text"},
        {"mimetype": f"{TYPE}.text", "content.xml": "<a"},
        {"mimetype": f"{TYPE}.text", "content.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'},
        {"mimetype": f"{TYPE}.text", "content.xml": '<!DOCTYPE a [<!ENTITY b SYSTEM "c">]><a/>'},
        {"mimetype": f"{TYPE}.text", "content.xml": '<!DOCTYPE a [<!ATTLIST a b CDATA "c">]><a/>'},
    ],
)
def test_damaged_files_are_refused(read, parts):
    with pytest.raises(ParseFailed) as caught:
        read(zipped(parts), "a.odt")

    assert caught.value.code == "damaged_file"


def test_what_merged_cells_show_stands_in_each_of_their_rows(read):
    rows = "".join(
        f"<table:table-row>{row}</table:table-row>"
        for row in (
            cells((' table:number-columns-spanned="3"', "<text:p>Umsätze</text:p>"))
            + '<table:covered-table-cell table:number-columns-repeated="2"/>',
            cells(("", ""), (' table:number-rows-spanned="2"', "<text:p>Nord</text:p>"),
                  ("", "<text:p>Köln</text:p>")),
            cells(("", "")) + "<table:covered-table-cell><text:p>hidden</text:p>"
            "</table:covered-table-cell>" + cells(("", "<text:p>Münster</text:p>")),
            cells(("", ""), ("", "<text:p>Süd</text:p>"), ("", "<text:p>Würzburg</text:p>")),
        )
    )  # fmt: skip
    body = f'<table:table table:name="2025">{rows}</table:table>'
    content = opened("spreadsheet", f"<office:spreadsheet>{body}</office:spreadsheet>")

    (passage,) = read(content, "a.ods").passages

    assert passage.text == (
        "## 2025\n\n| Umsätze |\n|  | Nord | Köln |\n|  | Nord | Münster |\n|  | Süd | Würzburg |"
    )
    assert cells_of(passage.layout) == "'2025'!A1:C4"


def sheet(_data):
    row = "<table:table-row><table:table-cell><text:p>20 euro</text:p></table:table-cell>"
    table = f'<table:table table:name="Prices">{row}</table:table-row></table:table>'
    return opened("spreadsheet", f"<office:spreadsheet>{table}</office:spreadsheet>")


@pytest.mark.parametrize(
    ("file", "kind", "ending"),
    [
        (lambda data: (data / "contract.odt").read_bytes(), "text", "odt"),
        (lambda data: (data / "plan.odp").read_bytes(), "presentation", "odp"),
        (sheet, "spreadsheet", "ods"),
    ],
)
@pytest.mark.parametrize("called", ["a.xml", "a.f{}", "no ending"])
def test_a_file_in_one_piece_is_read_as_one_of_parts(read, data, file, kind, ending, called):
    parts = file(data)

    flat = read(flattened(parts, kind), called.format(ending))

    of_parts = read(parts, f"a.{ending}")
    assert of_parts.text
    assert (flat.text, flat.title, flat.mime) == (of_parts.text, of_parts.title, of_parts.mime)


def test_a_template_in_one_piece_is_a_text(read, data):
    flat = flattened((data / "contract.odt").read_bytes(), "text-template")

    assert read(flat, "a.xml").mime == f"{TYPE}.text"


def test_what_calls_itself_something_else_in_one_piece_is_xml(read, data):
    flat = flattened((data / "contract.odt").read_bytes(), "text")
    other = flat.replace(f"{TYPE}.text".encode(), b"application/pdf", 1)

    assert read(other, "a.xml").mime == "application/xml"


@pytest.mark.parametrize("cut", [-1, -300, -5000])
def test_a_file_in_one_piece_that_was_cut_off_is_damaged(read, data, cut):
    flat = flattened((data / "contract.odt").read_bytes(), "text")

    with pytest.raises(ParseFailed) as caught:
        read(flat[:cut], "a.fodt")

    assert caught.value.code == "damaged_file"


def test_a_program_that_writes_such_files_is_none(read):
    program = b"HEAD = '<office:document office:mimetype=\"" + TYPE.encode() + b".text\"'\n"

    assert read(program, "a.py").mime == "text/plain"
