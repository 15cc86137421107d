"""Charts and sheets within OpenDocument files, as LibreOffice writes them."""

import pytest

from ingestion.parsing.types import ParseFailed
from ingestion.tests.open_files import NAMES, opened

FRAME = (
    '<draw:frame><draw:object xlink:href="./{0}" xlink:type="simple"/>'
    '<draw:image xlink:href="./ObjectReplacements/{0}"/></draw:frame>'
)
ROWS = [["", "Nord", "Süd"], ["2024", "9.1", "3.2"], ["Q1 & Q2", "2.4", "8.8"]]


def content(body):
    inner = f"<office:body>{body}</office:body>"
    return f"<office:document-content {NAMES}>{inner}</office:document-content>"


def cell(text):
    kind = "float" if text.replace(".", "").isdigit() else "string"
    shown = text.replace("&", "&amp;")
    return (
        f'<table:table-cell office:value-type="{kind}"><text:p>{shown}</text:p></table:table-cell>'
    )


def table(rows):
    lines = (f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    return f'<table:table table:name="local-table">{"".join(lines)}</table:table>'


def chart(title="Umsatz"):
    chart = 'xmlns:chart="urn:oasis:names:tc:opendocument:xmlns:chart:1.0"'
    axis = "<chart:axis><chart:title><text:p>Jahr</text:p></chart:title></chart:axis>"
    return content(
        f'<office:chart><chart:chart {chart} chart:class="chart:bar">'
        f"<chart:title><text:p>{title}</text:p></chart:title>"
        f"<chart:plot-area>{axis}</chart:plot-area>{table(ROWS)}</chart:chart></office:chart>"
    )


def sheet():
    row = '<table:table-row table:number-rows-repeated="1048576"><table:table-cell/>'
    rest = f"<table:table>{row}</table:table-row></table:table>"
    return content(f"<office:spreadsheet>{table(ROWS)}{rest}</office:spreadsheet>")


def file(kind, body, **objects):
    others = {f"{name}/content.xml": part for name, part in objects.items()}
    return opened(kind, f"<office:{kind}>{body}</office:{kind}>", others=others)


NAMES_IN_CHART = "Umsatz\nJahr\nNord\nSüd\n2024\nQ1 & Q2"
SHOWN_SHEET = "|  | Nord | Süd |\n| 2024 | 9.1 | 3.2 |\n| Q1 & Q2 | 2.4 | 8.8 |"


@pytest.mark.parametrize(("part", "shown"), [(chart, NAMES_IN_CHART), (sheet, SHOWN_SHEET)])
def test_objects_stand_below_their_paragraph(read, part, shown):
    body = f"<text:p>Vorher{FRAME.format('a')}</text:p><text:p>Nachher</text:p>"

    assert read(file("text", body, a=part()), "a.odt").text == f"Vorher\n\n{shown}\n\nNachher"


def test_objects_in_a_cell_stand_below_the_table(read):
    row = f"<table:table-cell><text:p>Zelle{FRAME.format('a')}</text:p></table:table-cell>"
    body = f"<table:table><table:table-row>{row}</table:table-row></table:table>"

    parsed = read(file("text", body, a=chart()), "a.odt")

    assert parsed.text == f"| Zelle |\n\n{NAMES_IN_CHART}"


@pytest.mark.parametrize(("part", "shown"), [(chart, NAMES_IN_CHART), (sheet, SHOWN_SHEET)])
def test_objects_are_read_on_their_slide(read, part, shown):
    words = "<draw:frame><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
    first = f"<draw:page>{words.format('Eins')}{FRAME.format('a')}</draw:page>"
    body = f"{first}<draw:page>{words.format('Zwei')}</draw:page>"

    parsed = read(file("presentation", body, a=part()), "a.odp")

    assert parsed.text == f"Eins\n\n{shown}\n\nZwei"
    assert parsed.pages == 2


def test_charts_of_a_sheet_stand_below_it(read):
    shapes = f"<table:shapes>{FRAME.format('a')}</table:shapes>"
    sheet = f'<table:table table:name="A">{shapes}<table:table-row>{cell("x")}</table:table-row>'
    body = f'{sheet}</table:table><table:table table:name="B"/>'

    parsed = read(file("spreadsheet", body, a=chart()), "a.ods")

    assert parsed.text == f"## A\n\n| x |\n\n{NAMES_IN_CHART}\n\n## B"


FORMULA = (
    '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><semantics>'
    "<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>"
    '<annotation encoding="StarMath 5.0">{a + b} over 2 &lt; c</annotation></semantics></math>'
)
TYPED = "{a + b} over 2 < c"


def test_a_formula_stands_in_its_sentence(read):
    body = f"<text:p>Wo {FRAME.format('a')} gilt, auch {FRAME.format('a')}.</text:p>"

    assert read(file("text", body, a=FORMULA), "a.odt").text == f"Wo {TYPED} gilt, auch ."


def test_a_formula_in_a_flat_file_stands_in_its_sentence(read):
    inner = FORMULA.replace("<", "<m:").replace("<m:/", "</m:").replace("xmlns=", "xmlns:m=")
    body = f"<text:p>Wo <draw:frame><draw:object>{inner}</draw:object></draw:frame> gilt.</text:p>"
    flat = (
        f'<office:document {NAMES} office:mimetype="application/vnd.oasis.opendocument.text">'
        f"<office:body><office:text>{body}</office:text></office:body></office:document>"
    )

    assert read(flat.encode(), "a.fodt").text == f"Wo {TYPED} gilt."


def test_a_formula_on_a_slide_is_a_line_of_it(read):
    body = f"<draw:page>{FRAME.format('a')}</draw:page>"

    assert read(file("presentation", body, a=FORMULA), "a.odp").text == TYPED


def test_an_object_is_read_once_and_what_is_within_it_is_not(read):
    body = f"<text:p>a{FRAME.format('a')}{FRAME.format('a')}{FRAME.format('gone')}</text:p>"
    outer = content(f"<office:text><text:p>outer{FRAME.format('b')}</text:p></office:text>")

    parsed = read(file("text", body, a=outer, b=chart()), "a.odt")

    assert parsed.text == "a\n\nouter"


def test_a_damaged_object_is_told_as_a_damaged_part_is(read):
    with pytest.raises(ParseFailed) as caught:
        read(file("text", f"<text:p>a{FRAME.format('a')}</text:p>", a=chart()[:-9]), "a.odt")

    assert caught.value.code == "damaged_file"
