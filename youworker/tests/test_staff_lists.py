"""Every list of the staff pages: as many queries for three rows as for one, found, exported."""

import csv
import io

import pytest
from auditlog.models import LogEntry
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import UserFactory
from chat.models import Message, Run, ToolRun
from chat.tests.factories import MessageFactory, RunFactory
from documents.tests.factories import CollectionFactory, DocumentFactory
from quotas.models import UsageEvent
from youworker import audit
from youworker.console.exporting import MOST_ROWS, cell
from youworker.core import estimates
from youworker.tests.support.staff_rows import make_row

pytestmark = pytest.mark.django_db
LABELS = sorted(model._meta.label for model in admin.site._registry)  # noqa: SLF001
MOST_QUERIES = 15


@pytest.fixture
def root():
    return UserFactory(username="root", is_staff=True, is_superuser=True)


@pytest.fixture
def pages(root):
    client = Client()
    client.force_login(root)
    return client


def page_of(label):
    return f"/admin/{label.lower().replace('.', '/')}/"


def queries_of(pages, url):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = pages.get(url)
    assert answer.status_code == 200
    return [query["sql"] for query in queries], answer


@pytest.mark.parametrize("label", LABELS)
def test_a_list_asks_as_often_for_three_rows_as_for_one(pages, label):
    make_row(label)
    pages.get(page_of(label))
    one, answer = queries_of(pages, page_of(label))
    first = len(answer.context["cl"].result_list)
    for _ in range(2):
        make_row(label)
    three, answer = queries_of(pages, page_of(label))

    most = 1 if label == "chat.SystemPrompt" else first + 2
    assert first >= 1
    assert len(answer.context["cl"].result_list) >= most
    assert len(three) == len(one), "\n".join(set(three) - set(one))
    assert len(one) <= MOST_QUERIES


SAID = ("ada", "12", "018f6d1e-7c00-7000-8000-000000000001", "'two words'", "\0", "%")


@pytest.mark.parametrize("label", LABELS)
def test_every_list_can_be_searched_for_anything(pages, label):
    make_row(label)

    for said in SAID:
        queries, _ = queries_of(pages, f"{page_of(label)}?q={said}")

        assert len(queries) <= MOST_QUERIES, said
        assert not [sql for sql in queries if '"id"::text' in sql], said


@pytest.mark.parametrize("label", LABELS)
def test_the_page_of_a_row_leads_to_what_belongs_to_it(pages, label):
    row = make_row(label)
    page = admin.site.get_model_admin(apps.get_model(label))

    answer = pages.get(f"{page_of(label)}{row.pk}/change/")

    links = answer.context["related_lists"]
    assert len(links) == len(page.related_lists)
    for _, url in links:
        assert pages.get(url).status_code == 200, f"{url} is not a link that the list knows"


def test_who_may_not_see_a_list_gets_no_link_to_it():
    user = UserFactory(is_staff=True)
    rights = Permission.objects.filter(codename__in=("view_session", "view_run"))
    user.user_permissions.add(*rights)
    client = Client()
    client.force_login(user)
    run = RunFactory()

    answer = client.get(f"/admin/chat/session/{run.session_id}/change/")

    assert [url for _, url in answer.context["related_lists"]] == [
        f"/admin/chat/run/?session__exact={run.session_id}"
    ]


def test_a_link_shows_the_rows_of_one_only(pages):
    run, other = RunFactory(), RunFactory()

    answer = pages.get(f"/admin/chat/run/?session__exact={run.session_id}")

    assert [row.pk for row in answer.context["cl"].result_list] == [run.pk]
    assert other.session_id != run.session_id


def found(pages, label, said):
    answer = pages.get(page_of(label), {"q": said})
    return {row.pk for row in answer.context["cl"].result_list}


def test_ids_and_names_of_others_are_found(pages):
    ada, bob = UserFactory(username="ada-lovelace"), UserFactory(username="bob")
    hers, his = RunFactory(session__user=ada), RunFactory(session__user=bob)

    assert found(pages, "chat.Run", "LOVELACE") == {hers.pk}
    assert found(pages, "chat.Run", str(his.pk)) == {his.pk}
    assert found(pages, "chat.Run", his.session_id.hex) == {his.pk}
    assert found(pages, "chat.Run", f"lovelace {his.pk}") == set()
    messages = set(Message.objects.filter(session=hers.session).values_list("pk", flat=True))
    assert found(pages, "chat.Message", "ada-") == messages
    assert found(pages, "chat.Run", "nobody") == set()


def test_what_is_unlikely_in_a_name_is_not_a_pattern(pages):
    RunFactory(session__user=UserFactory(username="ada"))

    assert found(pages, "chat.Run", "a%a") == set()


