"""The viewer: what it shows of which document, where, and to whom."""

import html
import uuid

import pytest
from django.urls import reverse

from documents.enums import DocumentStatus
from documents.layout import BoxAt, FormAt, Layout, PageAt, RowAt
from documents.models import Passage, StoredFile
from documents.tests.factories import (
    DocumentFactory,
    keep_older,
    store_bytes,
    stored_path,
    write,
)
from documents.viewing import with_heads
from youworker.audit import lines_about
from youworker.tests.support.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def notes(ada):
    document = DocumentFactory(owner=ada, title="Notes <b>", mime="text/markdown")
    write(document, *(f"Sentence {n} <i>is</i> here. And more." for n in range(100)))
    return document


def test_a_document_is_shown_from_its_beginning_as_text_only(browser, notes):
    shown = text_of(browser.get(f"/documents/{notes.pk}"))

    assert "Notes &lt;b&gt;" in shown
    assert "Sentence 0 &lt;i&gt;is&lt;/i&gt; here." in shown
    assert "Sentence 39 " in shown
    assert "Sentence 40 " not in shown
    assert f'href="/documents/{notes.pk}?from=40"' in shown


def test_it_opens_at_the_passage_with_what_was_quoted(browser, notes):
    passage = Passage.objects.get(document=notes, ordinal=70)
    url = f"/documents/{notes.pk}?chunk={passage.pk}"

    whole = text_of(browser.get(url))
    part = text_of(browser.get(f"{url}&start={passage.start}&end={passage.start + 11}"))

    assert "Sentence 64 " in whole
    assert "Sentence 63 " not in whole
    assert 'data-quote="Sentence 70 &lt;i&gt;is&lt;/i&gt; here. And more."' in whole
    assert 'data-quote="Sentence 70"' in part


@pytest.mark.parametrize(
    "wrong",
    [
        "chunk=nothing",
        "chunk=00000000-0000-0000-0000-000000000000",
        "from=-1",
        "from=99999999999999999999",
        "from=%C2%B2",
        "start=1&end=2",
    ],
)
def test_what_the_address_says_wrong_is_left_out(browser, notes, wrong):
    answer = browser.get(f"/documents/{notes.pk}?{wrong}")

    assert answer.status_code == 200
    assert "Sentence 0 " in text_of(answer)


def test_offsets_outside_the_passage_mean_the_whole_of_it(browser, notes):
    passage = Passage.objects.get(document=notes, ordinal=3)

    shown = text_of(browser.get(f"/documents/{notes.pk}?chunk={passage.pk}&start=0&end=99999"))

    assert 'data-quote="Sentence 3 ' in shown


def test_a_passage_of_another_document_is_not_shown(browser, notes):
    foreign = write(DocumentFactory(), "A secret of somebody else.")[0]

    assert "secret" not in text_of(browser.get(f"/documents/{notes.pk}?chunk={foreign.pk}"))


@pytest.mark.parametrize("what", ["", "/panel"])
def test_documents_of_others_are_not_there(browser, what):
    foreign = DocumentFactory()
    refused = browser.get(f"/documents/{foreign.pk}{what}")
    absent = browser.get(f"/documents/{uuid.uuid4()}{what}")

    assert (refused.status_code, absent.status_code) == (404, 404)
    assert refused.content == absent.content


def test_a_deleted_document_is_not_there(browser, notes):
    notes.soft_delete()

    assert browser.get(f"/documents/{notes.pk}").status_code == 404


def test_a_pdf_is_shown_as_pages_or_as_text(browser, ada):
    stored = StoredFile.objects.create(sha256="a" * 64, size=1, name="aa/a")
    document = DocumentFactory(owner=ada, mime="application/pdf", stored_file=stored)
    passage = write(document, "Thirty days.")[0]
    Passage.objects.filter(pk=passage.pk).update(page=4)

    pages = text_of(browser.get(f"/documents/{document.pk}?chunk={passage.pk}"))
    plain = text_of(browser.get(f"/documents/{document.pk}?view=text"))

    assert f'data-src="/v1/documents/{document.pk}/content" data-page="4"' in pages
    assert "<yw-pdf" not in plain
    assert "Thirty days." in plain


