"""A second embedding model beside the active one, from its preparation to its removal."""

import io
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.tests.factories import UserFactory
from documents import search, services, tasks
from documents.enums import DocumentStatus, ModelState, Provider
from documents.exceptions import ModelIncomplete, ModelInUse
from documents.models import EmbeddingModel, EmbeddingTask, PassageEmbedding
from documents.services import embedding_models
from documents.services.embedding_leases import claim_tasks
from documents.services.embedding_work import embed_claimed
from documents.tests.conftest import register_embedder
from documents.tests.factories import FOREVER, DocumentFactory, drafts, embed, write
from documents.tests.fakes import BrokenEmbedder, LetterEmbedder, PickyEmbedder
from documents.tests.test_collections import actions
from documents.tests.test_embeddings import indexes
from youworker.core.exceptions import InvalidInput
from youworker.core.leases import lease_end, new_lease
from youworker.tests.support.configuring import override_config
from youworker.tests.support.leases import let_leases_end
from youworker.tests.support.ordering import run_in_order
from youworker.tests.support.rows import refreshed

pytestmark = pytest.mark.django_db(transaction=True)


def named(embedder, name):
    embedder.name = name
    return embedder


@pytest.fixture
def prepare(monkeypatch, letters):
    """Prepares a model as an operator does, and has a worker settle it."""

    def act(embedder, *, settle=True):
        register_embedder(monkeypatch, embedder)
        model = services.prepare_model(Provider.OPENAI, embedder.name, embedder.dimensions)
        if settle:
            services.settle_models()
            model.refresh_from_db()
        return model

    with override_config("vector", embedding_base_url="http://127.0.0.1:9/v1"):
        yield act


@pytest.fixture
def second():
    return named(LetterEmbedder(10), "second")


def document_of(*texts):
    document = DocumentFactory()
    write(document, *texts)
    return document


def test_a_second_model_completes_while_uploads_go_on(letters, prepare, second):
    old = [document_of(f"old {n}", "more") for n in range(4)]
    embed()

    model = prepare(second)
    new = []
    for number in range(4):
        new.append(document_of(f"new {number}"))
        services.embed_next(until=FOREVER)
    embed()

    assert model.state == ModelState.ENABLED
    for known in (letters, model):
        assert services.missing_vectors(known) == 0
        documents = set(PassageEmbedding.objects.of_model(known).values_list("document", flat=True))
        assert documents == {document.pk for document in old + new}
    assert services.ensure_active_model() == letters


def test_searches_use_the_active_model_until_the_other_takes_over(letters, prepare, second):
    document = document_of("penguins", "zebras")
    embed()
    model = prepare(second)
    asked = []

    def ask():
        answer = search.search("zebras", mode="semantic", actor=document.owner)
        return answer.results[0].text

    with connection.execute_wrapper(
        lambda run, sql, params, many, context: (
            asked.append(sql) if "documents_passageembedding e" in sql else None,
            run(sql, params, many, context),
        )[1]
    ):
        assert ask() == "zebras"
        embed()
        services.activate_model(model)
        assert ask() == "zebras"

    assert [letters.pk.hex in sql.replace("-", "") for sql in asked] == [True, False]
    assert [model.pk.hex in sql.replace("-", "") for sql in asked] == [False, True]


def test_a_model_is_activated_when_it_is_complete_and_back(letters, prepare, second):
    document_of("text")
    embed()
    model = prepare(second)

    with pytest.raises(ModelIncomplete, match="1 passages have no vector of 'second' yet"):
        services.activate_model(model)
    assert services.ensure_active_model() == letters
    embed()
    services.activate_model(model)
    assert services.ensure_active_model() == model
    services.activate_model(letters)
    assert services.ensure_active_model() == letters


@pytest.mark.parametrize("state", [ModelState.PREPARING, ModelState.DROPPING])
def test_a_model_that_is_not_ready_cannot_be_activated(letters, prepare, second, state):
    model = prepare(second)
    EmbeddingModel.objects.filter(pk=model.pk).update(state=state)

    with pytest.raises(ModelIncomplete):
        services.activate_model(model, allow_missing=True)


def test_two_switches_at_once_follow_each_other(letters, prepare, second):
    one, other = prepare(second), prepare(named(LetterEmbedder(12), "third"))

    raised = run_in_order(
        lambda: services.activate_model(one), lambda: services.activate_model(other)
    )

    assert raised == [None, None]
    assert services.ensure_active_model() == other


