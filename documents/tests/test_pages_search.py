"""The search page, and which words of what was found are marked."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.tests.factories import UserFactory
from documents.quoting.highlighting import excerpt, lines_around
from documents.tests.factories import CollectionFactory, DocumentFactory, embed, write
from ingestion.tests.factories import ItemFactory
from youworker.tests.support.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def leave(ada):
    document = DocumentFactory(owner=ada, title="Leave <b>", language="en")
    write(document, "Everybody has thirty days of <i>leave</i> a year.")
    return document


def test_it_opens_with_a_field_and_a_word(browser):
    shown = text_of(browser.get("/search"))

    assert 'data-test="search"' in shown
    assert "Find a passage in your documents" in shown


def test_whoever_has_no_documents_is_led_to_adding_some(browser, ada):
    assert 'href="/documents/add"' in text_of(browser.get("/search"))

    DocumentFactory(owner=ada)
    assert 'href="/documents/add"' not in text_of(browser.get("/search"))


def test_passages_are_shown_with_their_words_marked_and_lead_to_their_place(browser, leave):
    shown = text_of(browser.get("/search", {"q": "thirty days", "mode": "keyword"}))
    passage = leave.passages.get()

    assert "<mark>thirty</mark> <mark>days</mark>" in shown
    assert "&lt;i&gt;leave&lt;/i&gt;" in shown
    assert "Leave &lt;b&gt;" in shown
    assert f'href="/documents/{leave.pk}?chunk={passage.pk}"' in shown
    assert "1 passage found" in shown


def test_whose_files_are_still_being_read_is_told(browser, ada, leave):
    told = "Some of your files are still being read"
    item = ItemFactory()
    assert told not in text_of(browser.get("/search?q=thirty&mode=keyword"))
    item.run.owner = ada
    item.run.save()
    assert told in text_of(browser.get("/search?q=thirty&mode=keyword"))
    item.run.finished_at = timezone.now()
    item.run.save()
    assert told not in text_of(browser.get("/search?q=thirty&mode=keyword"))


def test_nothing_of_others_is_found(browser, leave):
    stranger = Client()
    stranger.force_login(UserFactory())

    assert "Nothing was found" in text_of(stranger.get("/search?q=thirty&mode=keyword"))


def test_a_collection_and_a_tag_narrow_it(browser, ada, leave):
    other = CollectionFactory(owner=ada, name="Other")

    wrong = browser.get(f"/search?q=thirty&mode=keyword&collection={other.pk}")
    right = browser.get(f"/search?q=thirty&mode=keyword&collection={leave.collection_id}")

    assert "Nothing was found" in text_of(wrong)
    assert "1 passage found" in text_of(right)


@pytest.mark.parametrize(
    "query",
    [
        "q=",
        "q=%00",
        "q=x&mode=magic",
        "q=x&collection=nothing",
        "q=x&collection=00000000-0000-0000-0000-000000000000",
        "q=x&tag=unknown",
        "q=x&limit=100000",
        "q=x&limit=-1",
        "q=" + "x" * 3000,
    ],
)
def test_wrong_questions_are_told_or_find_nothing(browser, leave, query):
    answer = browser.get(f"/search?{query}")

    assert answer.status_code == 200
    assert 'data-test="search-result"' not in text_of(answer)


def test_too_many_searches_are_told_when_to_come_back(browser, leave, rate_limits, monkeypatch):
    monkeypatch.setenv("RATE_SEARCH", "1/m")
    browser.get("/search?q=thirty&mode=keyword")

    assert "Too many requests" in text_of(browser.get("/search?q=thirty&mode=keyword"))


def test_whoever_is_not_signed_in_comes_back_to_the_question():
    assert Client().get("/search?q=a b")["Location"] == "/sign-in?next=%2Fsearch%3Fq%3Da%2520b"


def test_what_was_understood_is_shown_and_can_be_taken_away(browser, ada, leave):
    query = '"thirty days" -weeks type:text -tag:old after:2024 x'
    shown = text_of(browser.get("/search", {"q": query, "mode": "keyword"}))

    labels = ["exactly “thirty days”", "without “weeks”", "type: text", "not tag: old"]
    for label in [*labels, "added from 2024-01-01 on"]:
        assert label in shown
    assert shown.count('data-test="search-chip"') == 5
    without = "q=%22thirty+days%22+-weeks+type%3Atext+-tag%3Aold+x"
    assert f'href="?{without}&amp;mode=keyword"' in shown
    assert "1 passage found" in shown


def test_the_last_operator_leads_back_to_an_empty_field(browser, leave):
    shown = text_of(browser.get("/search?q=type:text"))

    assert 'data-test="search-chip" href="/search"' in shown
    assert "1 passage found" in shown


def test_words_of_a_phrase_that_nothing_has_are_looked_for_and_that_is_said(browser, leave):
    shown = text_of(browser.get('/search?q="days thirty"&mode=keyword'))
    nothing = text_of(browser.get('/search?q="purple zebra"&mode=keyword'))

    assert "No passage has exactly these words in this order. These have" in shown
    assert "1 passage found" in shown
    assert "No passage has exactly these words in this order.</p>" in nothing
    assert "Nothing was found" in nothing


def test_operators_are_not_marked_as_words(browser, leave):
    shown = text_of(browser.get("/search?q=thirty type:text -days2 title:leave&mode=keyword"))

    assert "<mark>thirty</mark>" in shown
    assert shown.count("<mark>") == 1


def test_what_has_none_of_the_words_is_called_similar(browser, letters, leave):
    embed()

    assert "No passage shown has these words" in text_of(browser.get("/search?q=xqzvbn"))
    assert "No passage shown has these words" not in text_of(browser.get("/search?q=thirty"))
    assert "No passage shown" not in text_of(browser.get("/search?q=xqzvbn&mode=semantic"))


def test_tips_are_given_in_both_languages(browser, ada):
    assert "Search tips" in text_of(browser.get("/search"))


def test_only_staff_reads_why_something_was_found(browser, ada, leave):
    assert "search-why" not in text_of(browser.get("/search?q=thirty&mode=keyword"))

    ada.is_staff = True
    ada.save(update_fields=["is_staff"])
    shown = text_of(browser.get("/search?q=thirty&mode=keyword"))

    assert 'data-test="search-why"' in shown
    assert "as its owner, as the owner of its collection" in shown


def test_what_a_chip_says_is_escaped(browser, leave):
    shown = text_of(browser.get("/search", {"q": '"<script>alert(1)</script> x" thirty'}))

    assert "<script>alert(1)" not in shown
    assert "&lt;script&gt;alert(1)" in shown


def marked(pieces):
    return [piece.text for piece in pieces if piece.is_meant]


@pytest.mark.parametrize(
    ("said", "query", "language", "words"),
    [
        ("The servers replay logs.", "server replays", "en", ["servers", "replay"]),
        ("Le ferie del personale", "feria personale", "it", ["ferie", "personale"]),
        ("Perché la città è bella", "perche citta bella", "it", ["città", "bella"]),
        ("Die Straße ist lang", "strasse", "de", ["Straße"]),
        ("我们的办公室在北京。", "办公室", "zh", ["办公室"]),
        ("出差时住宿费每晚最多五百元。", "出差住宿费每晚多少", "zh", ["出差", "住宿费每晚"]),
        ("東京本社の会議室は三階です。", "会議室 場所", "ja", ["会議室"]),
        ("黒い猫がいる。", "猫", "ja", ["猫"]),
        ("재택근무는 주 2회 가능합니다.", "재택근무 가능", "ko", ["재택근무", "가능"]),
        ("พนักงานลาพักร้อนได้สิบวัน", "ลาพักร้อน", "th", ["ลาพักร้อน"]),
        ("max_connections is 100", "max_connections", "en", ["max_connections"]),
        ("The and of it", "the of", "en", []),
        ("", "x", "", []),
    ],
)
def test_words_are_found_by_their_stems_and_without_accents(said, query, language, words):
    pieces = excerpt(said, query, language=language)

    assert "".join(piece.text for piece in pieces) == said
    assert set(words) <= set(marked(pieces))


def test_of_a_script_without_blanks_nothing_is_marked_that_only_asks():
    assert marked(excerpt("有多少人, 会议室三楼。", "会议室在多少楼", language="zh")) == ["会议室"]


def test_an_excerpt_has_no_marks_of_markdown():
    said = (
        "# Leave\n\n| Kind | Days |  |\n|---|---:|---|\n| Study \\| exams | -5 | |\n\n"
        "```python\na | b\n```\nEnd"
    )

    shown = "".join(piece.text for piece in excerpt(said, "days", language="en"))
    assert shown == "Leave\n\nKind · Days\nStudy | exams · -5\n\na | b\nEnd"


def test_marks_of_headings_are_left_out():
    said = "## Paid leave\n\nIssue #7 says:\n### Needle\nThirty days."

    pieces = excerpt(said, "needle", language="en")

    assert "".join(piece.text for piece in pieces) == (
        "Paid leave\n\nIssue #7 says:\nNeedle\nThirty days."
    )
    assert [piece.text for piece in pieces if piece.is_meant] == ["Needle"]


def test_a_long_text_is_shown_around_what_was_meant():
    said = "filler words " * 200 + "the needle is here " + "more filler " * 200

    pieces = excerpt(said, "needle", language="en")
    shown = "".join(piece.text for piece in pieces)

    assert marked(pieces) == ["needle"]
    assert len(shown) < 600
    assert (pieces[0].text, pieces[-1].text) == ("… ", " …")


class CountedSpans(list[tuple[int, int]]):
    """Places that know how often one of them was looked at."""

    looks = 0

    def __getitem__(self, index):
        self.looks += 1
        return super().__getitem__(index)

    def __iter__(self):
        for span in super().__iter__():
            self.looks += 1
            yield span


def test_what_comes_again_and_again_is_not_compared_with_itself():
    spans = CountedSpans((start, start + 1) for start in range(0, 2000, 2))

    lines_around("e " * 1000, spans)

    assert spans.looks < 100 * len(spans)


@pytest.mark.parametrize("before", ["", "Some words stand before it. ", "one " * 30])
def test_what_is_longer_than_the_excerpt_is_marked_as_far_as_it_goes(before):
    text = before + "needle " * 100
    span = (len(before), len(text))

    pieces = lines_around(text, [span])

    (piece,) = [each for each in pieces if each.is_meant]
    assert piece.text.startswith("needle needle")
