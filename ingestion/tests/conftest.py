"""Fixtures of these tests."""

from pathlib import Path

import pytest

from documents.services import embedding_leases
from documents.tests.conftest import use_model
from documents.tests.fakes import LetterEmbedder
from ingestion import store
from ingestion.parsing.reading import parse_file
from ingestion.parsing.scans.rules import Scanning, ScanRules
from ingestion.pipeline import outcomes
from ingestion.pipeline.parse import close_parser
from ingestion.tests.web_site import Site, serving
from youworker.tests.support.leases import long_lease_end
from youworker.upstream import egress


@pytest.fixture(scope="session", autouse=True)
def _no_parser_left():
    yield
    close_parser()


@pytest.fixture(autouse=True)
def _long_pauses(monkeypatch):
    """A slow machine does not try again what a test looks at."""
    for module in (embedding_leases, outcomes):
        monkeypatch.setattr(module, "lease_end", long_lease_end)


@pytest.fixture
def letters(db, monkeypatch):
    """The active embedding model, without weights."""
    return use_model(monkeypatch, LetterEmbedder(), active=True)


@pytest.fixture
def incoming():
    """Makes files as an upload receives them."""

    def make(name, content):
        file = store.Incoming(name=name, limit=10**8)
        file.open()
        file.write(content if isinstance(content, bytes) else content.encode())
        file.close()
        return file

    return make


@pytest.fixture
def data():
    """The folder of files that other programs made."""
    return Path(__file__).parent / "data"


@pytest.fixture
def read(tmp_path):
    """Parses the content of a file."""

    def parse(content, name="a.docx"):
        path = tmp_path / "content"
        path.write_bytes(content)
        return parse_file(path, "", name=name)

    return parse


@pytest.fixture
def scan(tmp_path):
    """Parses content, or a file of the data folder, by rules of its own."""

    def parse(content, name, **limits):
        path = tmp_path / "content"
        path.write_bytes(content)
        what = limits.pop("scanning", None) or Scanning(ScanRules(**limits))
        return parse_file(path, "", name=name, scan=what)

    return parse


@pytest.fixture
def site(monkeypatch):
    """A web site that may be reached."""
    monkeypatch.setattr(egress, "allowed_entries", lambda: ("127.0.0.0/8",))
    with serving(Site()) as running:
        yield running
