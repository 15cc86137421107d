"""Scans are read page by page, beside what others handed in."""

import io
import os
import signal

import pytest
from PIL import Image

from accounts.tests.factories import UserFactory
from documents import search
from documents.models import Document
from ingestion import services
from ingestion.enums import Stage
from ingestion.models import IngestionItem, ScannedPage
from ingestion.parsing import process
from ingestion.parsing.process import Parser, Scans
from ingestion.parsing.scans.rules import ScanRules
from ingestion.parsing.types import ParseFailed
from ingestion.pipeline import parse, scans
from ingestion.pipeline.leases import claim
from ingestion.pipeline.worker import work_for, work_once
from ingestion.tests import samples
from youworker.core.config import config

FOREVER = float("inf")


@pytest.fixture
def tiff(data):
    return (data / "pages.tif").read_bytes()


@pytest.fixture
def parser():
    made = Parser(timeout=60, memory_mb=1024, beat=0.05)
    yield made
    made.close()


def read_by(parser, path, name, *, rules=None, report=lambda page: None):
    what = Scans(rules or ScanRules(), report=report)
    return parser.parse(path, "", name=name, heartbeat=lambda: None, scans=what)


@pytest.fixture
def short_turns(monkeypatch):
    monkeypatch.setattr(scans, "TURN", 0.0)


@pytest.mark.slow
@pytest.mark.django_db
def test_scans_are_found_at_their_page(letters, incoming, tiff):
    user = UserFactory()
    run = services.start_upload([incoming("pages.tif", tiff)], actor=user)

    work_for(60)

    item, document = run.items.get(), Document.objects.get()
    found = search.search("Niccolò Ferrari", actor=user)
    assert item.stage == Stage.READY
    assert item.note.startswith("Read by OCR")
    assert (document.mime, document.pages) == ("image/tiff", 3)
    assert [hit.page for hit in found.results][:1] == [2]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_long_scan_lets_others_pass_and_goes_on(letters, incoming, tiff, short_turns):
    services.start_upload([incoming("pages.tif", tiff)], actor=UserFactory())
    other = services.start_upload([incoming("note.txt", "A zebra.")], actor=UserFactory())

    assert work_once(until=FOREVER)
    scan = IngestionItem.objects.get(name="pages.tif")
    assert (scan.stage, scan.attempts, scan.failures, scan.losses) == (Stage.QUEUED, 0, 0, 0)
    assert scan.note == "Reading scans: page 1 of 3."
    assert list(scan.scanned_pages.values_list("number", flat=True)) == [1]
    work_for(60)

    scan.refresh_from_db()
    assert scan.stage == other.items.get().stage == Stage.READY
    document, note = scan.document, other.items.get().document
    assert note.created_at < document.created_at
    assert document.passage_count == 3
    services.repair()
    assert not ScannedPage.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_pages_outlive_a_killed_parser(letters, incoming, tiff, monkeypatch):
    run = services.start_upload([incoming("pages.tif", tiff)], actor=UserFactory())
    made = Parser(timeout=60, memory_mb=1024, beat=0.05)
    monkeypatch.setattr(parse, "parser", lambda: made)
    read = []

    def take(item, page, *, until):
        scans.keep_page(item, page) if page else None
        if page:
            read.append(page.number)
        if page and page.number == 1:
            os.kill(made.process.pid, signal.SIGKILL)

    monkeypatch.setattr(scans, "take_page", take)
    work_once(until=FOREVER)
    item = run.items.get()
    assert (item.stage, item.failures, item.error_code) == (Stage.QUEUED, 1, "parser_crashed")
    IngestionItem.objects.update(lease_until=None)
    work_for(60)
    made.close()

    item.refresh_from_db()
    assert item.stage == Stage.READY
    assert read == [1, 2, 3]


