"""The console's own pages: charts, what goes on, what was not answered; for those who may."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.tests.factories import UserFactory, staff_client
from chat.enums import RunStatus
from chat.models import Run, Session, ToolGrant
from chat.tests.factories import RunFactory, SessionFactory, ToolGrantFactory, ToolRunFactory
from documents.models import Collection, CollectionShare, Document
from documents.tests.factories import CollectionFactory, DocumentFactory, write
from groups.models import LegalHold
from groups.tests.factories import GroupFactory
from ingestion.enums import Stage
from ingestion.tests.factories import ItemFactory
from quotas.models import UsageEvent
from youworker.appliance.health import rows
from youworker.console import health
from youworker.core.redis import sync_redis
from youworker.tests.support.rows import refreshed

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages():
    return staff_client(is_superuser=True)


def test_the_first_page_draws_what_was_done(pages):
    for outcome in ("succeeded", "succeeded", "failed"):
        UsageEvent.objects.create(kind="run", outcome=outcome, tokens_out=5, user=UserFactory())
    UsageEvent.objects.create(kind="tool_call", outcome="failed", duration_ms=40)

    answer = pages.get("/admin/")

    charts = {str(chart.title): chart.bars[-1].figures for chart in answer.context["charts"]}
    assert charts == {
        "Messages": [2, 1],
        "Tokens": [0, 15],
        "Active users": [3],
        "Files read": [0, 0],
        "Failures": [1, 1, 0],
        "Time of tool calls (ms)": [40, 0],
    }
    assert len(answer.context["charts"][0].bars) == 30
    assert b"<svg" in answer.content
    assert not answer.context["is_new"]


def test_a_new_installation_says_what_to_do_first(pages):
    answer = pages.get("/admin/")

    text = answer.content.decode()
    assert answer.context["is_new"]
    assert "First steps" in text
    assert "/admin/chat/modelserver/" in text
    assert "seed_demo" in text


def test_one_who_may_see_nothing_sees_no_figures():
    answer = staff_client().get("/admin/")

    assert (answer.context["charts"], answer.context["waiting"]) == ([], [])
    assert not answer.context["is_new"]
    assert "<svg viewBox" not in answer.content.decode()


def test_what_waits_is_counted(pages):
    RunFactory(status=RunStatus.QUEUED)
    RunFactory(status=RunStatus.SUCCEEDED)
    ItemFactory(stage=Stage.QUEUED)

    found = {str(one["title"]): one["amount"] for one in pages.get("/admin/").context["waiting"]}

    assert (found["Questions that wait"], found["Files waiting to be read"]) == (1, 1)
    assert (found["Answers in the making"], found["Files getting vectors"]) == (0, 0)


@pytest.mark.parametrize("count", [1, 3])
def test_live_keeps_the_same_number_of_queries(pages, count, django_assert_num_queries):
    for _ in range(count):
        RunFactory(status=RunStatus.RUNNING)
        ItemFactory(stage=Stage.FAILED)
        UsageEvent.objects.create(kind="run", outcome="succeeded", user=UserFactory())
    pages.get("/admin/live/")

    with django_assert_num_queries(7):
        answer = pages.get("/admin/live/")

    assert [len(answer.context[name]) for name in ("runs", "failures", "users")] == [count] * 3


def test_the_middle_of_live_comes_alone(pages):
    run = RunFactory(status=RunStatus.RUNNING, user=UserFactory(username="ada"))

    text = pages.get("/admin/live/?part=1").content.decode()

    assert "ada" in text
    assert f"/admin/live/stop/{run.pk}/" in text
    assert "<html" not in text


def test_live_shows_each_only_what_they_may_see():
    RunFactory(status=RunStatus.RUNNING, user=UserFactory(username="lovelace"))
    ItemFactory(stage=Stage.FAILED, name="plans.pdf", run__owner=UserFactory(username="hopper"))

    runs = staff_client("view_run").get("/admin/live/").content.decode()
    files = staff_client("view_ingestionitem").get("/admin/live/").content.decode()

    assert ("lovelace" in runs, "plans.pdf" in runs, "hopper" in runs) == (True, False, False)
    assert ("lovelace" in files, "plans.pdf" in files) == (False, True)
    assert "/stop/" not in runs
    assert "/retry/" not in files
    assert staff_client("view_document").get("/admin/live/").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_stopped(pages):
    run = RunFactory(status=RunStatus.QUEUED)

    answer = pages.post(f"/admin/live/stop/{run.pk}/")

    assert (answer.status_code, answer["Location"]) == (302, "/admin/live/")
    assert refreshed(run).status == RunStatus.STOPPED


def test_an_answer_that_has_ended_is_not_stopped(pages):
    run = RunFactory(status=RunStatus.SUCCEEDED)

    answer = pages.post(f"/admin/live/stop/{run.pk}/", follow=True)

    assert "This run has ended already." in answer.content.decode()
    assert refreshed(run).status == RunStatus.SUCCEEDED


def test_failed_files_are_read_again(pages):
    item = ItemFactory(stage=Stage.FAILED, error_code="parse_timeout")
    assert f"/admin/live/retry/{item.run_id}/" in pages.get("/admin/live/").content.decode()

    pages.post(f"/admin/live/retry/{item.run_id}/")

    again = refreshed(item)
    assert (again.stage, again.error_code, again.run.status) == (Stage.QUEUED, "", "queued")
    assert f"/admin/live/retry/{item.run_id}/" not in pages.get("/admin/live/").content.decode()
    pages.post(f"/admin/live/retry/{item.run_id}/")
    assert "has failed, or can be tried again" in pages.get("/admin/live/").content.decode()


@pytest.mark.parametrize("path", ["live/stop", "live/retry"])
def test_acts_need_their_rights_and_a_post(pages, path):
    row = RunFactory().pk if path == "live/stop" else ItemFactory().run_id
    looking = staff_client("view_run", "view_ingestionitem", "view_usageevent")

    assert looking.post(f"/admin/{path}/{row}/").status_code == 403
    assert pages.get(f"/admin/{path}/{row}/").status_code == 405
    assert pages.post(f"/admin/{path}/018f6d1e-7c00-7000-8000-000000000001/").status_code == 404
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(UserFactory(is_staff=True, is_superuser=True))
    assert strict.post(f"/admin/{path}/{row}/").status_code == 403


@pytest.mark.parametrize("path", ["live", "health", "unanswered", "unanswered/none"])
def test_strangers_are_sent_to_sign_in(path):
    client = Client()
    nobody = client.get(f"/admin/{path}/")
    client.force_login(UserFactory())

    assert nobody.status_code == 302
    assert client.get(f"/admin/{path}/").status_code in {302, 403}


@pytest.fixture
def parts(monkeypatch):
    """What an examination finds."""
    told = {"latency_ms": 1, "warning": False, "remedy": ""}
    found = {
        "redis": {**told, "status": "ok"},
        "reranker": {**told, "status": "ok", "endpoint": None},
        "worker": {**told, "status": "ok", "warning": True},
        "encryption": {**told, "status": "failed", "detail": "<b>no key</b>"},
    }
    monkeypatch.setattr(rows, "recent_parts", lambda: found)
    return found


def test_health_shows_what_fails_first(pages, parts):
    answer = pages.get("/admin/health/parts/")

    found = [part["state"] for part in answer.context["parts"]]
    assert found == ["failed", "warning", "ok", "ok"]
    assert "None is set up." in answer.content.decode()
    assert "&lt;b&gt;no key" in answer.content.decode()


def test_what_needs_attention_counts_the_parts(pages, parts):
    parts["encryption"]["remedy"] = "Restore the key."
    answer = pages.get("/admin/health/parts/?calm=1")

    above = answer.content.decode().partition('<div id="parts-in-need" hx-swap-oob="true">')[2]
    assert [part["name"] for part in answer.context["in_need"]] == ["encryption", "worker"]
    assert "Restore the key." in above
    assert "Nothing at the moment." not in above


@pytest.mark.parametrize(("address", "says"), [("?calm=1", True), ("", False)])
def test_nothing_needs_attention_where_nothing_else_does_either(pages, parts, address, says):
    del parts["worker"], parts["encryption"]

    text = pages.get(f"/admin/health/parts/{address}").content.decode()

    assert ("Nothing at the moment." in text) is says


def test_the_first_page_asks_with_what_it_knows(pages):
    asks = '<div data-test="health" hx-get="/admin/health/parts/{}"'
    assert asks.format("?calm=1") in pages.get("/admin/").content.decode()
    RunFactory(status=RunStatus.FAILED)
    assert asks.format("") in pages.get("/admin/").content.decode()
    assert asks.format("") in staff_client("view_collection").get("/admin/").content.decode()


def test_a_backup_is_made_when_a_superuser_wants_one(
    pages, parts, monkeypatch, configured, tmp_path
):
    told = []
    monkeypatch.setattr(health, "queue_task", lambda *given: told.append(given))
    sync_redis().delete(health.ASKED)
    assert pages.post("/admin/health/back-up/").status_code == 403, "none is set up"
    assert b"back-up" not in pages.get("/admin/health/parts/").content
    configured("backup", directory=str(tmp_path))

    offered = pages.get("/admin/health/parts/")
    answer = pages.post("/admin/health/back-up/")

    assert b"back-up" in offered.content
    assert (answer.status_code, told) == (302, [(health.BACKUP, True)])
    assert pages.post("/admin/health/back-up/").status_code == 302, "a double click"
    assert staff_client("view_run").post("/admin/health/back-up/").status_code == 403
    assert b"back-up" not in staff_client("view_run").get("/admin/health/parts/").content
    assert len(told) == 1


def test_conversations_are_hidden_shown_and_read_while_they_are_there(pages):
    session = SessionFactory()
    page = "/admin/chat/session/"
    chosen = {"_selected_action": [str(session.pk)]}

    pages.post(page, {"action": "hide", **chosen})
    assert refreshed(session).is_deleted
    read = pages.post(f"{page}{session.pk}/read-private/", {"reason": "A good reason to read it"})
    assert read.status_code == 404
    pages.post(page, {"action": "show", **chosen})

    assert not refreshed(session).is_deleted
    acts = LogEntry.objects.values_list("additional_data__action", flat=True)
    assert list(acts.order_by("pk")) == ["chat.session.delete", "chat.session.restore"]


def test_deleted_documents_are_removed_for_good_unless_they_are_held(pages):
    gone, alive, held = DocumentFactory.create_batch(3)
    for document in (gone, held):
        document.soft_delete()
    LegalHold.objects.create(user=held.owner, reason="A trial")
    chosen = [str(row.pk) for row in (gone, alive, held)]
    act = {"action": "purge", "_selected_action": chosen}
    write(gone, "one", "two")

    staff_client("view_document", "change_document").post("/admin/documents/document/", act)
    staff_client("view_document", "change_document").post(
        "/admin/documents/document/", {**act, "confirmed": "yes"}
    )
    assert Document.all_objects.count() == 3, "for superusers only"
    asked = pages.post("/admin/documents/document/", act)
    assert Document.all_objects.count() == 3, "only asked"
    told = {choice.row: (choice.facts, choice.refusal) for choice in asked.context["choices"]}
    assert told == {
        gone: (["Passages: 2", "Documents waiting for vectors: 1"], ""),
        alive: ((), "stays, for it is not deleted"),
        held: ((), "stays, for a legal hold keeps it"),
    }
    pages.post("/admin/documents/document/", {**act, "confirmed": "yes"})

    assert set(Document.all_objects.all()) == {alive, held}
    line = LogEntry.objects.get(additional_data__action="document.purge")
    assert line.actor is not None


def test_deleted_collections_go_with_their_documents_and_nobody_elses(pages):
    gone, alive, held = CollectionFactory.create_batch(3)
    shared = GroupFactory()
    documents = DocumentFactory.create_batch(2, collection=gone, owner=gone.owner)
    guest = DocumentFactory(collection=gone)
    LegalHold.objects.create(group=shared, reason="A trial")
    CollectionShare.objects.create(collection=held, group=shared)
    for collection in (gone, held):
        Collection.all_objects.filter(pk=collection.pk).soft_delete()
    chosen = [str(row.pk) for row in (gone, alive, held)]
    act = {"action": "purge", "_selected_action": chosen}

    asked = pages.post("/admin/documents/collection/", act)
    told = {choice.row: choice.refusal for choice in asked.context["choices"]}
    said = pages.post("/admin/documents/collection/", {**act, "confirmed": "yes"}, follow=True)

    assert told[gone] == ""
    assert told[held] == "stays, for a legal hold keeps it"
    assert "Documents: 3" in asked.content.decode()
    assert "1 removed for good." in said.content.decode()
    assert "2 stayed" in said.content.decode()
    left = set(Collection.all_objects.filter(pk__in=chosen))
    assert left == {alive, held}
    assert not Document.all_objects.filter(pk__in=[row.pk for row in documents]).exists()
    assert refreshed(guest).collection.owner == guest.owner
    line = LogEntry.objects.get(additional_data__action="collection.purge")
    assert (line.actor is not None, line.object_pk) == (True, str(gone.pk))


def test_deleted_conversations_are_removed_for_good_without_their_titles(pages):
    gone, alive, held = (SessionFactory(title="secret") for _ in range(3))
    RunFactory(session=gone, status=RunStatus.SUCCEEDED)
    for session in (gone, held):
        session.soft_delete()
    LegalHold.objects.create(user=held.user, reason="A trial")
    chosen = [str(row.pk) for row in (gone, alive, held)]
    act = {"action": "purge", "_selected_action": chosen}

    asked = pages.post("/admin/chat/session/", act).content.decode()
    pages.post("/admin/chat/session/", {**act, "confirmed": "yes"})

    assert "Messages: " in asked
    assert "secret" not in asked
    assert set(Session.all_objects.all()) == {alive, held}
    line = LogEntry.objects.get(additional_data__action="chat.session.purge")
    assert line.object_pk == str(gone.pk)


def test_staff_revoke_what_somebody_allowed_a_tool(pages):
    grant, other = ToolGrantFactory.create_batch(2)
    act = {"action": "revoke", "_selected_action": [str(grant.pk)]}

    staff_client("view_toolgrant").post("/admin/chat/toolgrant/", act)
    assert ToolGrant.objects.count() == 2, "for those who may change them"
    said = pages.post("/admin/chat/toolgrant/", act, follow=True).content.decode()

    assert "1 revoked." in said
    assert list(ToolGrant.objects.all()) == [other]
    line = LogEntry.objects.get(additional_data__action="tool.policy.change")
    assert (line.object_pk, line.additional_data["revoked"]) == (str(grant.pk), True)


def test_what_goes_along_is_counted_in_a_fixed_number_of_queries(
    pages, django_assert_max_num_queries
):
    documents = DocumentFactory.create_batch(5)
    Document.all_objects.filter(pk__in=[row.pk for row in documents]).soft_delete()
    chosen = [str(row.pk) for row in documents]
    act = {"action": "purge", "_selected_action": chosen}

    with django_assert_max_num_queries(20):
        asked = pages.post("/admin/documents/document/", act)

    assert len(asked.context["choices"]) == 5


def test_runs_are_stopped_and_files_retried_from_their_lists(pages):
    run, item = RunFactory(status=RunStatus.SUCCEEDED), ItemFactory(stage=Stage.READY)

    said = pages.post(
        "/admin/chat/run/", {"action": "stop", "_selected_action": [str(run.pk)]}, follow=True
    )
    files = pages.post(
        "/admin/ingestion/ingestionitem/",
        {"action": "retry", "_selected_action": [str(item.pk)]},
        follow=True,
    )

    assert "This run has ended already." in said.content.decode()
    assert [str(each) for each in files.context["messages"]], "nothing has failed"


def unanswered(**fields):
    session = SessionFactory(**fields)
    run = RunFactory(session=session)
    ToolRunFactory(session=session, run=run)
    return run


def test_unanswered_questions_are_counted_without_their_words(pages):
    run = unanswered(title="secret")
    handbook = CollectionFactory(name="Handbook")
    run.session.collections.set([handbook])

    whole = pages.get("/admin/unanswered/")
    one = pages.get(f"/admin/unanswered/{handbook.pk}/")

    assert "Handbook" in whole.content.decode()
    assert [each["unanswered"] for each in whole.context["clusters"]] == [1]
    # A date that breaks after each part is not read on a phone.
    assert whole.content.decode().count('<td class="time">') == 2
    text = one.content.decode()
    assert f"/admin/chat/session/{run.session_id}/read-private" in text
    for private in ("secret", run.question.content, run.user.username):
        assert private not in whole.content.decode() + text


def test_only_who_may_read_is_offered_it():
    run = unanswered()
    rights = ("view_run", "view_collection")

    text = staff_client(*rights).get("/admin/unanswered/none/").content.decode()

    assert str(run.pk) in text
    assert "read-private" not in text


@pytest.mark.parametrize("right", ["view_run", "view_collection"])
def test_unanswered_questions_need_both_rights(right):
    assert staff_client(right).get("/admin/unanswered/").status_code == 403
    assert staff_client(right).get("/admin/unanswered/none/").status_code == 403


@pytest.mark.parametrize("key", ["018f6d1e-7c00-7000-8000-000000000001", "x", "none'--"])
def test_a_collection_that_is_not_there_is_not_found(pages, key):
    assert pages.get(f"/admin/unanswered/{key}/").status_code == 404


@pytest.mark.parametrize("days", ["7", "90", "0", "x", "100000"])
def test_any_number_of_days_gives_a_page(pages, days):
    run = unanswered()
    Run.objects.filter(pk=run.pk).update(created_at=timezone.now() - timedelta(days=40))

    answer = pages.get("/admin/unanswered/", {"days": days})

    assert len(answer.context["clusters"]) == (1 if days == "90" else 0)


def test_tasks_that_no_worker_took_are_counted_with_every_priority(pages):
    redis = sync_redis()
    names = ["yw:celery:celery", "yw:celery:celery\x06\x169"]
    before = {str(one["title"]): one["amount"] for one in pages.get("/admin/").context["waiting"]}
    try:
        for name in names:
            redis.lpush(name, "a task")
        after = {
            str(one["title"]): one["amount"] for one in pages.get("/admin/").context["waiting"]
        }
    finally:
        for name in names:
            redis.lpop(name)

    assert after["Tasks in the queue"] == before["Tasks in the queue"] + 2


def test_the_first_page_says_nothing_of_a_queue_that_is_not_there(pages, monkeypatch):
    monkeypatch.setattr("youworker.console.dashboard.attempt", lambda *_: None)

    found = {str(one["title"]): one["amount"] for one in pages.get("/admin/").context["waiting"]}

    assert found["Tasks in the queue"] == "?"
    assert connection.is_usable()