def test_an_incomplete_model_is_activated_on_demand(letters, prepare):
    picky = named(PickyEmbedder(10), "picky")
    good, bad = document_of("text"), document_of("the zebra")
    embed()
    model = prepare(picky)
    embed()
    assert [refreshed(good).status, refreshed(bad).status] == [DocumentStatus.READY] * 2

    services.activate_model(model, allow_missing=True)

    assert services.ensure_active_model() == model
    assert refreshed(good).status == DocumentStatus.READY
    assert refreshed(bad).status == DocumentStatus.SEARCHABLE
    picky.word = "walrus"
    EmbeddingTask.objects.update(lease_until=None)
    embed()
    assert refreshed(bad).status == DocumentStatus.READY


def test_documents_that_waited_for_the_former_model_are_ready(letters, prepare, second):
    model = prepare(second)
    document = document_of("text")
    EmbeddingModel.objects.filter(pk=letters.pk).update(lease_until=lease_end(600))
    embed()
    assert refreshed(document).status == DocumentStatus.SEARCHABLE

    services.activate_model(model)

    assert refreshed(document).status == DocumentStatus.READY


def test_failures_of_a_second_model_are_not_told_at_documents(letters, prepare):
    model = prepare(named(PickyEmbedder(10), "picky"))
    document = document_of("the zebra")
    for _ in range(5):
        embed()
        EmbeddingTask.objects.update(lease_until=None)

    assert refreshed(document).status == DocumentStatus.READY
    progress = EmbeddingModel.objects.with_progress().get(pk=model.pk)
    assert (progress.documents_left, progress.documents_failed, progress.passages_left) == (1, 1, 1)


def test_progress_counts_what_is_left(letters, prepare, second):
    for number in range(3):
        document_of(f"text {number}", "more")
    gone = document_of("gone")
    embed()
    gone.soft_delete()
    model = prepare(second)

    def left():
        found = EmbeddingModel.objects.with_progress().get(pk=model.pk)
        return found.documents_left, found.passages_left

    assert left() == (3, 6)
    embed()
    assert left() == (0, 0)


def test_deleted_documents_are_filled_when_they_come_back(letters, prepare, second):
    document = document_of("text")
    embed()
    document.soft_delete()
    model = prepare(second)
    assert embed() == 0
    services.activate_model(model)

    document.restore()
    embed()

    assert services.missing_vectors(model) == 0


def test_a_document_that_is_being_stored_is_not_forgotten(letters, prepare, second):
    document = DocumentFactory()

    def store():
        services.replace_passages(document.pk, drafts("text"), language="en", pages=None)

    # It does not know the model that is prepared before it is committed.
    raised = run_in_order(store, lambda: prepare(second))

    assert raised == [None, None]
    model = EmbeddingModel.objects.get(name="second")
    assert EmbeddingTask.objects.filter(document=document, model=model).exists()


def test_many_documents_are_queued_some_at_a_time(letters, prepare, second, monkeypatch):
    monkeypatch.setattr(embedding_models, "DOCUMENTS_AT_ONCE", 2)
    documents = [document_of("text") for _ in range(5)]
    embed()

    model = prepare(second)

    rows = EmbeddingTask.objects.filter(model=model)
    assert {task.document for task in rows} == set(documents)
    assert set(rows.values_list("priority", flat=True)) == {1}


def test_a_model_that_is_prepared_again_gets_what_it_lacks(letters, prepare, second):
    document = document_of("one", "two")
    model = prepare(second)
    embed()
    PassageEmbedding.objects.of_model(model).filter(passage__ordinal=1).delete()
    assert services.missing_vectors(model) == 1

    prepare(second)
    embed()

    assert services.missing_vectors(model) == 0
    assert refreshed(document).status == DocumentStatus.READY


def test_a_server_that_is_away_is_a_line_of_the_log_and_a_bug_has_its_place(
    letters, prepare, monkeypatch, caplog
):
    model = prepare(named(BrokenEmbedder(10), "broken"))
    (away,) = [one for one in caplog.records if one.name == "documents.services.embedding_models"]
    assert (away.levelname, away.exc_info) == ("WARNING", None)
    assert away.getMessage().endswith("could not be settled: The embedding server does not answer.")

    caplog.clear()
    monkeypatch.setattr(BrokenEmbedder, "embed", lambda *_: {}["nothing"])
    services.retry_model(model)
    services.settle_models()
    model.refresh_from_db()
    (bug,) = [one for one in caplog.records if one.name == "documents.services.embedding_models"]
    assert (bug.levelname, bug.exc_info[0]) == ("ERROR", KeyError)
    assert model.error == "This failed for a reason that the log has."


