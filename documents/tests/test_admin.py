import pytest
from auditlog.models import LogEntry
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from accounts.tests.factories import UserFactory
from documents import models, services
from documents.tests.factories import (
    CollectionFactory,
    CollectionShareFactory,
    DocumentFactory,
    DocumentShareFactory,
    embed,
    write,
)
from documents.tests.test_collections import actions
from youworker.tests.support.configuring import override_config

pytestmark = pytest.mark.django_db

MODELS = [
    models.Collection,
    models.CollectionShare,
    models.Document,
    models.DocumentShare,
    models.Tag,
    models.Passage,
    models.EmbeddingModel,
    models.EmbeddingTask,
    models.PassageEmbedding,
]


@pytest.fixture
def staff(client):
    user = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(user)
    return client


@pytest.fixture
def filled(letters):
    document = DocumentFactory()
    write(document, "the secret penguins", heading="hidden heading")
    embed()
    services.update_document(document, tags=["red"], actor=document.owner)
    DocumentShareFactory(document=document)
    CollectionShareFactory(collection=document.collection)
    write(DocumentFactory(), "the secret penguins wait")
    return document


def url(model, page, *args):
    return reverse(f"admin:documents_{model._meta.model_name}_{page}", args=args)


def test_removed_tags_are_audited_one_by_one(staff):
    tags = [models.Tag.objects.create(name=name) for name in ("red", "blue", "kept")]
    chosen = [str(tag.pk) for tag in tags[:2]]
    picked = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}

    staff.post(url(models.Tag, "changelist"), picked)

    assert models.Tag.objects.get().name == "kept"
    lines = LogEntry.objects.filter(additional_data__setting="tag")
    assert {line.object_pk for line in lines} == set(chosen)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("model", MODELS)
def test_pages_open_and_keep_secrets(staff, model):
    row = model.objects.first()

    listed = staff.get(url(model, "changelist"), {"q": "x"})
    shown = staff.get(url(model, "changelist"))
    page = staff.get(url(model, "change", row.pk))

    assert [listed.status_code, shown.status_code, page.status_code] == [200, 200, 200]
    for response in (shown, page):
        assert "penguins" not in response.content.decode()
        assert "hidden heading" not in response.content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_admin_classes_are_searchable_and_blind(model):
    page = admin.site.get_model_admin(model)

    assert page.search_fields
    assert page.show_full_result_count is False


@pytest.mark.parametrize("count", [1, 3])
def test_documents_page_has_a_fixed_number_of_queries(staff, count, django_assert_max_num_queries):
    DocumentFactory.create_batch(count)

    with django_assert_max_num_queries(10):
        response = staff.get(url(models.Document, "changelist"))

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("factory", "model"),
    [(DocumentFactory, models.Document), (CollectionFactory, models.Collection)],
)
def test_staff_hide_and_show(staff, factory, model):
    row = factory()
    if model is models.Collection:
        DocumentFactory(collection=row)
    body = {"_selected_action": [str(row.pk)]}
    page = url(model, "changelist")

    staff.post(page, {**body, "action": "hide"})
    assert not model.objects.filter(pk=row.pk).exists()
    staff.post(page, {**body, "action": "show"})

    assert model.objects.filter(pk=row.pk).exists()
    name = model._meta.model_name
    last = "document.restore" if name == "document" else "collection.update"
    assert [action for action in actions() if action.startswith(name)] == [f"{name}.delete", last]


def test_staff_cannot_restore_a_name_that_is_taken(staff):
    deleted = CollectionFactory(name="Plans")
    deleted.soft_delete()
    CollectionFactory(name="plans", owner=deleted.owner)
    body = {"_selected_action": [str(deleted.pk)], "action": "show"}

    staff.post(url(models.Collection, "changelist"), body)

    assert models.Collection.all_objects.get(pk=deleted.pk).is_deleted


def choose(model, action):
    return {"_selected_action": [str(model.pk)], "action": action}


@pytest.mark.usefixtures("filled")
def test_staff_activate_only_a_complete_model(staff, use, letters):
    other = models.EmbeddingModel.objects.create(provider="openai", name="other", dimensions=8)
    page = url(models.EmbeddingModel, "changelist")

    refused = staff.post(page, choose(other, "activate"), follow=True)
    assert services.ensure_active_model() == letters
    assert "2 passages have no vector of" in refused.content.decode()
    models.Passage.objects.all().delete()
    staff.post(page, choose(other, "activate"))

    assert services.ensure_active_model() == other