def test_the_pages_open_where_the_quote_stands(browser, ada):
    stored = StoredFile.objects.create(sha256="a" * 64, size=1, name="aa/a")
    document = DocumentFactory(owner=ada, mime="application/pdf", stored_file=stored)
    passage = write(document, "Thirty days. Then it ends.")[0]
    layout = Layout(
        [PageAt(0, 4), PageAt(13, 5)],
        [BoxAt(0, 4, 100, 900, 300, 920), BoxAt(13, 5, 100, 80, 300, 100)],
    )
    Passage.objects.filter(pk=passage.pk).update(page=4, layout=layout.to_text())
    url = f"/documents/{document.pk}?chunk={passage.pk}"

    quote = text_of(browser.get(f"{url}&start={passage.start + 13}&end={passage.end}"))
    whole = text_of(browser.get(url))

    second = "{&quot;page&quot;:5,&quot;left&quot;:0.1,&quot;top&quot;:0.08,"
    assert 'data-page="5"' in quote
    assert f'data-boxes="[{second}' in quote
    assert 'data-page="4"' in whole
    assert f",{second}" in whole


def test_a_passage_of_a_sheet_names_its_cells(browser, ada):
    document = DocumentFactory(owner=ada, mime="text/csv")
    passage = write(document, "| a | b |")[0]
    layout = Layout(rows=[RowAt(0, "<Sales>", 2, 1, 2)]).to_text()
    Passage.objects.filter(pk=passage.pk).update(layout=layout)

    shown = text_of(browser.get(f"/documents/{document.pk}?chunk={passage.pk}"))

    assert "&#x27;&lt;Sales&gt;&#x27;!A2:B2" in shown


def test_a_document_that_is_still_read_says_so(browser, ada):
    document = DocumentFactory(owner=ada, status=DocumentStatus.PROCESSING)
    failed = DocumentFactory(owner=ada, status=DocumentStatus.FAILED)

    assert "still being read" in text_of(browser.get(f"/documents/{document.pk}"))
    assert "could not be read completely" in text_of(browser.get(f"/documents/{failed.pk}"))


def test_the_panel_is_the_viewer_without_its_page(browser, notes):
    panel = text_of(browser.get(f"/documents/{notes.pk}/panel", headers={"HX-Request": "true"}))
    page = browser.get(f"/documents/{notes.pk}/panel?from=40")

    assert "<html" not in panel
    assert "Close the document" in panel
    assert page["Location"] == f"/documents/{notes.pk}?from=40"


def test_rows_of_a_table_that_was_cut_stay_together(browser, ada):
    document = DocumentFactory(owner=ada, mime="text/csv")
    write(document, "| a | b |\n|---|---|\n| 1 | 2 |", "| 3 | 4 |")

    assert "| 1 | 2 |\n| 3 | 4 |" in text_of(browser.get(f"/documents/{document.pk}"))


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        (["| a | 1 |", "| b | 2 |"], ["| a | 1 |", "| --- | --- |", "| b | 2 |"]),
        (["| a |", r"| b \| c | 2 |"], ["| a | |", "| --- | --- |", r"| b \| c | 2 |"]),
        (["| a |", "|---|", "| b |"], ["| a |", "|---|", "| b |"]),
        (["a | b", "|"], ["a | b", "|"]),
    ],
)
def test_a_table_without_a_head_gets_one(rows, shown):
    assert with_heads("\n".join(rows)) == "\n".join(shown)


def test_a_csv_file_is_a_table(browser, ada):
    document = DocumentFactory(owner=ada, mime="text/csv")
    rows = write(document, 'name;room\n"Ada; <b>";1', "Bo;2\nCy", *["Di;3"] * 40)

    shown = text_of(browser.get(f"/documents/{document.pk}?chunk={rows[1].pk}"))
    later = text_of(browser.get(f"/documents/{document.pk}?from=40"))

    head = '<th scope="col" dir="auto">name</th><th scope="col" dir="auto">room</th>'
    assert head in shown
    assert '<td dir="auto">Ada; &lt;b&gt;</td><td dir="auto">1</td>' in shown
    assert '<td dir="auto">Cy</td><td dir="auto"></td>' in shown
    assert 'data-quote="Bo;2' in shown
    assert head in later
    assert '<td dir="auto">Di</td>' in later


@pytest.mark.parametrize("text", ["name,room\nAda,1,2", "name\nAda", '"a,b\nc,d'])
def test_what_is_no_table_stays_lines(browser, ada, text):
    document = DocumentFactory(owner=ada, mime="text/csv")
    write(document, text)

    assert 'class="document-text plain"' in text_of(browser.get(f"/documents/{document.pk}"))


