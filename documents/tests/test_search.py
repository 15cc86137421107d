import math
import uuid

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.services import create_api_key
from accounts.tests.factories import UserFactory
from documents import services
from documents.exceptions import VectorsUnusable
from documents.search import query as query_module
from documents.search import search, statement
from documents.search.frequencies import Frequencies, sampler
from documents.tests.factories import (
    CollectionFactory,
    CollectionShareFactory,
    DocumentFactory,
    DocumentShareFactory,
    embed,
    write,
)
from documents.tests.fakes import BrokenEmbedder, LetterEmbedder, PickyEmbedder
from groups.tests.factories import MembershipFactory
from ingestion.models import IngestionRun
from ingestion.tests.factories import ItemFactory
from quotas.models import UsageEvent
from youworker.core.config import config
from youworker.core.exceptions import InvalidInput, UpstreamUnavailable

pytestmark = pytest.mark.django_db

MODES = ["hybrid", "keyword", "semantic"]


def texts(answer):
    return [hit.text for hit in answer.results]


def library(*passages, embedded=True, **fields):
    document = DocumentFactory(**fields)
    write(document, *passages)
    if embedded:
        embed()
    return document


@pytest.fixture(params=["small scope", "large scope"])
def either_branch(request, monkeypatch):
    """Both ways of gathering candidates have to answer alike."""
    if request.param == "large scope":
        monkeypatch.setattr(statement, "SMALL_SCOPE", 0)


@pytest.mark.usefixtures("letters", "either_branch")
@pytest.mark.parametrize("mode", MODES)
def test_search_finds_the_best_passage(mode):
    document = library("zebra stripes", "penguins swim", "quick foxes")

    answer = search("fox", mode=mode, actor=document.owner)

    best = answer.results[0]
    assert answer.mode == mode
    assert best.text == "quick foxes"
    assert (best.document_id, best.title, best.uri) == (document.pk, document.title, document.uri)
    assert (best.collection_id, best.mime) == (document.collection_id, "text/plain")
    assert [hit.score for hit in answer.results] == sorted(
        (hit.score for hit in answer.results), reverse=True
    )


@pytest.mark.usefixtures("letters", "either_branch")
@pytest.mark.parametrize("mode", MODES)
def test_search_finds_nothing_the_actor_may_not_read(mode):
    stranger = library("secret penguins")
    user = UserFactory()
    mine = library("my penguins", owner=user)
    shared = DocumentShareFactory(
        document=library("shared penguins"), group=MembershipFactory(user=user).group
    ).document
    deleted = library("deleted penguins", owner=user)
    deleted.soft_delete()

    found = search("penguins", mode=mode, actor=user)

    assert {hit.document_id for hit in found.results} == {mine.pk, shared.pk}
    assert stranger.pk in {
        hit.document_id for hit in search("penguins", mode=mode, actor=stranger.owner).results
    }


@pytest.mark.usefixtures("letters", "either_branch")
def test_rights_taken_away_count_at_once():
    membership = MembershipFactory()
    share = CollectionShareFactory(group=membership.group)
    library("shared penguins", collection=share.collection)
    assert len(search("penguins", actor=membership.user).results) == 1

    membership.delete()

    assert search("penguins", actor=membership.user).results == []


@pytest.mark.usefixtures("letters")
@pytest.mark.parametrize("mode", MODES)
def test_search_filters(mode):
    user = UserFactory()
    shelf = CollectionFactory(owner=user)
    one = library("penguins one", owner=user, collection=shelf)
    two = library("penguins two", owner=user)
    services.update_document(one, tags=["red", "blue"], actor=user)
    services.update_document(two, tags=["red"], actor=user)

    def found(**filters):
        hits = search("penguins", mode=mode, actor=user, **filters).results
        return {hit.document_id for hit in hits}

    assert found() == {one.pk, two.pk}
    assert found(collections=[shelf.pk]) == {one.pk}
    assert found(tags=["red"]) == {one.pk, two.pk}
    assert found(tags=["red", "blue"]) == {one.pk}
    assert found(document_ids=[two.pk]) == {two.pk}
    assert found(document_ids=[uuid.uuid4()]) == set()
    assert found(collections=[], tags=[], document_ids=[]) == {one.pk, two.pk}