def test_a_server_that_is_away_when_a_model_is_prepared(letters, prepare, monkeypatch):
    document_of("text")
    embed()
    model = prepare(named(BrokenEmbedder(10), "broken"))

    assert (model.state, model.failures) == (ModelState.PREPARING, 1)
    assert model.error == "The embedding server does not answer."
    assert services.settle_models() == 0
    monkeypatch.setattr(BrokenEmbedder, "embed", LetterEmbedder.embed)
    services.retry_model(model)
    assert services.settle_models() == 1
    embed()
    model.refresh_from_db()
    assert (model.state, model.failures, model.error) == (ModelState.ENABLED, 0, "")
    services.activate_model(model)


def test_an_outage_of_the_second_server_does_not_touch_uploads(letters, prepare, second):
    model = prepare(second)
    second.embed = BrokenEmbedder().embed

    documents = [document_of("text") for _ in range(3)]
    embed()

    assert {refreshed(document).status for document in documents} == {DocumentStatus.READY}
    model.refresh_from_db()
    assert model.failures == 1
    del second.embed
    services.retry_model(model)
    embed()
    assert services.missing_vectors(model) == 0


@pytest.mark.parametrize("state", [ModelState.PREPARING, ModelState.DROPPING])
def test_a_worker_that_dies_while_it_settles_a_model_is_made_up_for(
    letters, prepare, second, state
):
    document_of("text")
    model = prepare(second, settle=False)
    EmbeddingModel.objects.filter(pk=model.pk).update(state=state, **new_lease(uuid4(), 60))
    assert services.settle_models() == 0

    let_leases_end(EmbeddingModel.objects.filter(pk=model.pk))
    assert services.settle_models() == 1

    left = list(EmbeddingModel.objects.filter(pk=model.pk).values_list("state", flat=True))
    assert left == ([ModelState.ENABLED] if state == ModelState.PREPARING else [])


def test_dropping_frees_vectors_index_and_tasks(letters, prepare, second):
    document_of("text", "more")
    model = prepare(second)
    embed()
    document = document_of("late")
    services.activate_model(model, allow_missing=True)

    services.drop_model(letters)
    assert EmbeddingModel.objects.get(pk=letters.pk).state == ModelState.DROPPING
    services.settle_models()

    assert EmbeddingModel.objects.get() == model
    assert letters.index_name not in indexes()
    assert not PassageEmbedding.objects.exclude(model=model).exists()
    embed()
    assert refreshed(document).status == DocumentStatus.READY


def test_dropping_removes_vectors_some_at_a_time(letters, prepare, second, monkeypatch):
    monkeypatch.setattr(embedding_models, "VECTORS_AT_ONCE", 2)
    document_of(*[f"text {n}" for n in range(5)])
    model = prepare(second)
    embed()

    services.drop_model(model)
    services.settle_models()

    assert PassageEmbedding.objects.count() == 5


def test_the_active_model_cannot_be_dropped(letters):
    with pytest.raises(ModelInUse):
        services.drop_model(letters)

    assert letters.index_name in indexes()


def test_a_worker_that_still_embeds_for_a_dropped_model_leaves_nothing(letters, prepare, second):
    document_of("text")
    prepare(second)
    embed_first(letters)
    lease = claim_tasks()
    assert lease.model.name == "second"

    services.drop_model(lease.model)
    services.settle_models()
    embed_claimed(lease, until=FOREVER)

    assert PassageEmbedding.objects.get().model == letters
    assert not EmbeddingTask.objects.exists()


def embed_first(model):
    while (lease := claim_tasks()) is not None:
        embed_claimed(lease, until=FOREVER)
        if not EmbeddingTask.objects.filter(model=model).exists():
            return


def test_a_model_that_is_dropped_cannot_be_prepared_meanwhile(letters, prepare, second):
    model = prepare(second)
    services.drop_model(model)

    for act in (lambda: prepare(second), lambda: services.drop_model(model)):
        with pytest.raises(ModelInUse, match="is being dropped"):
            act()


def test_whoever_prepares_a_model_that_is_dropped_meanwhile_leaves_it_so(letters, prepare, second):
    model = prepare(second, settle=False)
    second.embed = lambda texts: services.drop_model(model)

    services.settle_models()

    assert not EmbeddingModel.objects.filter(pk=model.pk).exists()
    assert model.index_name not in indexes()


def test_a_dropped_model_gets_no_new_documents(letters, prepare, second):
    model = prepare(second)
    services.drop_model(model)

    document = document_of("text")

    assert EmbeddingTask.objects.get(document=document).model == letters


def test_what_is_being_stored_for_a_model_is_dropped_with_it(letters, prepare, second):
    model = prepare(second)
    document = DocumentFactory()

    def store():
        services.replace_passages(document.pk, drafts("text"), language="en", pages=None)

    def drop():
        services.drop_model(model)
        services.settle_models()

    assert run_in_order(store, drop) == [None, None]
    assert not EmbeddingModel.objects.filter(pk=model.pk).exists()
    assert EmbeddingTask.objects.get().model == letters