@pytest.mark.django_db
def test_pages_of_items_that_were_given_up_do_not_stay(incoming, tiff):
    run = services.start_upload([incoming("pages.tif", tiff)], actor=UserFactory())
    item = run.items.get()
    ScannedPage.objects.create(item=item, digest="d", number=1, total=3, text="t", seconds=1)

    services.repair()
    assert ScannedPage.objects.count() == 1
    services.cancel_run(run)
    services.repair()

    assert not ScannedPage.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db
def test_a_scan_that_fails_tells_nothing_but_why(letters, incoming, tiff, monkeypatch):
    run = services.start_upload([incoming("pages.tif", tiff)], actor=UserFactory())

    def take(item, page, *, until):
        scans.keep_page(item, page) if page else None
        if page and page.number == 2:
            raise ParseFailed("parse_timeout", "It took too long.")

    monkeypatch.setattr(scans, "take_page", take)
    work_for(60)

    item = run.items.get()
    assert (item.stage, item.error_code, item.note) == (Stage.FAILED, "parse_timeout", "")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_cancelled_scan_ends_with_the_page_at_hand(letters, incoming, tiff, monkeypatch):
    run = services.start_upload([incoming("pages.tif", tiff)], actor=UserFactory())
    take, seen = scans.take_page, []

    def cancelling(item, page, *, until):
        if page:
            seen.append(page.number)
            services.cancel_run(run)
        take(item, page, until=until)

    monkeypatch.setattr(scans, "take_page", cancelling)
    parse.parse_items(claim(), until=FOREVER)

    assert seen == [1]
    assert not Document.objects.exists()
    assert not ScannedPage.objects.exists()


def test_rules_come_from_the_settings():
    assert scans.rules() == ScanRules(
        enabled=True,
        languages="deu+ita+eng",
        models="",
        most_pages=config.ingestion.ocr_max_pages,
        most_seconds=config.ingestion.ocr_max_seconds,
    )


@pytest.mark.slow
def test_every_page_has_time_of_its_own(parser, tmp_path, tiff, monkeypatch):
    path = tmp_path / "pages.tif"
    path.write_bytes(tiff)
    told = []
    read_by(parser, path, "pages.tif", report=told.append)
    assert [page and page.number for page in told] == [None, 1, None, 2, None, 3]
    monkeypatch.setattr(process, "SECONDS_PER_PICTURE", 0.05)
    parser.timeout = 0.05

    with pytest.raises(ParseFailed) as caught:
        read_by(parser, path, "pages.tif")

    assert caught.value.code == "parse_timeout"


@pytest.mark.slow
def test_bombs_leave_the_parser_alive(parser, tmp_path):
    bomb, page = tmp_path / "bomb", tmp_path / "page"
    page.write_bytes(samples.html())
    buffer = io.BytesIO()
    # Four hundred megabytes in colour, of which less is allowed than three copies take.
    Image.new("RGB", (12_000, 12_000), "white").save(buffer, "PNG", compress_level=1)
    bomb.write_bytes(buffer.getvalue())
    parser.memory_mb = 300

    with pytest.raises(ParseFailed) as caught:
        read_by(parser, bomb, "bomb.png")

    assert caught.value.code == "too_large_inside"
    assert parser.process.poll() is None
    assert read_by(parser, page, "x.html").title == "The & title"


@pytest.mark.slow
def test_a_scan_of_thousands_of_pages_is_read_in_part(parser, tmp_path):
    from fpdf import FPDF

    picture = Image.new("L", (60, 80), "white")
    book = FPDF()
    for _ in range(3000):
        book.add_page()
        book.image(picture, x=0, y=0, w=book.w, h=book.h)
    path = tmp_path / "book.pdf"
    path.write_bytes(bytes(book.output()))

    with pytest.raises(ParseFailed) as caught:
        read_by(parser, path, "book.pdf", rules=ScanRules(most_pages=5))

    assert caught.value.code == "no_text"
    assert parser.process.poll() is None