@pytest.mark.usefixtures("letters")
def test_words_of_a_question_are_alternatives():
    document = library("penguins swim", "zebras run", embedded=False)

    found = search("do penguins or unicorns swim?", mode="keyword", actor=document.owner)

    assert texts(found) == ["penguins swim"]


@pytest.mark.usefixtures("letters", "either_branch")
def test_rare_words_count_more_than_common_ones():
    document = library(*[f"system number {n}" for n in range(20)], "zebra crossing", embedded=False)

    found = search("system zebra", mode="keyword", actor=document.owner)

    assert texts(found)[0] == "zebra crossing"


@pytest.mark.usefixtures("letters")
def test_titles_and_headings_are_found():
    titled = library("some text", title="Penguins", embedded=False)
    headed = DocumentFactory(owner=titled.owner)
    write(headed, "other text", heading="Habits > Penguin colonies")

    found = search("penguin", mode="keyword", actor=titled.owner)

    assert set(texts(found)) == {"some text", "other text"}


@pytest.mark.usefixtures("letters")
@pytest.mark.parametrize(
    "question",
    [
        "os.path",
        "os.path.join",
        "`os.path.join()`",
        "--dry-run",
        "threadpoolexecutor",
        "thread pool",
        "C++",
        "3.14",
    ],
)
def test_identifiers_are_found(question):
    document = library(
        "use os.path.join with --dry-run",
        "a ThreadPoolExecutor of C++ 3.14",
        "nothing of this",
        title="Guide",
    )

    found = search(question, mode="keyword", actor=document.owner)

    assert len(found.results) == 1
    assert search(question, actor=document.owner).results[0].text == found.results[0].text


@pytest.mark.usefixtures("letters")
def test_each_language_is_stemmed_in_its_own_way():
    document = DocumentFactory()
    write(document, "i gatti dormono", language="it")

    assert len(search("gatto che dorme", mode="keyword", actor=document.owner).results) == 1


@pytest.mark.usefixtures("letters")
def test_stop_words_of_the_question_find_nothing_in_another_language():
    user = UserFactory()
    write(DocumentFactory(owner=user), *[f"the penguins swim {n}" for n in range(9)])
    write(DocumentFactory(owner=user), "il titolo: what is the law", language="it")

    found = search("what is the best penguin", mode="keyword", actor=user)

    assert len(found.results) == 9
    assert all("penguins" in text for text in texts(found))


@pytest.mark.usefixtures("letters", "either_branch")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "question",
    [
        "",
        "   ",
        "the of and",
        "'\"\\:*&|!()<->",
        "x" * 10_000,
        "word " * 5000,
        "🎉\u202e\ufeff",
        "%s %(x)s",
        "a'b\\c",
    ],
)
def test_odd_questions_are_no_errors(question, mode):
    document = library("penguins swim")

    answer = search(question, mode=mode, actor=document.owner)

    assert len(answer.results) <= 1


@pytest.mark.parametrize("mode", MODES)
def test_an_empty_index_answers_nothing(letters, mode):
    assert search("penguins", mode=mode, actor=UserFactory()).results == []


@pytest.mark.usefixtures("letters")
def test_search_refuses_what_makes_no_sense():
    user = UserFactory()

    for arguments in ({"mode": "magic"}, {"limit": 0}, {"limit": 101}):
        with pytest.raises(InvalidInput):
            search("x", actor=user, **arguments)
    with pytest.raises(InvalidInput):
        search("a\x00b", actor=user)


def test_without_its_model_a_search_goes_by_words(use):
    use(BrokenEmbedder(), active=True)
    document = library("penguins swim", embedded=False)

    answer = search("penguins", actor=document.owner)

    assert (texts(answer), answer.mode) == (["penguins swim"], "keyword")
    with pytest.raises(UpstreamUnavailable):
        search("penguins", mode="semantic", actor=document.owner)


def test_a_question_the_model_refuses_is_searched_by_words(use):
    use(PickyEmbedder(), active=True)
    document = library("zebras swim", embedded=False)

    answer = search("zebras", actor=document.owner)

    assert (texts(answer), answer.mode) == (["zebras swim"], "keyword")
    with pytest.raises(VectorsUnusable) as caught:
        search("zebras", mode="semantic", actor=document.owner)
    assert (caught.value.status, caught.value.code) == (503, "embedding_unusable")