@pytest.mark.parametrize(
    ("name", "mime", "shown"),
    [
        ("a.PY", "text/plain", "````py\nx = '```'\n````"),
        ("a.json", "application/json", "````json\nx = '```'\n````"),
        ("a.py", "text/markdown", "x = '```'"),
        ("a.txt", "text/plain", "x = '```'"),
    ],
)
def test_source_code_is_a_block_of_its_language(browser, ada, name, mime, shown):
    document = DocumentFactory(owner=ada, mime=mime, uri=name)
    write(document, "x = '```'")

    page = html.unescape(text_of(browser.get(f"/documents/{document.pk}")))
    assert f">{shown}</yw-text>" in page


def test_lines_of_an_outlook_message_stay_lines(browser, ada):
    document = DocumentFactory(owner=ada, mime="application/vnd.ms-outlook", uri="a.msg")
    write(document, "Subject: a\nFrom: b")

    assert 'class="document-text plain"' in text_of(browser.get(f"/documents/{document.pk}"))


def test_parts_of_a_message_are_lines_or_markdown(browser, ada):
    document = DocumentFactory(owner=ada, mime="message/rfc822", uri="a.eml")
    head, rows, file = write(
        document, "Subject: *a*\n\n# Hi\n\n| a | b |", "| 1 | 2 |\n\nBye", "# no heading"
    )
    for row, forms in (
        (head, [FormAt(14, is_markdown=True)]),
        (rows, [FormAt(0, is_markdown=True)]),
    ):
        Passage.objects.filter(pk=row.pk).update(layout=Layout(forms=forms).to_text())

    shown = text_of(browser.get(f"/documents/{document.pk}?chunk={file.pk}"))

    assert shown.partition(">Subject")[0].endswith('<div class="plain" dir="auto"')
    assert (
        '>Subject: *a*</div><div class="md" data-source dir="auto">'
        "# Hi\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nBye</div>"
        '<div class="plain" dir="auto"># no heading</div></yw-text>'
    ) in shown
    assert 'data-quote="# no heading"' in shown


def test_opening_is_written_into_the_audit_log(browser, ada, notes):
    browser.get(f"/documents/{notes.pk}")

    assert "document.access" in [line.act for line in lines_about(ada)]


def test_a_large_document_takes_no_more_statements(browser, notes, django_assert_max_num_queries):
    browser.get(f"/documents/{notes.pk}")

    with django_assert_max_num_queries(20):
        browser.get(f"/documents/{notes.pk}")


@pytest.mark.parametrize(
    ("mime", "is_drawn"),
    [
        ("image/png", True),
        ("image/jpeg", True),
        ("image/tiff", False),
        ("image/heic", False),
        ("image/svg+xml", False),
    ],
)
def test_an_image_is_shown_with_its_text_beside_it(browser, ada, mime, is_drawn):
    stored = StoredFile.objects.create(sha256="b" * 64, name="b" * 64, size=1)
    document = DocumentFactory(owner=ada, mime=mime, stored_file=stored, title="Scan <1>")
    passages = write(document, "Words that were | recognised.")

    shown = text_of(browser.get(f"/documents/{document.pk}?chunk={passages[0].pk}"))

    image = f'<img src="{reverse("document-content", args=[document.pk])}" alt="Scan &lt;1&gt;">'
    assert (image in shown) is is_drawn
    assert "Words that were | recognised." in shown
    assert 'data-quote="Words that were | recognised."' in shown
    assert "Image" in shown


def test_an_image_without_its_original_is_its_text(browser, ada):
    document = DocumentFactory(owner=ada, mime="image/png", stored_file=None)
    write(document, "Words that were recognised.")

    shown = text_of(browser.get(f"/documents/{document.pk}"))

    assert "<img src=" not in shown
    assert "Words that were recognised." in shown


def test_the_original_is_led_to_and_one_that_is_lost_is_said_on_a_page(browser, ada):
    document = DocumentFactory(owner=ada, stored_file=store_bytes(b"first"))
    keep_older(document)
    document.stored_file = store_bytes(b"second")
    document.save_fields("stored_file")
    pages = [f"/documents/{document.pk}/original", f"/documents/{document.pk}/versions/1/original"]

    led = [browser.get(page).headers["Location"] for page in pages]
    stored_path(document.stored_file).unlink()
    lost, kept = [browser.get(page) for page in pages]

    assert led == [f"/v1{page.removesuffix('original')}content" for page in pages]
    assert (lost.status_code, kept.status_code) == (404, 302)
    assert "<h1>The original is missing</h1>" in lost.content.decode()
