"""`manage.py reembed`: prepared, filled, compared, switched, rolled back and dropped."""

import io

import pytest
from django.core.management import CommandError, call_command

from documents import embedding, evaluation, search, services
from documents.embedding.openai import OpenAIEmbedder
from documents.enums import ModelState, Provider
from documents.evaluation import switching
from documents.exceptions import WorseModel
from documents.management.commands import reembed
from documents.models import (
    EmbeddingModel,
    EmbeddingTask,
    EvaluationRun,
    GoldenQuestion,
    PassageEmbedding,
)
from documents.services import embedding_work
from documents.tests.conftest import register_embedder
from documents.tests.factories import DocumentFactory, embed, write
from documents.tests.fakes import LetterEmbedder, PickyEmbedder
from documents.tests.test_embeddings import indexes
from youworker.core.exceptions import NotFound
from youworker.tests.support.configuring import override_config
from youworker.tests.support.leases import let_leases_end
from youworker.tests.support.model_server import ModelServer
from youworker.tests.support.rows import refreshed

pytestmark = pytest.mark.django_db(transaction=True)


class Blind(LetterEmbedder):
    """A model to which all texts are alike."""

    def embed(self, texts):
        return super().embed(["same"] * len(texts))


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(reembed, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(reembed, "IDLE_SECONDS", 0.0)


@pytest.fixture
def library(ada, letters):
    """Documents of hers with their vectors."""
    for name, text in (("birds", "penguins swim"), ("tables", "copy moves data"), ("x", "zzz")):
        write(DocumentFactory(owner=ada, uri=f"{name}.html"), text)
    embed()
    return letters


@pytest.fixture
def second(monkeypatch):
    """A double that stands for the model `second`."""

    def act(embedder):
        embedder.name = "second"
        register_embedder(monkeypatch, embedder)
        return embedder

    with override_config("vector", embedding_base_url="http://127.0.0.1:9/v1"):
        yield act


def told(*arguments, **options):
    out = io.StringIO()
    call_command("reembed", *arguments, stdout=out, **options)
    return out.getvalue()


def golden():
    # The letters of the right text, but none of its words.
    GoldenQuestion.objects.create(question="sniugnep miws", addresses=["birds.html"])
    GoldenQuestion.objects.create(question="ypoc sevom atad", addresses=["tables.html"])


def active():
    return services.ensure_active_model()


def test_it_prepares_fills_compares_switches_and_goes_back(library, second, ada):
    second(LetterEmbedder(20))
    golden()

    out = told("second", dimensions=20, user="ada")
    assert "3 documents left (3 passages)" in out
    assert "second (openai, 20) has all vectors." in out
    assert "letters (openai, 26)" in out
    assert "Nothing is switched" in out
    assert active() == library
    assert EvaluationRun.objects.finished().count() == 2

    assert "answers searches now" in told("second", activate=True, user="ada")
    new = active()
    assert (new.name, new.dimensions) == ("second", 20)
    assert "letters (openai, 26) answers searches again" in told(rollback=True)
    assert active() == library
    assert "second (openai, 20) answers searches again" in told(rollback=True)
    told("letters", rollback=True)
    assert active() == library

    assert "is dropped" in told("second", drop=True)
    assert not EmbeddingModel.objects.filter(name="second").exists()
    assert new.index_name not in indexes()
    assert library.index_name in indexes()
    with pytest.raises(CommandError, match="no embedding model to go back to"):
        told(rollback=True)
    assert EvaluationRun.objects.filter(model=None, model_name="second (openai, 20)").exists()


def test_what_is_uploaded_meanwhile_gets_both_vectors(library, second, ada, monkeypatch):
    second(LetterEmbedder(20))
    late = []

    def upload_and_work():
        if not late:
            late.append(DocumentFactory(owner=ada))
            write(late[0], "late penguins")
            found = search.search("penguins", mode="semantic", actor=ada).results
            assert found[0].text == "penguins swim"
        embed()

    monkeypatch.setattr(reembed, "work_along", upload_and_work)

    told("second", dimensions=20, activate=True)

    for model in EmbeddingModel.objects.all():
        assert services.missing_vectors(model) == 0
        assert PassageEmbedding.objects.of_model(model).filter(document=late[0]).exists()


def test_a_worse_model_does_not_take_over_by_itself(library, second):
    second(Blind(20))
    golden()
    options = {"dimensions": 20, "user": "ada", "activate": True}

    with pytest.raises(CommandError, match=r"“second” finds less: MRR@10 is 0\.\d+ instead of"):
        told("second", **options)
    assert active() == library

    told("second", although_worse=True, **options)
    assert active().name == "second"


@pytest.mark.parametrize(("answer", "name"), [("y", "second"), ("", "letters"), ("no", "letters")])
def test_somebody_at_a_terminal_is_asked(library, second, monkeypatch, answer, name):
    second(LetterEmbedder(20))
    asked = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda words: asked.append(words) or answer)

    told("second", dimensions=20)

    assert asked == ["Let second (openai, 20) answer searches? [y/N] "]
    assert active().name == name