def test_staff_prepare_a_model(staff, letters):
    page = url(models.EmbeddingModel, "add")
    given = {"provider": "openai", "name": "other", "dimensions": 8}

    offered = staff.get(page).content.decode()
    refused = staff.post(page, given).content.decode()
    with override_config("vector", embedding_base_url="http://127.0.0.1:9/v1"):
        staff.post(page, given)
        twice = staff.post(page, given).content.decode()

    assert "multilingual-e5-small-int8" in offered
    assert "EMBEDDING_BASE_URL is not set" in refused
    assert "already exists" in twice
    assert models.EmbeddingModel.objects.get(name="other").state == "preparing"


@pytest.mark.parametrize(
    ("typed", "query", "passage"),
    [
        ({}, "search_query: ", "search_document: "),
        ({"query_prompt": "none", "passage_prompt": "text: "}, "", "text: "),
    ],
)
def test_staff_say_what_stands_before_texts(staff, letters, typed, query, passage):
    given = {"provider": "openai", "name": "nomic-embed-text", "dimensions": 8, **typed}
    with override_config("vector", embedding_base_url="http://127.0.0.1:9/v1"):
        staff.post(url(models.EmbeddingModel, "add"), given)

    made = models.EmbeddingModel.objects.get(name="nomic-embed-text")
    assert (made.query_prompt, made.passage_prompt) == (query, passage)


def test_staff_see_how_far_a_model_is(staff, letters):
    write(DocumentFactory(), *["text"] * 37)
    models.EmbeddingModel.objects.update(error="The embedding server does not answer.")

    shown = staff.get(url(models.EmbeddingModel, "changelist")).content.decode()

    assert ">37<" in shown
    assert "does not answer" in shown


def test_staff_retry_complete_and_drop_models(staff, letters):
    other = models.EmbeddingModel.objects.create(
        provider="openai", name="other", dimensions=8, failures=3, lease_until=timezone.now()
    )
    page = url(models.EmbeddingModel, "changelist")

    staff.post(page, choose(other, "retry"))
    other.refresh_from_db()
    assert (other.failures, other.lease_until) == (0, None)
    with override_config("vector", embedding_base_url="http://127.0.0.1:9/v1"):
        staff.post(page, choose(other, "complete"))
    other.refresh_from_db()
    assert other.state == "preparing"
    staff.post(page, choose(other, "drop"))
    staff.post(page, choose(letters, "drop"))

    states = dict(models.EmbeddingModel.objects.values_list("name", "state"))
    assert states == {"letters": "enabled", "other": "dropping"}


def test_staff_without_the_right_do_nothing_with_models(client, letters):
    staff = UserFactory(is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_embeddingmodel"))
    client.force_login(staff)

    assert client.get(url(models.EmbeddingModel, "changelist")).status_code == 200
    assert client.get(url(models.EmbeddingModel, "add")).status_code == 403
    client.post(url(models.EmbeddingModel, "changelist"), choose(letters, "complete"))
    letters.refresh_from_db()
    assert letters.state == "enabled"


def test_staff_without_the_right_change_nothing(client):
    document = DocumentFactory()
    client.force_login(UserFactory(is_staff=True))

    response = client.get(url(models.Document, "change", document.pk))

    assert response.status_code == 403


@pytest.mark.parametrize(
    ("model", "query"),
    [
        (models.Passage, {"text__icontains": "secret"}),
        (models.Passage, {"heading__startswith": "h"}),
        (models.Document, {"title__startswith": "a"}),
        (models.PassageEmbedding, {"model__pk__gt": "0", "passage__text__contains": "p"}),
    ],
)
def test_nothing_is_read_by_counting_rows(staff, filled, model, query):
    assert staff.get(url(model, "changelist"), query).status_code == 400


def test_the_filters_a_page_offers_work(staff, filled):
    answer = staff.get(url(models.Passage, "changelist"), {"document__status__exact": "ready"})

    assert answer.status_code == 200
