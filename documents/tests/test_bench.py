import pytest

from documents.tests.factories import DocumentFactory, embed, write
from youworker.tests.bench import search as bench
from youworker.tests.bench import search_corpus

pytestmark = pytest.mark.usefixtures("letters")


def test_evaluate_reports_where_the_right_page_stands(tmp_path):
    owner = DocumentFactory(uri="/docs/library/penguin.html").owner
    for name, text in (("penguin", "penguins swim"), ("zebra", "zebras run")):
        document = DocumentFactory(owner=owner, uri=f"/docs/library/{name}.html")
        write(document, text)
    embed()
    questions = tmp_path / "questions.tsv"
    questions.write_text(
        "penguins\tlibrary/penguin.html\nzebras\tlibrary/none.html,library/zebra.html\n"
        "zebras\tlibrary/missing.html\nnot a question\n"
    )

    figures = {figure.name: figure for figure in bench.evaluate(questions, actor=owner)}

    assert figures["keyword hit@1"].value == pytest.approx(2 / 3)
    assert figures["hybrid MRR@10"].value == pytest.approx(2 / 3)
    assert figures["hybrid MRR@10"].ok is False
    assert figures["keyword hit@5"].ok is None


def test_latency_is_measured_over_a_synthetic_library(monkeypatch):
    monkeypatch.setattr(search_corpus, "VOCABULARY", 500)
    monkeypatch.setattr(search_corpus, "analyse", lambda: None)
    monkeypatch.setattr(search_corpus, "build_index", lambda model: None)

    corpus = search_corpus.build(400)
    figures = bench.latency(corpus, "50 %", "hybrid", 3)

    assert [figure.unit for figure in figures] == ["ms", "ms"]
    assert bench.ask(corpus, "100 %", "hybrid", 0) == 10
    assert 0 < bench.ask(corpus, "3 %", "keyword", 0) <= 10
