import pytest

from ingestion.parsing import kinds

EXPORTED = (
    b"Date: Tue, 3 Mar 2026 10:00:00 +0000 (UTC)\r\nMessage-ID: <1@wiki>\r\n"
    b"Subject: Exported From Confluence\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/related; boundary="b"\r\n\r\n--b\r\n'
    b"Content-Type: text/html; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    b"Content-Location: file:///C:/exported.html\r\n\r\n"
    b"<html><head><title>Guide</title></head><body><h1>Perch=C3=A9</h1><p>The zebra.</p></body>"
    b"</html>\r\n--b\r\nContent-Type: application/octet-stream\r\n"
    b"Content-Transfer-Encoding: base64\r\nContent-Location: file:///C:/1\r\n\r\nAAAA\r\n--b--\r\n"
)


@pytest.mark.parametrize("name", ["Guide.doc", "guide.xls"])
def test_a_page_under_the_name_of_a_document_is_read_as_a_page(read, name):
    parsed = read(EXPORTED, name)

    assert parsed.mime == kinds.MHTML.mime
    assert (parsed.title, parsed.text) == ("Guide", "# Perché\n\nThe zebra.")


@pytest.mark.parametrize("name", ["guide.txt", "guide.md"])
def test_a_page_under_the_name_of_a_text_stays_as_it_is(read, name):
    assert "Content-Location" in read(EXPORTED, name).text


def test_a_message_with_pictures_is_no_page(read):
    message = b"From: ada@example.org\r\n" + EXPORTED

    assert read(message, "guide.eml").mime == kinds.EML.mime
    assert read(message, "guide").mime == kinds.EML.mime


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Code;Town\r\n1;Forlì\r\n".encode(), "Code;Town\n1;Forlì\n"),
        ("Code\tTown\r\n1\tForlì\r\n".encode("utf-16"), "Code\tTown\n1\tForlì\n"),
    ],
)
@pytest.mark.parametrize("name", ["towns.xls", "towns.xlsx"])
def test_separated_values_under_the_name_of_a_sheet_are_a_table(read, name, content, text):
    parsed = read(content, name)

    assert (parsed.mime, parsed.text) == (kinds.CSV.mime, text)


@pytest.mark.parametrize("name", ["notes.enex", "novel.fb2", "plan.opml", "plan.txt", "plan"])
def test_xml_under_another_name_is_read_as_xml(read, name):
    parsed = read(b'\n<?xml version="1.0"?><a><b>Forl&#236; &amp; more</b></a>', name)

    assert parsed.mime == kinds.XML.mime
    assert parsed.text.endswith("<a><b>Forlì & more</b></a>")


def test_xml_within_markdown_stays_as_it_is(read):
    assert read(b'<?xml version="1.0"?><a>&#236;</a>', "a.md").text.endswith("<a>&#236;</a>")