def test_ctrl_c_leaves_the_work_and_a_second_start_goes_on(library, second, monkeypatch):
    embedder = second(LetterEmbedder(20))
    monkeypatch.setattr(embedding_work, "BATCH", 1)
    real = embedder.embed

    def interrupted(texts):
        if len(embedder.batches) == 3:  # the probe, and two passages
            raise KeyboardInterrupt
        return real(texts)

    monkeypatch.setattr(embedder, "embed", interrupted)
    with pytest.raises(SystemExit) as end:
        told("second", dimensions=20)
    assert end.value.code == reembed.INTERRUPTED
    model = EmbeddingModel.objects.get(name="second")
    assert PassageEmbedding.objects.of_model(model).count() == 2
    assert not EmbeddingTask.objects.leased().exists()

    monkeypatch.setattr(embedder, "embed", real)
    embedder.batches.clear()
    told("second", activate=True)

    assert active() == model
    # The probe of the preparation, and the one passage that was left.
    assert embedder.batches == [1, 1]


def test_it_goes_on_where_a_killed_process_left_it(library, second, monkeypatch):
    second(LetterEmbedder(20))
    model = services.prepare_model(Provider.OPENAI, "second", 20)
    services.embedding_models.claim_model()
    # What a killed process leaves: a lease that nobody renews.
    let_leases_end(EmbeddingModel.objects.filter(pk=model.pk))

    told("second", activate=True)

    assert active() == model


@pytest.mark.slow
def test_a_document_that_cannot_be_embedded_ends_the_waiting(library, second, ada, monkeypatch):
    second(PickyEmbedder(20))
    write(DocumentFactory(owner=ada), "a zebra")
    embed()
    monkeypatch.setattr("documents.services.embedding_leases.lease_end", lambda seconds: None)

    with (
        override_config("ingestion", max_attempts=1),
        pytest.raises(CommandError, match="1 documents cannot be embedded"),
    ):
        told("second", dimensions=20, activate=True)
    assert active() == library


def test_a_model_that_is_dropped_meanwhile_ends_the_waiting(library, second, monkeypatch):
    second(LetterEmbedder(20))
    monkeypatch.setattr(
        reembed,
        "work_along",
        lambda: services.drop_model(EmbeddingModel.objects.get(name="second")),
    )

    with pytest.raises(CommandError, match="was dropped meanwhile"):
        told("second", dimensions=20)


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ([], {}, "Name the model"),
        (["gone"], {"drop": True}, "no embedding model 'gone'"),
        (["letters"], {"drop": True}, "active embedding model cannot be removed"),
        (["gone"], {"provider": "local"}, "The local models are"),
        (["gone"], {}, "EMBEDDING_BASE_URL is not set"),
        ([], {"rollback": True}, "no embedding model to go back to"),
    ],
)
def test_it_refuses_in_words(library, arguments, options, words):
    with pytest.raises(CommandError, match=words):
        told(*arguments, **options)


@pytest.mark.usefixtures("second")
def test_the_active_model_is_completed(library):
    assert "answers searches already" in told("letters")
    assert active().state == ModelState.ENABLED


def test_a_model_that_was_seen_to_find_less_is_refused_to_staff_as_well(library, second, ada):
    second(Blind(20))
    golden()
    told("second", dimensions=20, user="ada")
    model = EmbeddingModel.objects.get(name="second")

    assert switching.latest_comparison(model).is_worse
    # Other questions on one side, and the figures cannot be compared.
    run = switching.latest_comparison(model).other
    lost = run.results.first()
    lost.delete()
    assert switching.latest_comparison(model) is None
    lost.save(force_insert=True)
    with pytest.raises(WorseModel):
        evaluation.switch_model(model)
    assert active() == library
    evaluation.switch_model(model, although_worse=True)
    assert active() == model
    assert refreshed(library).active_until is not None


def test_there_is_no_way_back_to_what_was_never_active(library, second):
    second(LetterEmbedder(20))
    told("second", dimensions=20)

    with pytest.raises(NotFound):
        services.roll_back_model()


@pytest.fixture
def _own_clients(monkeypatch):
    """Embedders of this test, whose connections end with it."""
    mine = {}
    monkeypatch.setattr(embedding, "loaded", mine)
    yield
    for embedder in mine.values():
        if isinstance(embedder, OpenAIEmbedder):
            embedder.client.close()


@pytest.mark.usefixtures("_own_clients")
@pytest.mark.parametrize("dimensions", [384, 768, 1024])
def test_a_server_says_how_long_its_vectors_are(ada, dimensions):
    document = DocumentFactory(owner=ada)
    with (
        ModelServer(dimensions=dimensions) as server,
        override_config(
            "vector",
            embedding_base_url=server.base_url,
            embedding_model="first",
            embedding_dimensions=dimensions,
        ),
    ):
        write(document, "penguins swim")
        embed()
        told("other", activate=True)

        model = active()
        assert (model.name, model.dimensions) == ("other", dimensions)
        assert search.search("penguins", mode="semantic", actor=ada).results
    assert PassageEmbedding.objects.of_model(model).count() == 1
