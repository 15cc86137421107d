"""A recording on the page of its document: its player stands at the second that was cited."""

import pytest

from ingestion.tests.test_recordings import recording
from youworker.tests.support.waiting import wait_until

PLAYER = "yw-recording audio"
STANDS_AT = f"() => document.querySelector('{PLAYER}').currentTime"


@pytest.fixture
def passages(api, person):
    """The passages of a recording that was handed in and heard."""
    client = api(person)
    sent = client.post(
        "/v1/ingestion/uploads", files={"files": ("board.flac", recording(), "audio/flac")}
    )
    assert sent.status_code == 202, sent.text

    def heard():
        rows = client.get("/v1/documents").json()["results"]
        return rows and rows[0]["passage_count"] and rows[0]["id"]

    document = wait_until(heard, seconds=150)
    rows = client.get(f"/v1/documents/{document}/passages").json()["results"]
    return [{**row, "document": document} for row in rows]


def test_a_citation_leads_to_the_second_at_which_it_was_said(page, passages):
    first, later = passages
    assert first["second"] < 5
    assert later["second"] > 70
    page.goto(f"/documents/{later['document']}?chunk={later['chunk_id']}")
    page.wait_for_function(f"() => document.querySelector('{PLAYER}')?.currentTime > 0")
    assert page.evaluate(STANDS_AT) == pytest.approx(later["second"], abs=1)

    page.locator(".stretches button").first.click()
    page.wait_for_function(f"() => document.querySelector('{PLAYER}').currentTime < 20")
    assert page.locator(".stretches mark.quote").count()