def test_a_question_without_a_direction_finds_numbers_at_most(letters):
    document = library("penguins swim")

    for mode in MODES:
        answer = search("123", mode=mode, actor=document.owner)
        assert all(math.isfinite(hit.score) for hit in answer.results)


@pytest.mark.usefixtures("letters")
def test_a_document_is_found_by_words_before_it_has_vectors():
    document = library("penguins swim", embedded=False)

    assert texts(search("penguins", actor=document.owner)) == ["penguins swim"]
    assert texts(search("penguins", mode="semantic", actor=document.owner)) == []


@pytest.mark.usefixtures("letters", "either_branch")
def test_what_has_no_vectors_yet_counts_by_its_words():
    collection = CollectionFactory()
    for near in ("leaves of many trees", "days, weeks and months pass", "how many ways"):
        library(near, collection=collection)
    library("You have 26 days of leave.", embedded=False, collection=collection)

    answer = search("How many days of leave?", actor=collection.owner)

    assert texts(answer)[0] == "You have 26 days of leave."
    assert answer.results[0].semantic_score is None
    embed()
    assert search("How many days of leave?", actor=collection.owner).results[0].semantic_score


@pytest.mark.usefixtures("letters")
def test_one_document_does_not_fill_the_list():
    user = UserFactory()
    library(*[f"penguins swim {n}" for n in range(30)], owner=user, title="long")
    library("penguins swim well", owner=user, title="short")

    found = search("penguins swim", limit=5, actor=user)

    assert "short" in {hit.title for hit in found.results}


class CrowdedEmbedder(LetterEmbedder):
    """A model whose cosines lie close together far above 0."""

    def embed(self, texts):
        cosines = [0.9 if "near" in text else 0.8 if "word" in text else 1.0 for text in texts]
        return np.array([[cosine, math.sqrt(1 - cosine**2)] for cosine in cosines], np.float32)


@pytest.mark.parametrize(("unrelated", "first"), [(0.0, "the precise word"), (0.7, "near")])
def test_meaning_counts_from_what_unrelated_texts_have_in_common(
    use, monkeypatch, unrelated, first
):
    use(CrowdedEmbedder(2), active=True)
    monkeypatch.setattr(query_module, "unrelated_cosine", lambda name: unrelated)
    user = UserFactory()
    library("near", owner=user, title="")
    library("the precise word", owner=user, title="")

    # One is nearer in meaning, twice as near to the question as what has nothing to do with it.
    assert texts(search("precise", actor=user))[0] == first


def test_the_vector_index_is_walked_wider_than_what_is_wanted(letters):
    document = library("penguins swim")

    search("penguins", actor=document.owner)

    with connection.cursor() as cursor:
        cursor.execute("SHOW hnsw.ef_search")
        assert int(cursor.fetchone()[0]) >= 3 * config.vector.candidates


@pytest.mark.usefixtures("letters")
def test_vectors_of_another_model_are_not_mixed_in(use):
    document = library("penguins swim")
    other = use(type("Other", (BrokenEmbedder,), {"name": "other"})(), active=False)

    assert other.index_name
    assert texts(search("penguins", mode="semantic", actor=document.owner)) == ["penguins swim"]


def test_a_file_that_is_read_while_somebody_searches_was_not_searched(monkeypatch):
    item = ItemFactory()

    def find(*_anything):
        IngestionRun.objects.update(finished_at=timezone.now())
        return []

    monkeypatch.setattr("documents.search.find_passages", find)

    assert search("penguins", mode="keyword", actor=item.run.owner).incomplete
    assert not search("penguins", mode="keyword", actor=item.run.owner).incomplete


def test_as_json_has_the_shape_of_the_contract(letters):
    document = library("penguins swim")

    answer = search("penguins", actor=document.owner).as_json()

    (hit,) = answer["results"]
    assert set(answer) == {
        "results",
        "took_ms",
        "took",
        "mode",
        "understood",
        "reranked",
        "only_similar",
        "incomplete",
    }
    assert set(hit) == {
        *("chunk_id", "text", "score", "page", "heading", "start", "end", "second", "cells"),
        "document",
    }
    assert hit["document"] == {
        "id": str(document.pk),
        "title": document.title,
        "uri": document.uri,
        "mime": "text/plain",
        "language": "en",
        "collection_id": str(document.collection_id),
    }


