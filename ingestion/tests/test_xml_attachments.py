"""Files within electronic invoices: of Italy (FatturaPA), and of Europe (UBL, CII)."""

import base64
import io
import zipfile
from pathlib import Path
from tempfile import mkdtemp

import pytest
from fpdf import FPDF

from ingestion.parsing.reading import parse_file
from ingestion.parsing.sentences import FILES_IN_TEXT
from ingestion.parsing.unpacking import Limits, Unpacking
from ingestion.tests.test_signed import signed

ROOMY = Limits(files=9, file_bytes=10**6, bytes=10**7, levels=2)


def page(words):
    document = FPDF()
    document.add_page()
    document.set_font("Helvetica", "", 12)
    document.cell(0, 8, words)
    return bytes(document.output())


PDF = page("Il compenso per la zebra")


def fattura(*attached):
    """An invoice as the Agenzia delle Entrate has it, with what it says of each file."""
    files = "".join(
        "<Allegati>"
        + "".join(f"<{name}>{value}</{name}>" for name, value in one.items())
        + "</Allegati>"
        for one in attached
    )
    body = f"<FatturaElettronicaBody><Numero>12</Numero>{files}</FatturaElettronicaBody>"
    space = "http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2"
    root = f'p:FatturaElettronica versione="FPR12" xmlns:p="{space}"'
    start = '<?xml version="1.0" encoding="UTF-8"?><?xml-stylesheet href="fatturaordinaria.xsl"?>'
    return f"{start}<{root}>{body}</p:FatturaElettronica>".encode()


def attachment(name="fattura.pdf", content=PDF, **others):
    encoded = base64.encodebytes(content).decode()
    return {"NomeAttachment": name, **others, "Attachment": encoded}


def zipped(name, content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def unpack(tmp_path):
    """Parses a file; what came out of it by its name, and the parsed file."""

    def run(content, name="IT01234567890_FPR01.xml", limits=ROOMY):
        path = tmp_path / "content"
        path.write_bytes(content)
        into = Unpacking(Path(mkdtemp(dir=tmp_path)), limits)
        parsed = parse_file(path, "", name=name, into=into)
        found = {
            member.path: member.code or (into.folder / str(number)).read_bytes()
            for number, member in enumerate(parsed.members)
        }
        return found, parsed

    return run


def test_files_of_an_italian_invoice_come_out(unpack):
    packed = zipped("ore.txt", b"9")
    content = fattura(
        attachment(),
        attachment("ore", packed, AlgoritmoCompressione="ZIP", FormatoAttachment="ZIP"),
        attachment("C:\\Fatture\\nota.txt", b"ciao", DescrizioneAttachment="La nota"),
    )

    found, parsed = unpack(content)

    assert found == {"fattura.pdf": PDF, "ore.zip": packed, "nota.txt": b"ciao"}
    assert all(member.attached for member in parsed.members)
    assert "<Numero>12</Numero>" in parsed.text
    assert "La nota" in parsed.text
    assert parsed.notes == []


@pytest.mark.parametrize(
    "element",
    ["cbc:EmbeddedDocumentBinaryObject", "ram:AttachmentBinaryObject"],
)
def test_files_of_european_invoices_come_out(unpack, element):
    encoded = base64.b64encode(PDF).decode()
    start = f'{element} mimeCode="application/pdf" filename="Anlage 1.pdf"'
    content = (
        f'<Invoice xmlns:cbc="a" xmlns:cac="b" xmlns:ram="c"><cac:Attachment><{start}>{encoded}'
        f"</{element}></cac:Attachment></Invoice>"
    )

    found, parsed = unpack(content.encode(), "rechnung.xml")

    assert found == {"Anlage 1.pdf": PDF}
    assert parsed.members[0].mime == "application/pdf"


def test_a_signed_invoice_has_its_attachments(unpack):
    found, _ = unpack(signed(fattura(attachment())), "IT01234567890_FPR01.xml.p7m")
    (inner,) = found.values()

    assert unpack(inner, next(iter(found)))[0] == {"fattura.pdf": PDF}


def test_damaged_and_empty_files_are_told_and_the_rest_comes_out(unpack):
    broken = {"NomeAttachment": "a.pdf", "Attachment": "QUJDR"}

    found, parsed = unpack(fattura(broken, attachment("b.pdf", b""), attachment("c.pdf")))

    assert found == {"a.pdf": "damaged_file", "b.pdf": "empty_file", "c.pdf": PDF}
    assert "<Numero>12</Numero>" in parsed.text


def test_names_lead_nowhere_else_and_are_told_apart(unpack):
    names = ["../../etc/passwd", "", "fattura", "fattura", "a\u202eb.pdf"]
    files = [attachment(name, b"x", FormatoAttachment="PDF") for name in names]

    found, _ = unpack(fattura(*files))

    # What turns the order of letters round is shown as a sign that nobody mistakes.
    assert list(found) == [
        *("passwd.pdf", "attachment.pdf", "fattura.pdf", "fattura (4).pdf"),
        "a\ufffdb.pdf",
    ]


@pytest.mark.parametrize(
    ("limits", "count"), [(Limits(1, 10**6, 10**7), 1), (Limits(9, 10**6, len(PDF) + 9), 1)]
)
def test_attachments_have_limits_and_the_invoice_is_read_all_the_same(unpack, limits, count):
    found, parsed = unpack(fattura(attachment("a.pdf"), attachment("b.pdf")), limits=limits)

    assert len(found) == count
    assert parsed.notes[0].startswith("The attachment 'b.pdf' was not read: ")
    assert "<Numero>12</Numero>" in parsed.text


def test_damaged_attachments_count_as_others_do(unpack):
    broken = {"NomeAttachment": "a.pdf", "Attachment": "QUJDR"}

    found, parsed = unpack(fattura(broken, broken), limits=Limits(1, 10**6, 10**7))

    assert found == {"a.pdf": "damaged_file"}
    assert parsed.notes == [
        "The attachment 'a.pdf' was not read: There are more than 1 files in this file."
    ]


def test_a_file_that_is_too_large_is_refused_alone(unpack):
    found, _ = unpack(
        fattura(attachment("a.pdf"), attachment("b.txt", b"x")), limits=Limits(9, 99, 10**7)
    )

    assert found == {"a.pdf": "too_large", "b.txt": b"x"}


@pytest.mark.parametrize(
    ("content", "came_out"),
    [
        # What stands before the damage is there.
        (fattura(attachment())[:-9], ["fattura.pdf"]),
        (b'<!DOCTYPE a [<!ENTITY b "c">]>' + fattura(attachment()).partition(b"?>")[2], []),
    ],
)
def test_a_damaged_invoice_and_one_with_entities_are_text(unpack, content, came_out):
    found, parsed = unpack(content)

    assert "<Numero>12</Numero>" in parsed.text
    assert list(found) == came_out


def test_base64_of_other_files_is_left_out_as_before(unpack):
    content = fattura(attachment()).replace(b"Allegati", b"Altro")

    found, parsed = unpack(content)

    assert not found
    assert parsed.notes == [FILES_IN_TEXT]


def test_below_the_last_level_attachments_stay_where_they_are(unpack):
    found, parsed = unpack(fattura(attachment()), limits=Limits(9, 10**6, 10**7, 0))

    assert not found
    assert parsed.notes == [FILES_IN_TEXT]
