"""The console offers what staff work with, by task and in their language, and nothing else."""

import re
from html import escape

import pytest
from django.apps import apps
from django.contrib import admin
from django.utils.functional import Promise

from accounts.enums import Language
from accounts.tests.factories import staff_client
from chat.enums import RunStatus
from chat.tests.factories import RunFactory
from documents.tests.factories import DocumentFactory
from groups.enums import Role
from groups.tests.factories import MembershipFactory
from mcp.tests.factories import ToolFactory
from youworker.console.sections import SECTIONS
from youworker.tests.support.small_model import files_of

pytestmark = pytest.mark.django_db
PAGES = [label for _, models in SECTIONS for label in models]
HIDDEN = {
    "chat.Attachment",
    "chat.Citation",
    "chat.SessionCollection",
    "chat.Summary",
    "chat.ToolGrant",
    "common.AuditCheckpoint",
    "common.AuditLink",
    "common.IdempotentRequest",
    "documents.CollectionShare",
    "documents.DocumentShare",
    "documents.DocumentVersion",
    "documents.EmbeddingTask",
    "documents.Passage",
    "documents.PassageEmbedding",
    "documents.StoredFile",
    "groups.Membership",
}
REGISTERED = {model._meta.label: page for model, page in admin.site._registry.items()}  # noqa: SLF001


@pytest.fixture
def pages():
    return staff_client(is_superuser=True)


def links(answer):
    return set(re.findall(r'href="(/admin/[a-z_]+/[a-z]+/)', answer.content.decode()))


def page_of(label):
    return f"/admin/{label.lower().replace('.', '/')}/"


def test_every_page_has_one_place_or_is_hidden():
    assert len(PAGES) == len(set(PAGES))
    assert {*PAGES, *HIDDEN} == set(REGISTERED)
    assert {label for label, page in REGISTERED.items() if not page.listed} == HIDDEN


def test_the_sidebar_offers_all_pages_and_nothing_else(pages):
    assert links(pages.get("/admin/")) == {page_of(label) for label in PAGES}


@pytest.mark.parametrize("app", sorted({label.partition(".")[0] for label in REGISTERED}))
def test_no_app_page_offers_what_is_hidden(pages, app):
    answer = pages.get(f"/admin/{app}/")

    assert answer.status_code == 200
    assert links(answer) == {page_of(label) for label in PAGES}


def test_the_search_finds_pages_and_nothing_hidden(pages):
    found = pages.get("/admin/search/", {"s": "passage"})
    documents = pages.get("/admin/search/", {"s": "documents"})

    assert links(found) == set()
    assert links(documents) == {page_of(each) for each in PAGES if each.startswith("documents.")}


@pytest.mark.parametrize("label", sorted(HIDDEN))
def test_hidden_pages_are_there_for_who_needs_them(pages, label):
    assert pages.get(page_of(label)).status_code == 200


def test_each_member_of_staff_sees_what_they_may_look_at():
    clerk = staff_client("view_document")

    answer = clerk.get("/admin/")

    assert links(answer) == {page_of("documents.Document")}
    assert "Security" not in answer.content.decode()
    assert "calm=1" not in answer.content.decode()


def test_only_the_page_at_hand_is_marked(pages):
    text = pages.get("/admin/chat/run/").content.decode()

    assert re.findall(r'<a href="([^"]*)" class="[^"]*\bactive"', text) == ["/admin/chat/run/"]


def test_the_way_back_is_named(pages):
    text = pages.get("/admin/").content.decode()

    assert text.count("Back to YouWorker") == 2, "in the sidebar and in the account's menu"
    assert text.count('<a href="/"') == 2
    assert "View site" not in text


def test_the_first_page_counts_and_says_what_failed(pages):
    DocumentFactory.create_batch(2)
    RunFactory(status=RunStatus.FAILED)

    answer = pages.get("/admin/")

    figures = {str(each["title"]): each for each in answer.context["figures"]}
    alarms = {str(each["title"]): each for each in answer.context["alarms"]}
    assert figures["Documents"]["count"] == 2
    assert {title: each["count"] for title, each in alarms.items()} == {"Failed answers, 7 days": 1}


def test_every_figure_leads_to_its_rows(pages):
    DocumentFactory()
    RunFactory(status=RunStatus.FAILED)
    ToolFactory(schema_hash="b" * 64)
    ToolFactory()
    MembershipFactory(role=Role.ADMIN, user__is_active=False)
    MembershipFactory(role=Role.ADMIN)

    context = pages.get("/admin/").context

    alarms = {str(each["title"]): each["count"] for each in context["alarms"]}
    assert alarms["Tools to agree to"] == 1
    assert alarms["Groups without an active admin"] == 1
    for figure in [*context["figures"], *context["alarms"]]:
        answer = pages.get(figure["url"])
        assert answer.status_code == 200, figure["url"]
        assert answer.context["cl"].result_count == figure["count"], figure["title"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_first_page_keeps_the_same_number_of_queries(pages, count, django_assert_num_queries):
    DocumentFactory.create_batch(count)
    pages.get("/admin/")

    # Session, user, all counts, days that are over, today, what waits.
    with django_assert_num_queries(6):
        pages.get("/admin/")


def test_superusers_see_how_model_files_do_and_other_staff_does_not(pages, tmp_path):
    path = tmp_path / "<b>away.gguf"
    with files_of(tmp_path, chat=str(path)).in_force():
        seen = pages.get("/admin/")
        other = staff_client("view_run").get("/admin/")

    text = seen.content.decode()
    assert "Not running: " in text
    assert f"{escape(str(path))} is missing" in text
    assert "<b>away" not in text
    assert other.context["model_files"] == []
    assert "away" not in other.content.decode()


def test_every_shown_field_has_a_name_in_words():
    for label, page in REGISTERED.items():
        model = apps.get_model(label)
        shown = {*page.list_display, *(page.fields or ()), *page.readonly_fields}
        for name in shown & {field.name for field in model._meta.fields}:
            words = model._meta.get_field(name).verbose_name
            assert isinstance(words, Promise), f"{label}.{name}"


def test_the_console_speaks_the_language_of_the_account():
    pages = staff_client(is_superuser=True, language=Language.ITALIAN)
    RunFactory(status=RunStatus.RUNNING)

    answer = pages.get("/admin/").content.decode()
    page = pages.get("/admin/chat/run/").content.decode()

    for words in ("Persone", "Sicurezza", "Torna a YouWorker", "Documenti", "Panoramica"):
        assert words in answer
    for words in ("Elaborazioni di risposte", "Tempo al primo token (ms)", "In corso"):
        assert words in page
