"""Static files: addresses that change with the contents, and what browsers may keep."""

import gzip
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpResponse, StreamingHttpResponse
from django.templatetags.static import static
from django.urls import include, path

from youworker.server import static_files
from youworker.server.packing import compress_content
from youworker.server.static_files import INSTALLED, PACKAGES, compute_digest, found_files

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

SPRITE = "youworker/icons.svg"
LIBRARY = "vendor/htmx/htmx.min.js"
PAGE = "<p>x</p>" * 100

urlpatterns = [
    path("page", lambda _request: HttpResponse(PAGE)),
    path("v1/page", lambda _request: HttpResponse(PAGE)),
    path("text", lambda _request: HttpResponse(PAGE, content_type="application/json")),
    path(
        "events",
        lambda _request: StreamingHttpResponse([b"data: x\n\n"], content_type="text/event-stream"),
    ),
    path("", include("youworker.urls")),
]


@pytest.fixture
def ask(client):
    """Ask for a file, and read it to its end, as a server does."""

    def asked(path, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = client.get(path, headers=named)
        answer.sent = answer.getvalue()
        answer.close()
        return answer

    return asked


def source(name):
    return Path(finders.find(name)).read_bytes()


def test_a_file_below_the_current_digest_stays_with_the_browser(ask):
    answer = ask(static(SPRITE))

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.sent == source(SPRITE)


@pytest.mark.parametrize("folder", ["/static", "/static/0123456789ab"])
def test_other_addresses_give_the_current_file_each_time_anew(ask, folder):
    answer = ask(f"{folder}/{SPRITE}")

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-cache"
    assert answer.sent == source(SPRITE)


def test_a_browser_that_has_a_file_is_told_so(ask):
    known = ask(f"/static/{SPRITE}")["ETag"]

    for accepted in ("", "gzip"):
        answer = ask(f"/static/{SPRITE}", if_none_match=known, accept_encoding=accepted)
        assert answer.status_code == 304
        assert answer.sent == b""


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/youworker",
        "/youworker/",
        "/youworker/nothing.js",
        "/../settings.py",
        "/..%2fsettings.py",
        "/%2e%2e/%2e%2e/settings.py",
        "//etc/passwd",
        "/youworker/../youworker/icons.svg",
        "/youworker/icons.svg%00",
        "/youworker/icons.svg/",
        "/0123456789ab/youworker/icons.svg",
    ],
)
def test_nothing_but_files_can_be_asked_for(ask, path, settings):
    for autorefresh in (False, True):
        settings.WHITENOISE_AUTOREFRESH = autorefresh
        assert ask(f"/static/0123456789ab{path}").status_code == 404


def test_a_browser_that_takes_gzip_gets_it(ask):
    answer = ask(static(LIBRARY), accept_encoding="br, gzip")

    assert answer["Content-Encoding"] == "gzip"
    assert answer["Vary"] == "Accept-Encoding"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert int(answer["Content-Length"]) == len(answer.sent) < len(source(LIBRARY)) / 2
    assert gzip.decompress(answer.sent) == source(LIBRARY)


def test_a_file_is_packed_once(ask):
    compress_content.cache_clear()

    for _ in range(3):
        ask(static(LIBRARY), accept_encoding="gzip")

    assert compress_content.cache_info().misses == 1


def test_others_get_a_file_as_it_is(ask):
    answer = ask(static(LIBRARY))

    assert "Content-Encoding" not in answer
    assert answer["Vary"] == "Accept-Encoding"
    assert answer.sent == source(LIBRARY)


def test_a_part_of_a_file_is_not_packed(ask):
    answer = ask(static(LIBRARY), accept_encoding="gzip", range="bytes=0-9")

    assert answer.status_code == 206
    assert answer.sent == source(LIBRARY)[:10]


def test_what_gzip_cannot_shrink_is_sent_as_it_is(ask):
    answer = ask(static("vendor/temml/Temml.woff2"), accept_encoding="gzip")

    assert "Content-Encoding" not in answer
    assert "Vary" not in answer


def test_files_that_are_worked_on_are_read_anew(ask, settings):
    settings.WHITENOISE_AUTOREFRESH = True

    answer = ask(static(LIBRARY), accept_encoding="gzip")

    assert answer["Cache-Control"] == "no-cache"
    assert answer.sent == source(LIBRARY)


def test_only_what_sandboxes_load_may_be_loaded_by_everybody(ask):
    module = ask(static("vendor/mermaid/mermaid.esm.min.mjs"))
    other = ask(static(LIBRARY))

    assert module["Access-Control-Allow-Origin"] == "*"
    assert module["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Access-Control-Allow-Origin" not in other
    assert "Cross-Origin-Resource-Policy" not in other


def test_the_worker_that_reads_pdf_files_may_compile_what_it_loads(ask):
    allowed = ask(static("vendor/pdfjs/pdf.worker.min.mjs"))["Content-Security-Policy"]
    other = ask(static("vendor/pdfjs/pdf.min.mjs"))["Content-Security-Policy"]

    assert set(allowed.split("; ")) == {
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
    }
    assert set(other.split("; ")) == {"default-src 'none'", "frame-ancestors 'none'"}


@pytest.fixture
def own_file(tmp_path, monkeypatch):
    """A file of ours that can be changed."""
    file = tmp_path / "a.js"
    file.write_text("1")
    others = list(found_files())
    monkeypatch.setattr(static_files, "found_files", lambda: [*others, ("a.js", file)])
    yield file
    compute_digest.cache_clear()


def fresh_digest():
    compute_digest.cache_clear()
    return compute_digest()


def test_the_digest_stays_while_nothing_changes(own_file):
    assert fresh_digest() == fresh_digest()


def test_another_content_of_ours_changes_the_digest(own_file):
    before = fresh_digest()
    own_file.write_text("2")

    assert fresh_digest() != before


def test_another_version_of_a_package_changes_the_digest(own_file, monkeypatch):
    before = fresh_digest()
    monkeypatch.setattr(static_files, "version", lambda package: f"{package} next")

    assert fresh_digest() != before


def test_every_file_is_ours_or_of_a_package_whose_version_counts():
    folders = {"admin", "unfold", "rest_framework", "drf_spectacular_sidecar"}
    brought = {name.split("/")[0] for name, path in found_files() if path.is_relative_to(INSTALLED)}

    assert brought <= folders
    assert len(PACKAGES) == len(folders)


def test_pages_are_packed_and_padded(client):
    answers = [client.get("/page", headers={"Accept-Encoding": "gzip"}) for _ in range(20)]

    assert {answer["Content-Encoding"] for answer in answers} == {"gzip"}
    assert {gzip.decompress(answer.content) for answer in answers} == {PAGE.encode()}
    assert len({len(answer.content) for answer in answers}) > 1


@pytest.mark.parametrize("path", ["/v1/page", "/text", "/events"])
def test_answers_for_programs_are_not_packed(client, path):
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in answer


def test_a_page_is_sent_as_it_is_to_who_does_not_take_gzip(client):
    assert client.get("/page").content == PAGE.encode()
