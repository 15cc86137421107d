"""The wire: shapes, refusals, and the number of queries."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import orjson
import pytest
from django.test import AsyncClient
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.tests.factories import UserFactory
from chat import services
from chat.agent.exceptions import ModelUnavailable
from chat.agent.types import TextDelta, TurnEnd, Usage
from chat.models import Message, Session
from chat.serializers import SessionSerializer
from chat.tests.attachment_support import attached_image
from chat.tests.factories import (
    CitationFactory,
    MessageFactory,
    RunFactory,
    SessionFactory,
    ToolRunFactory,
)
from chat.tests.fakes import ScriptedModel
from chat.tests.key_support import key_of
from documents.tests.factories import CollectionFactory
from youworker.core.db import run_in_thread

pytestmark = pytest.mark.django_db


def client_of(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.mark.parametrize("count", [1, 3])
def test_sessions_are_listed_with_the_same_number_of_queries(count, django_assert_num_queries):
    user = UserFactory()
    SessionFactory.create_batch(count, user=user)
    SessionFactory()

    with django_assert_num_queries(1):  # the page with its collections
        answer = client_of(user).get("/v1/sessions")

    assert answer.json()["count"] == count
    assert {row["title"] for row in answer.json()["results"]} == {"Replication"}


def test_sessions_are_listed_as_they_are_read_in_pages_of_any_size():
    user, start = UserFactory(), timezone.now()
    made = [
        SessionFactory(user=user, title=f"Talk {number}", active_at=start + timedelta(hours=number))
        for number in range(5)
    ]
    SessionFactory(user=user, archived_at=start)
    SessionFactory(user=user).soft_delete()
    SessionFactory()
    client = client_of(user)

    pages = [
        client.get("/v1/sessions", {"limit": 2, "offset": offset}).json()
        for offset in range(0, 7, 2)
    ]

    listed = [row for page in pages for row in page["results"]]
    assert listed == [client.get(f"/v1/sessions/{row.pk}").json() for row in reversed(made)]
    assert [page["count"] for page in pages] == [5] * 4
    assert [page["next"] is not None for page in pages] == [True, True, False, False]
    assert listed[0]["active_at"] == f"{made[-1].active_at.replace(tzinfo=None).isoformat()}Z"


def test_a_session_names_the_collections_it_is_limited_to_unless_they_are_deleted():
    user = UserFactory()
    shelves = CollectionFactory.create_batch(3, owner=user)
    client = client_of(user)
    chosen = [str(shelf.pk) for shelf in shelves]
    session = client.post("/v1/sessions", {"collections": chosen}).json()
    url = f"/v1/sessions/{session['id']}"
    SessionFactory(user=user)
    shelves[0].soft_delete()

    listed = client.get("/v1/sessions").json()["results"]
    read = client.get(url).json()
    changed = client.patch(url, {"collections": chosen[2:]}).json()
    client.delete(url)
    restored = client.post(f"{url}/restore").json()

    assert sorted(session["collections"]) == sorted(chosen)
    assert [row["collections"] for row in listed] == [[], chosen[1:]]
    assert read["collections"] == chosen[1:]
    assert changed["collections"] == restored["collections"] == chosen[2:]


def test_a_session_says_that_it_is_limited_when_none_of_its_collections_is_left():
    user = UserFactory()
    shelf = CollectionFactory(owner=user)
    client = client_of(user)
    made = client.post("/v1/sessions", {"collections": [str(shelf.pk)]}).json()
    url = f"/v1/sessions/{made['id']}"
    shelf.hard_delete()

    (listed,) = client.get("/v1/sessions").json()["results"]
    read = client.get(url).json()
    changed = client.patch(url, {"collections": []}, format="json").json()

    assert made["limited"]
    assert listed == read
    assert (read["collections"], read["limited"]) == ([], True)
    assert (changed["collections"], changed["limited"]) == ([], False)


@pytest.mark.parametrize("count", [1, 3])
def test_messages_are_listed_with_the_same_number_of_queries(count, django_assert_num_queries):
    session = SessionFactory()
    for _ in range(count):
        message = MessageFactory(session=session, role="assistant")
        CitationFactory.create_batch(2, message=message)
        ToolRunFactory(session=session, message=message)
    CitationFactory()

    # The session, who follows whom, the page, citations, tool runs.
    with django_assert_num_queries(5):
        answer = client_of(session.user).get(f"/v1/sessions/{session.pk}/messages")

    rows = answer.json()["results"]
    assert len(rows) == count
    assert [len(row["citations"]) for row in rows] == [2] * count
    assert set(rows[0]) == {
        "id",
        "role",
        "content",
        "model",
        "created_at",
        "parent_id",
        "run_id",
        "tokens_in",
        "tokens_out",
        "citations",
        "tool_runs",
        "feedback",
        "siblings",
        "attachments",
        "unsupported",
        "has_reasoning",
    }


@pytest.mark.parametrize("count", [1, 3])
def test_tool_runs_are_listed_with_the_same_number_of_queries(count, django_assert_num_queries):
    session = SessionFactory()
    for call in ToolRunFactory.create_batch(count, session=session):
        image = attached_image(MessageFactory(session=session))
        image.tool_run = call
        image.save(update_fields=["tool_run"])
    ToolRunFactory()

    with django_assert_num_queries(3):  # calls, files in their results, documents of these
        answer = client_of(session.user).get("/v1/tool-runs")

    assert answer.json()["count"] == count
    assert answer.json()["results"][0]["args"] == {"query": "replica"}
    assert [len(row["files"]) for row in answer.json()["results"]] == [1] * count


def test_staff_see_that_others_call_tools_but_not_with_what():
    call = ToolRunFactory(result_preview="private")
    image = attached_image(MessageFactory(session=call.session))
    image.tool_run = call
    image.save(update_fields=["tool_run"])

    answer = client_of(UserFactory(is_staff=True)).get("/v1/tool-runs")

    (row,) = answer.json()["results"]
    assert (row["tool"], row["args"], row["result_preview"]) == ("semantic.query", {}, "")
    assert row["files"] == []


def test_sessions_are_found_by_words_of_their_titles():
    user = UserFactory()
    SessionFactory(user=user, title="Backups at night")
    SessionFactory(user=user, title="Holidays")

    answer = client_of(user).get("/v1/sessions", {"search": "BACKUP"})

    assert [row["title"] for row in answer.json()["results"]] == ["Backups at night"]


@pytest.mark.parametrize("words", ["cafeteria", "CAFÉTÉRIA", "cafe\u0301te\u0301ria"])
def test_sessions_are_found_by_words_however_they_are_written(words):
    user = UserFactory()
    SessionFactory(user=user, title="La cafe\u0301téria")

    answer = client_of(user).get("/v1/sessions", {"search": words})

    assert answer.json()["count"] == 1


def test_searching_titles_reads_some_at_a_time(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(services.searching, "TITLES_AT_ONCE", 3)
    user, elsewhere = UserFactory(), SessionFactory(title="Backups of others")
    sessions = [SessionFactory(user=user, title=f"Backup {number}") for number in range(8)]
    SessionFactory(user=user, title="Holidays")
    # Made before, and spoken in last.
    Session.objects.touch(sessions[0].pk)
    client = client_of(user)

    # The ids, three parts of three, and the page with its collections.
    with django_assert_num_queries(5):
        page = client.get("/v1/sessions", {"search": "backup", "limit": 2, "offset": 0}).json()
    rest = client.get("/v1/sessions", {"search": "backup", "limit": 9, "offset": 2}).json()

    titles = [row["title"] for row in page["results"] + rest["results"]]
    assert page["count"] == rest["count"] == 8
    assert titles == ["Backup 0", *[f"Backup {number}" for number in range(7, 0, -1)]]
    assert str(elsewhere.pk) not in str(rest)


def test_a_session_lives_through_its_whole_life():
    client = client_of(UserFactory())
    url = "/v1/sessions/" + client.post("/v1/sessions", {"title": "One"}).json()["id"]

    changed = client.patch(url, {"title": "Two", "archived": True}).json()
    archived = client.get("/v1/sessions", {"archived": "true"}).json()["count"]
    deleted = client.delete(url).status_code
    gone = client.get(url).status_code
    back = client.post(f"{url}/restore").json()

    assert (changed["title"], changed["archived"], archived) == ("Two", True, 1)
    assert (deleted, gone, back["title"]) == (204, 404, "Two")


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({}, "text"),
        ({"text": "  "}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({"text": "x", "parent_id": "nonsense"}, "parent_id"),
        ({"audio": {"data": "AAAA", "format": "wav"}}, "audio"),
    ],
)
def test_bad_questions_are_refused_with_the_name_of_the_field(body, attr):
    session = SessionFactory()

    answer = client_of(session.user).post(f"/v1/sessions/{session.pk}/messages", body)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == attr
    assert not Message.objects.exists()


@pytest.mark.parametrize("after", ["-1", "x", "9" * 17, "1.5"])
def test_a_resume_point_that_is_no_number_is_refused(after):
    run = RunFactory()

    answer = client_of(run.user).get(f"/v1/runs/{run.pk}/events", {"after": after})

    assert answer.status_code == 400


def test_a_finished_run_cannot_be_stopped():
    run = RunFactory()

    answer = client_of(run.user).post(f"/v1/runs/{run.pk}/stop")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "run_finished")


def test_feedback_is_kept():
    message = MessageFactory(role="assistant")
    url = f"/v1/messages/{message.pk}/feedback"

    answer = client_of(message.session.user).post(url, {"rating": -1, "comment": "wrong"})

    assert answer.json()["feedback"] == {"rating": -1, "comment": "wrong"}


def test_the_api_is_closed_to_strangers():
    assert APIClient().get("/v1/sessions").status_code == 401


async def frames(response):
    body = b"".join([chunk async for chunk in response.streaming_content])
    blocks = [block for block in body.decode().split("\n\n") if block.startswith("id:")]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]


@pytest.mark.django_db(transaction=True)
async def test_one_call_gives_the_whole_answer(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("Forty-"), TextDelta("two."), Usage(3, 2)]]))
    headers = await key_of(await run_in_thread(UserFactory), "chat")

    answer = await AsyncClient().post(
        "/v1/chat", {"text": "Why?"}, content_type="application/json", headers=headers
    )

    body = answer.json()
    assert answer.status_code == 200
    assert body["message"]["content"] == "Forty-two."
    assert body["usage"] == {"tokens_in": 3, "tokens_out": 2}
    assert await Session.objects.filter(pk=body["session_id"]).acount() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("end", "status", "code"),
    [
        (TurnEnd("length"), "succeeded", "answer_cut"),
        (ModelUnavailable("The model's server broke off."), "failed", "model_unavailable"),
    ],
)
async def test_one_call_tells_why_an_answer_is_not_whole(spoken_by, end, status, code):
    spoken_by(ScriptedModel([[TextDelta("Forty-"), end]]))
    headers = await key_of(await run_in_thread(UserFactory), "chat")

    answer = await AsyncClient().post(
        "/v1/chat", {"text": "Why?"}, content_type="application/json", headers=headers
    )

    body = answer.json()
    assert (body["status"], body["error"]["code"]) == (status, code)
    assert body["error"]["detail"]
    assert body["message"]["content"] == "Forty-"


@pytest.mark.django_db(transaction=True)
async def test_one_call_can_stream(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("Forty-"), TextDelta("two.")]]))
    headers = await key_of(await run_in_thread(UserFactory), "chat")

    response = await AsyncClient().post(
        "/v1/chat",
        {"text": "Why?", "stream": True},
        content_type="application/json",
        headers=headers,
    )
    events = await frames(response)

    assert response["Content-Type"] == "text/event-stream"
    assert [int(event["id"]) for event in events] == list(range(1, len(events) + 1))
    tokens = [orjson.loads(event["data"]) for event in events if event["event"] == "token"]
    assert "".join(token["text"] for token in tokens) == "Forty-two."
    assert events[-1]["event"] == "done"


@pytest.mark.django_db(transaction=True)
async def test_a_retry_with_the_same_key_watches_the_same_run(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("once")]]))
    headers = await key_of(await run_in_thread(UserFactory), "chat")
    headers["Idempotency-Key"] = "retry-1"
    client = AsyncClient()
    post = {"content_type": "application/json", "headers": headers}

    first = await client.post("/v1/chat", {"text": "Why?"}, **post)
    second = await client.post("/v1/chat", {"text": "Why?"}, **post)
    other = await client.post("/v1/chat", {"text": "What?"}, **post)

    assert first.json() == second.json()
    assert await Message.objects.filter(role="user").acount() == 1
    assert (other.status_code, other.json()["errors"][0]["code"]) == (422, "idempotency_key_reused")


@pytest.mark.django_db(transaction=True)
async def test_a_model_that_is_away_is_503_with_its_sentence(spoken_by):
    spoken_by(ScriptedModel([[ModelUnavailable("The model server does not answer.")]]))
    headers = await key_of(await run_in_thread(UserFactory), "chat")

    # A 5xx makes the test client raise; a browser sees the answer.
    client = AsyncClient(raise_request_exception=False)
    answer = await client.post(
        "/v1/chat", {"text": "Why?"}, content_type="application/json", headers=headers
    )

    assert answer.status_code == 503
    assert answer.json()["errors"][0]["detail"] == "The model server does not answer."
    assert await Message.objects.filter(role="user").acount() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("stream", [True, False])
async def test_a_model_that_nobody_has_is_the_mistake_of_the_caller(stream):
    headers = await key_of(await run_in_thread(UserFactory), "chat")

    answer = await AsyncClient().post(
        "/v1/chat",
        {"text": "Why?", "model": "gpt-9", "stream": stream},
        content_type="application/json",
        headers=headers,
    )

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["code"], error["attr"]) == (400, "model_not_found", "model")
    assert "gpt-9" in error["detail"]
    assert not await Message.objects.aexists()


@pytest.mark.django_db(transaction=True)
async def test_a_conversation_with_a_model_that_nobody_has_is_refused_too():
    session = await run_in_thread(SessionFactory, model="gone")
    headers = await key_of(session.user, "chat")
    post = {"content_type": "application/json", "headers": headers}

    asked = await AsyncClient().post(
        f"/v1/sessions/{session.pk}/messages", {"text": "Why?", "model": "gpt-9"}, **post
    )
    answer = await AsyncClient().post(
        "/v1/chat", {"text": "Why?", "session_id": str(session.pk)}, **post
    )

    assert [asked.status_code, answer.status_code] == [400, 400]
    assert answer.json()["errors"][0]["code"] == "model_not_found"


@pytest.mark.django_db(transaction=True)
async def test_a_key_without_the_scope_is_refused():
    headers = await key_of(await run_in_thread(UserFactory), "documents.read")

    answer = await AsyncClient().get("/v1/sessions", headers=headers)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize("count", [1, 3])
def test_waiting_calls_are_listed_with_the_same_number_of_queries(count, django_assert_num_queries):
    session = SessionFactory()
    run = RunFactory(session=session, status="waiting_approval")
    about = {"session": session, "run": run, "status": "waiting"}
    rows = ToolRunFactory.create_batch(count, **about)
    ToolRunFactory(**{**about, "decision": "allow"})
    ToolRunFactory(session=session, run=RunFactory(session=session), status="waiting")
    ToolRunFactory(run=RunFactory(status="waiting_approval"), status="waiting")

    with django_assert_num_queries(1):  # the page
        answer = client_of(session.user).get("/v1/approvals")

    assert [row["id"] for row in answer.json()["results"]] == [str(row.pk) for row in rows]
    assert answer.json()["results"][0]["args"] == {"query": "replica"}


@pytest.mark.django_db(transaction=True)
def test_a_call_is_decided_about_once_by_its_user_and_in_its_run():
    row = ToolRunFactory(run=RunFactory(status="waiting_approval"), status="waiting")
    owner, other = client_of(row.run.user), client_of(UserFactory())
    url = f"/v1/runs/{row.run_id}/approvals/{row.pk}"
    foreign = RunFactory(session=row.run.session, status="waiting_approval")

    answers = [
        other.post(url, {"decision": "allow"}),
        owner.post(f"/v1/runs/{foreign.pk}/approvals/{row.pk}", {"decision": "allow"}),
        owner.post(url, {"decision": "timeout"}),
        owner.post(url, {"decision": "deny"}),
        owner.post(url, {"decision": "deny"}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 400, 200, 409]
    assert answers[3].json()["status"] == "denied"


@pytest.mark.parametrize("zone", ["UTC", "Europe/Rome"])
def test_a_session_is_written_as_its_fields_describe_it(zone):
    made = SessionFactory(leaf=uuid4())
    made.collections.add(CollectionFactory(owner=made.user))
    session = Session.objects.with_alive_collection_ids().get(pk=made.pk)
    fields = SessionSerializer(session).fields

    with timezone.override(zone):
        written = SessionSerializer(session).data
        described = {
            name: field.to_representation(field.get_attribute(session))
            for name, field in fields.items()
        }

    assert written == described


def test_an_event_stream_is_answered_to_who_accepts_nothing_else():
    run = RunFactory()
    client = client_of(run.user)
    accept = {"Accept": "text/event-stream"}

    stream = client.get(f"/v1/runs/{run.pk}/events", headers=accept)
    absent = client.get(f"/v1/runs/{uuid4()}/events", headers=accept)

    assert stream["Content-Type"].startswith("text/event-stream")
    assert absent.status_code == 404
    assert absent.json()["errors"][0]["code"] == "not_found"