def test_retrying_ends_the_pauses(letters, prepare):
    picky = named(PickyEmbedder(10), "picky")
    model = prepare(picky)
    document_of("the zebra")
    embed()
    picky.word = "walrus"
    assert embed() == 0

    assert services.retry_model(model) == 1

    assert embed() == 1
    assert services.missing_vectors(model) == 0


def test_what_is_done_with_models_is_audited(letters, prepare, second):
    root = UserFactory()
    model = services.prepare_model(Provider.OPENAI, "second", 10, actor=root)
    EmbeddingModel.objects.update(state=ModelState.ENABLED)
    services.activate_model(model, actor=root)
    services.activate_model(letters, actor=root)
    services.retry_model(model, actor=root)
    services.drop_model(model, actor=root)

    assert actions().count("admin.settings.update") == 5


def test_the_task_settles_models(prepare, second):
    model = prepare(second, settle=False)

    tasks.settle_models()

    model.refresh_from_db()
    assert model.state == ModelState.ENABLED


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            (Provider.LOCAL, "other", 384),
            "The local models are 'multilingual-e5-small-int8' (384) and"
            " 'all-MiniLM-L6-v2-int8' (384).",
        ),
        ((Provider.LOCAL, "all-MiniLM-L6-v2-int8", 8), "The local models are"),
        ((Provider.OPENAI, "m", 8), "EMBEDDING_BASE_URL is not set, 'm' needs it."),
    ],
)
def test_a_model_that_cannot_be_used_is_refused(letters, given, sentence):
    with pytest.raises(InvalidInput) as refusal:
        services.prepare_model(*given)

    assert refusal.value.message.startswith(sentence)
    assert EmbeddingModel.objects.count() == 1


@pytest.mark.parametrize(("name", "dimensions"), [("", 8), ("m", 0), ("m", 4001)])
def test_a_model_has_a_name_and_dimensions(prepare, name, dimensions):
    with pytest.raises(InvalidInput, match="1 to 4000 dimensions"):
        services.prepare_model(Provider.OPENAI, name, dimensions)


def run(*arguments, **options):
    out = io.StringIO()
    call_command("embedding_models", *arguments, stdout=out, **options)
    return out.getvalue()


def test_the_command_goes_the_whole_way(letters, prepare, second):
    document_of("text", "more")
    embed()
    prepare(second, settle=False)

    assert run("prepare", "second", dimensions=10) == (
        "second (openai, 10): enabled, 1 documents left (2 passages)\n"
    )
    with pytest.raises(CommandError, match="2 passages have no vector of 'second' yet"):
        run("activate", "second")
    embed()
    assert run("activate", "second") == "second (openai, 10) answers searches now.\n"
    assert run() == (
        "second (openai, 10): active, nothing left\nletters (openai, 26): enabled, nothing left\n"
    )
    assert run("drop", "letters") == "letters (openai, 26) is dropped.\n"
    assert run("list") == "second (openai, 10): active, nothing left\n"
    with pytest.raises(CommandError, match="cannot be removed"):
        run("drop", "second")


def test_the_command_prepares_the_model_of_the_settings(letters, prepare, second):
    with override_config("vector", embedding_model="second", embedding_dimensions=10):
        prepare(second, settle=False)
        assert run("prepare").startswith("second (openai, 10): enabled")


def test_the_command_tells_what_goes_wrong(letters, prepare):
    prepare(named(BrokenEmbedder(10), "broken"), settle=False)
    other = EmbeddingModel.objects.create(provider="openai", name="broken", dimensions=11)

    with pytest.raises(CommandError, match="does not answer"):
        run("prepare", "broken", dimensions=10)
    assert "The embedding server does not answer." in run("list", "broken")
    with pytest.raises(CommandError, match="There is no embedding model 'none'"):
        run("activate", "none")
    with pytest.raises(CommandError, match="Several models are called 'broken'"):
        run("retry", "broken")
    assert run("retry", str(other.pk)).endswith("is asked again; 0 documents had to wait.\n")
    assert run("activate", str(other.pk), incomplete=True)


def test_the_command_shows_failures(letters, prepare):
    prepare(named(PickyEmbedder(10), "picky"))
    document_of("the zebra")
    for _ in range(5):
        embed()
        EmbeddingTask.objects.update(lease_until=None)

    assert run("list", "picky") == (
        "picky (openai, 10): enabled, 1 documents left (1 passages), 1 of them failed so far\n"
    )