def test_huge_lists_are_estimated(pages, monkeypatch):
    MessageFactory.create_batch(30)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE chat_message")
    monkeypatch.setattr(estimates, "ESTIMATE_ABOVE", 10)

    whole, _ = queries_of(pages, page_of("chat.Message"))
    part, answer = queries_of(pages, f"{page_of('chat.Message')}?role__exact=user")

    assert not [sql for sql in whole + part if "COUNT(*)" in sql]
    assert answer.context["cl"].result_count == 30


def export(pages, label, rows):
    body = {"action": "export_rows", "_selected_action": [str(row.pk) for row in rows]}
    return pages.post(page_of(label), body)


def test_rows_are_exported_as_the_list_shows_them(pages, root):
    owner = UserFactory(username="ada")
    plain = DocumentFactory(owner=owner, title="Plan")
    formula = DocumentFactory(owner=owner, title='=HYPERLINK("http://evil")')
    DocumentFactory(title="another")

    answer = export(pages, "documents.Document", [plain, formula])

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert head[:2] == ["title", "owner"]
    assert {row[0] for row in rows} == {"Plan", '\'=HYPERLINK("http://evil")'}
    line = LogEntry.objects.get(additional_data__action="data.export")
    assert (line.actor, line.additional_data["rows"]) == (root, 2)


def has_actions(label):
    return admin.site.get_model_admin(apps.get_model(label)).actions is not None


@pytest.mark.parametrize("label", list(filter(has_actions, LABELS)))
def test_every_list_with_actions_can_be_exported(pages, label):
    row = make_row(label)

    answer = export(pages, label, [row])

    assert answer["Content-Type"].startswith("text/csv"), answer.content[:200]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_is_a_formula(begin):
    assert cell(f"{begin}1+1") == f"'{begin}1+1"


@pytest.mark.parametrize(("value", "told"), [(None, ""), (-5, -5), (True, "True"), ("a=b", "a=b")])
def test_other_cells_stay(value, told):
    assert cell(value) == told


def test_too_many_rows_are_not_exported(pages, monkeypatch):
    monkeypatch.setattr("youworker.console.exporting.MOST_ROWS", 1)

    answer = export(pages, "documents.Document", DocumentFactory.create_batch(2))

    assert answer.status_code == 302
    assert not LogEntry.objects.exists()
    assert MOST_ROWS > 1


def test_the_history_of_a_row_is_what_the_audit_log_says_of_it(pages, root):
    collection = CollectionFactory()
    audit.record("collection.update", actor=root, target=collection)

    answer = pages.get(f"{page_of('documents.Collection')}{collection.pk}/history/", follow=True)

    assert [line.act for line in answer.context["cl"].result_list] == ["collection.update"]


def test_the_history_needs_the_right_to_see_the_row():
    client = Client()
    client.force_login(UserFactory(is_staff=True))

    answer = client.get(f"{page_of('documents.Collection')}{CollectionFactory().pk}/history/")

    assert answer.status_code == 403


def test_records_of_the_past_are_read_only(pages):
    for label, model in (
        ("chat.Run", Run),
        ("chat.ToolRun", ToolRun),
        ("quotas.UsageEvent", UsageEvent),
    ):
        row = make_row(label)
        assert pages.post(f"{page_of(label)}{row.pk}/change/", {}).status_code == 403
        assert pages.get(f"{page_of(label)}add/").status_code == 403
        assert pages.post(f"{page_of(label)}{row.pk}/delete/", {"post": "yes"}).status_code == 403
        assert model.objects.filter(pk=row.pk).exists()


def test_an_action_is_not_about_more_rows_than_a_request_can_go_through(pages, monkeypatch):
    monkeypatch.setattr("youworker.core.admin.MOST_AT_ONCE", 2)
    rows = [DocumentFactory() for _ in range(3)]
    body = {"action": "hide", "select_across": "1", "_selected_action": [str(rows[0].pk)]}

    answer = pages.post(page_of("documents.Document"), body, follow=True)

    assert "These are more than 2 rows" in answer.content.decode()
    assert not type(rows[0]).all_objects.deleted().exists()

    pages.post(page_of("documents.Document") + f"?q={rows[0].pk}", body)
    assert type(rows[0]).all_objects.deleted().get() == rows[0]
    pages.post(page_of("documents.Document"), body | {"select_across": "0"})
    exported = pages.post(page_of("documents.Document"), body | {"action": "export_rows"})
    assert exported.content.decode().count("\n") == 4


@pytest.mark.parametrize("word", ["9" * 5000, str(2**63), str(2**63 - 1), "٣", "-1", "0x1"])
def test_whatever_looks_like_a_number_is_looked_up_or_is_none(pages, word):
    assert pages.get("/admin/common/auditlink/", {"q": word}).status_code == 200
