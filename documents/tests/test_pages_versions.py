"""Older versions on the pages: what is shown of them, and what may be done."""

import pytest

from accounts.tests.factories import UserFactory
from documents.models import DocumentVersion, Passage
from documents.tests.factories import DocumentFactory, keep_older, store_bytes, write
from groups.models import LegalHold
from youworker.tests.support.pages import text_of

pytestmark = pytest.mark.django_db

OLDER = "This is from an older version of the document: version 1"


@pytest.fixture
def rules(ada):
    """A document of two versions, and the passage that only the older one has."""
    document = DocumentFactory(owner=ada, title="Rules")
    former = write(document, "Old <b>rule</b>.", "Both.")
    keep_older(document)
    write(document, "New rule.", "Both.")
    return document, former


def test_a_citation_opens_the_version_it_was_taken_from(browser, rules):
    document, (gone, kept) = rules

    old = text_of(browser.get(f"/documents/{document.pk}?chunk={gone.pk}"))
    part = f"/documents/{document.pk}/panel?chunk={gone.pk}&start=0&end=3"
    panel = text_of(browser.get(part, headers={"HX-Request": "true"}))
    still = text_of(browser.get(f"/documents/{document.pk}?chunk={kept.pk}"))

    for shown in (old, panel):
        assert OLDER in shown
        assert "Old &lt;b&gt;rule&lt;/b&gt;." in shown
        assert "New rule." not in shown
    assert 'data-quote="Old &lt;b&gt;rule&lt;/b&gt;."' in old
    assert 'data-quote="Old"' in panel
    assert f"?version=1&amp;chunk={gone.pk}" in panel
    assert OLDER not in still
    assert "New rule." in still


def test_versions_are_listed_and_opened(browser, rules):
    document, _ = rules

    newest = text_of(browser.get(f"/documents/{document.pk}"))
    older = text_of(browser.get(f"/documents/{document.pk}?version=1"))

    assert "1 older version" in newest
    assert f'href="/documents/{document.pk}?version=1"' in newest
    assert OLDER not in newest
    assert "Old &lt;b&gt;rule&lt;/b&gt;." in older


@pytest.mark.parametrize("wrong", ["version=9", "version=x", "version=-1", "version=999999999"])
def test_a_version_that_is_not_there_is_the_newest(browser, rules, wrong):
    shown = text_of(browser.get(f"/documents/{rules[0].pk}?{wrong}"))

    assert "New rule." in shown
    assert OLDER not in shown


def test_a_document_of_one_version_lists_none(browser, ada):
    document = DocumentFactory(owner=ada)
    write(document, "Words.")

    assert "older version" not in text_of(browser.get(f"/documents/{document.pk}"))


def test_pages_of_a_long_older_version_stay_in_it(browser, ada):
    document = DocumentFactory(owner=ada, mime="text/markdown")
    write(document, *(f"Sentence {n}." for n in range(100)))
    keep_older(document)
    write(document, "Short.")

    first = text_of(browser.get(f"/documents/{document.pk}?version=1"))
    second = text_of(browser.get(f"/documents/{document.pk}?from=40&version=1"))

    assert f'href="/documents/{document.pk}?from=40&amp;version=1"' in first
    assert "Sentence 79." in second


def test_the_pages_of_a_pdf_are_those_of_its_version(browser, ada):
    document = DocumentFactory(owner=ada, mime="application/pdf", stored_file=store_bytes(b"%PDF"))
    write(document, "Words.")
    keep_older(document)

    shown = text_of(browser.get(f"/documents/{document.pk}?version=1"))

    assert f'data-src="/v1/documents/{document.pk}/versions/1/content"' in shown


def test_a_passage_of_another_document_opens_nothing(browser, ada, rules):
    other = DocumentFactory(owner=UserFactory())
    foreign = write(other, "Canary.")[0]
    keep_older(other)
    write(other, "Else.")

    shown = text_of(browser.get(f"/documents/{rules[0].pk}?chunk={foreign.pk}"))

    assert "Canary" not in shown


def test_restoring_and_removing_lead_back_to_the_document(browser, rules):
    document, _ = rules
    url = f"/documents/{document.pk}"

    restored = browser.post(f"{url}/versions/1/restore", follow=True)
    removed = browser.post(f"{url}/versions/2/delete", follow=True)

    assert "The older version is the newest again." in text_of(restored)
    assert "The older version was removed." in text_of(removed)
    assert list(DocumentVersion.objects.values_list("number", flat=True)) == [1]
    texts = Passage.objects.filter(document=document).order_by("ordinal")
    assert texts.first().text == "Old <b>rule</b>."


def test_what_is_refused_is_told_on_the_page(browser, ada, rules):
    LegalHold.objects.create(user=ada, reason="Court")

    answer = browser.post(f"/documents/{rules[0].pk}/versions/1/delete", follow=True)

    assert "A legal hold keeps this document with its versions." in text_of(answer)
    assert DocumentVersion.objects.count() == 1
