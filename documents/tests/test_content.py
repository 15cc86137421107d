import asyncio

import pytest
from auditlog.models import LogEntry
from django.test import AsyncClient

from accounts.tests.factories import UserFactory
from documents import storage
from documents.models import StoredFile
from documents.tests.factories import DocumentFactory, store_bytes
from youworker.core.db import run_in_thread

DATA = bytes(range(256)) * 4


def stored(data=DATA, **fields):
    return DocumentFactory(stored_file=store_bytes(data), size=len(data), **fields)


@pytest.fixture
def fetch(db, client_of):
    def get(document, **headers):
        client = client_of(document.owner)
        return client.get(f"/v1/documents/{document.pk}/content", headers=headers)

    return get


def body(response):
    return b"".join(response.streaming_content)


def test_the_whole_original_is_given_and_noted(fetch):
    document = stored(title="r", uri="dir/report.txt")

    response = fetch(document)

    assert (response.status_code, body(response)) == (200, DATA)
    assert response["Content-Length"] == "1024"
    assert response["Accept-Ranges"] == "bytes"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"] == 'inline; filename="report.txt"'
    assert LogEntry.objects.get().additional_data["action"] == "document.access"


@pytest.mark.parametrize(
    ("mime", "disposition", "sent"),
    [
        ("application/pdf", "inline", "application/pdf"),
        ("image/png", "inline", "image/png"),
        ("text/plain", "inline", "text/plain; charset=utf-8"),
        ("text/html", "attachment", "text/html; charset=utf-8"),
        ("image/svg+xml", "attachment", "image/svg+xml"),
        ("application/xhtml+xml", "attachment", "application/xhtml+xml"),
        ("application/zip", "attachment", "application/zip"),
        ("not a type\r\nX: y", "attachment", "application/octet-stream"),
    ],
)
def test_only_harmless_types_are_shown_in_the_browser(fetch, mime, disposition, sent):
    response = fetch(stored(mime=mime))

    assert response["Content-Disposition"].startswith(disposition)
    assert response["Content-Type"] == sent
    assert ("sandbox" in response.get("Content-Security-Policy", "")) == (mime != "application/pdf")


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-0", 0, 0), ("bytes=10-19", 10, 19), ("bytes=1000-", 1000, 1023),
     ("bytes=-24", 1000, 1023), ("bytes=1000-5000", 1000, 1023), ("bytes=-5000", 0, 1023)],
)  # fmt: skip
def test_a_part_is_given(fetch, asked, first, last):
    response = fetch(stored(), Range=asked)

    assert response.status_code == 206
    assert body(response) == DATA[first : last + 1]
    assert response["Content-Range"] == f"bytes {first}-{last}/1024"
    assert response["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_a_part_outside_is_416(fetch, asked):
    response = fetch(stored(), Range=asked)

    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */1024"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=9-2", "bytes=-", "lines=1-2", "bytes=x"])
def test_a_range_that_is_none_is_ignored(fetch, asked):
    response = fetch(stored(), Range=asked)

    assert (response.status_code, body(response)) == (200, DATA)


def test_conditions_are_looked_at(fetch):
    document = stored()
    etag, changed = fetch(document)["ETag"], fetch(document)["Last-Modified"]

    def status(condition):
        return fetch(document, Range="bytes=0-1", **{"If-Range": condition}).status_code

    assert fetch(document, **{"If-None-Match": etag}).status_code == 304
    assert [status(etag), status(changed)] == [206, 206]
    assert [status('"other"'), status("Mon, 01 Jan 2001 00:00:00 GMT")] == [200, 200]


def test_an_empty_original_is_given(fetch):
    response = fetch(stored(b""))

    assert (response.status_code, body(response)) == (200, b"")
    assert response["Content-Length"] == "0"


@pytest.mark.parametrize("name", ["gone", "../../../etc/passwd", "/etc/passwd", "."])
def test_what_is_not_stored_is_404(fetch, name):
    file = StoredFile.objects.create(sha256="a" * 64, size=1, name=name)

    assert fetch(DocumentFactory(stored_file=file)).status_code == 404


def test_what_never_was_a_file_has_no_original(fetch):
    assert fetch(DocumentFactory()).status_code == 404


def test_any_accept_header_will_do(fetch):
    assert fetch(stored(), Accept="image/png").status_code == 200
    assert fetch(stored(title="x"), Accept="text/html").status_code == 200


def test_names_cannot_break_the_header(fetch):
    document = stored(uri='a/b\\c"d\r\nX: y\x07.txt')

    header = fetch(document)["Content-Disposition"]

    assert header.startswith("inline; filename=")
    assert not set("\r\n") & set(header)


@pytest.mark.parametrize(
    ("uri", "disposition"),
    [
        ("dir/report.txt", 'inline; filename="report.txt"'),
        ('a"b.txt', 'inline; filename="a\\"b.txt"'),
        ("x" * 247 + ".pdf", f'inline; filename="{"x" * 247}.pdf"'),
        ("x" * 251 + ".pdf", f'inline; filename="{"x" * 251}.pdf"'),
        ("x" * 400 + ".pdf", f'inline; filename="{"x" * 251}.pdf"'),
        (
            "é" * 251 + ".pdf",
            f"inline; filename=\"{'e' * 125}.pdf\"; filename*=utf-8''{'%C3%A9' * 125}.pdf",
        ),
        (
            'Über "alles"\u202etxt.pdf',
            'inline; filename="Uber _alles__txt.pdf"; '
            "filename*=utf-8''%C3%9Cber%20%22alles%22_txt.pdf",
        ),
    ],
)
def test_a_download_has_the_name_of_its_file(fetch, uri, disposition):
    assert fetch(stored(uri=uri))["Content-Disposition"] == disposition


@pytest.mark.parametrize("title", ["x" * 496 + ".pdf", "é" * 496 + ".pdf"])
def test_a_document_without_a_place_is_named_after_its_title(fetch, title):
    header = fetch(stored(uri="", title=title))["Content-Disposition"]

    assert header.endswith((".pdf", '.pdf"'))


@pytest.mark.django_db(transaction=True)
async def test_pieces_are_streamed_under_asgi(monkeypatch):
    monkeypatch.setattr(storage, "PIECE", 100)
    document = await run_in_thread(stored)
    client = AsyncClient()
    await client.aforce_login(document.owner)

    response = await client.get(f"/v1/documents/{document.pk}/content")
    pieces = [piece async for piece in response.streaming_content]

    assert response.is_async
    assert [len(piece) for piece in pieces] == [100] * 10 + [24]
    assert b"".join(pieces) == DATA
    await asyncio.sleep(0)


@pytest.mark.django_db
def test_strangers_get_404(client_of):
    document = stored()

    response = client_of(UserFactory()).get(f"/v1/documents/{document.pk}/content")

    assert response.status_code == 404
    assert not LogEntry.objects.exists()
