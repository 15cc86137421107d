"""The library in the browser: choosing, undoing, dialogs, what others see; three widths."""

import pytest
from playwright.sync_api import expect

from youworker.tests.support.accessibility import find_violations

UPLOADS = "/v1/ingestion/uploads"
PATIENCE_MS = 60_000


def upload(client, *names):
    """Hand in small files and wait until they are documents."""
    files = [("files", (name, f"The text of {name}.".encode(), "text/plain")) for name in names]
    run = client.post(UPLOADS, files=files)
    assert run.status_code == 202, run.text
    return run.json()["id"]


@pytest.fixture
def filled(page, person, api):
    """The library of somebody with three documents."""
    upload(api(person), "one.txt", "two.txt", "three.txt")
    page.goto("/documents")
    expect(page.locator("[data-test=document]")).to_have_count(3, timeout=PATIENCE_MS)
    return page