def test_common_words_have_to_come_together_to_select():
    counts = Frequencies(total=100_000, sampled=1000, counts={"a": 300, "b": 150, "c": 100})

    chosen = query_module.selective([("c",), ("b",), ("a",)], counts)

    assert chosen == "'c' & 'b'"


def test_rare_words_select_each_on_its_own():
    counts = Frequencies(total=100_000, sampled=1000, counts={"a": 300, "c": 4})

    assert query_module.selective([("x",), ("c",), ("a",)], counts) == "'x' | 'c'"


def test_each_spelling_of_a_word_is_enough():
    counts = Frequencies(total=100_000, sampled=1000, counts={"a": 300, "ä": 300, "b": 100})

    assert query_module.selective([("b",), ("a", "ä")], counts) == "'b' & ('a' | 'ä')"
    assert query_module.selective([("x", "y"), ("a", "ä")], counts) == "('x' | 'y')"


def test_a_pasted_page_is_looked_for_by_its_rarest_words():
    terms = [(f"{number}", f"{number}x") for number in range(100)]

    assert len(query_module.rarest(terms, Frequencies())) == query_module.MOST_LEXEMES // 2


@pytest.mark.usefixtures("letters", "either_branch")
def test_a_word_counts_once_however_it_is_spelled():
    user = UserFactory()
    write(DocumentFactory(owner=user), "l'école", "élève élève élève", language="fr")
    write(DocumentFactory(owner=user), "l'école élève", language="fr")

    found = search("école élève", mode="keyword", actor=user)
    without = search("ecole eleve", mode="keyword", actor=user)

    assert texts(found)[0] == texts(without)[0] == "l'école élève"
    assert len(found.results) == len(without.results) == 3


@pytest.mark.usefixtures("letters", "either_branch")
def test_a_page_of_chinese_is_a_question_like_others():
    document = library("法国的首都是巴黎。", "柏林是德国的首都。", embedded=False)

    found = search("巴黎" + "很远的地方没有人知道" * 400, mode="keyword", actor=document.owner)

    assert texts(found)[0] == "法国的首都是巴黎。"


def test_quoted_lexemes_survive():
    assert query_module.quoted("a'b\\c") == "'a''b\\\\c'"


def test_frequencies_are_counted_and_kept_for_a_while(letters):
    document = library("penguins swim", "penguins run", embedded=False)
    first = sampler.frequencies()

    write(document, "zebras")

    assert first.sampled == 2
    assert first.share("penguin") > first.share("run") == first.share("unknown")
    assert first.weight("run") > first.weight("penguin") > 0
    assert sampler.frequencies() is first
    sampler.forget()
    assert sampler.frequencies().sampled == 1


@pytest.mark.parametrize("mode", MODES)
def test_a_search_is_counted_without_what_was_asked(client_of, letters, mode):
    user = UserFactory()
    library("zebra crossing", owner=user)
    _, secret = create_api_key(user, name="nightly", scopes=["documents.read"], actor=user)
    program = APIClient(headers={"Authorization": f"Bearer {secret}"})

    answer = program.post("/v1/search", {"query": "zebra", "mode": mode})
    again = client_of(user).post("/v1/search", {"query": "zebra", "mode": mode})

    assert (answer.status_code, again.status_code) == (200, 200)
    events = UsageEvent.objects.order_by("pk").values_list(
        "user", "api_key", "kind", "name", "outcome", "tokens_in"
    )
    assert list(events) == [
        (user.pk, user.api_keys.get().pk, "search", mode, "succeeded", 0),
        (user.pk, None, "search", mode, "succeeded", 0),
    ]


def test_a_search_that_was_refused_is_not_counted():
    with pytest.raises(InvalidInput):
        search("\x00", actor=UserFactory())

    assert not UsageEvent.objects.exists()


@pytest.mark.usefixtures("letters")
def test_the_answer_says_when_no_hit_has_a_word_of_the_query():
    document = library("penguins swim", "zebras run")

    def only_similar(query, **options):
        return search(query, actor=document.owner, **options).only_similar

    assert only_similar("xqzvbn")
    assert not only_similar("penguin xqzvbn")
    assert not only_similar("xqzvbn", mode="keyword")
    assert not only_similar("xqzvbn", mode="semantic")
    assert not only_similar("type:text")
    assert not only_similar("xqzvbn type:pdf")
