"""What people do on the pages of the chat: refused to others, undone, and done once."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from accounts.tests.factories import UserFactory
from chat import services
from chat.enums import MessageRole, RunStatus, ToolRunStatus
from chat.models import Message, Run, Session
from chat.runs.manager import RunManager
from chat.tests.factories import MessageFactory, SessionFactory, ToolRunFactory
from chat.tests.page_support import articles, exchange
from documents.tests.factories import CollectionFactory
from youworker.tests.support.pages import HTMX, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_runs(monkeypatch):
    """Questions are queued; nobody answers them in these tests."""
    # The method: modules that are imported meanwhile would keep another function for good.
    monkeypatch.setattr(RunManager, "launch", lambda _self, _run_id: None)


def ask(client, url="/chat", **fields):
    return client.post(url, {"text": "How?", "key": str(uuid4()), **fields})


def test_the_first_question_begins_a_conversation_with_what_was_chosen(client, user):
    shelf = CollectionFactory(owner=user)

    answer = ask(
        client, with_settings="on", model="quote", enable_tools="on", collections=[str(shelf.pk)]
    )

    session = Session.objects.with_alive_collection_ids().get(user=user)
    run = Run.objects.get(session=session)
    assert answer.status_code == 303
    assert answer["Location"] == f"/chat/{session.pk}#m-{run.answer_id}"
    assert (session.title, session.model) == ("How?", "quote")
    assert (session.enable_tools, session.enable_web) == (True, False)
    assert session.alive_collection_ids == [shelf.pk]
    assert run.options["collections"] == [str(shelf.pk)]


def test_a_question_that_is_sent_twice_is_asked_once(client, user):
    key = str(uuid4())

    first, second = ask(client, key=key), ask(client, key=key)

    assert first["Location"] == second["Location"]
    assert Session.objects.filter(user=user).count() == Run.objects.count() == 1


@pytest.mark.parametrize(
    ("speaks", "wish", "told"),
    [(True, {"speak": "on"}, True), (True, {}, None), (False, {"speak": "on"}, None)],
)
def test_whoever_wants_to_hear_an_answer_hears_it_where_somebody_speaks(
    client, user, configured, speaks, wish, told
):
    configured("speech", tts_enabled=speaks)

    ask(client, **wish)
    first = Run.objects.get()
    ask(client, f"/chat/{first.session_id}", **wish)

    assert [run.options.get("speak") for run in Run.objects.all()] == [told, told]


def test_a_part_of_a_page_gets_question_and_answer_and_where_they_are(client, user):
    answer = client.post("/chat", {"text": "How?"}, headers=HTMX)

    run = Run.objects.get()
    assert articles(text_of(answer)) == [run.question_id, run.answer_id]
    assert f'data-run="{run.pk}"' in text_of(answer)
    assert answer["X-Run-ID"] == str(run.pk)
    assert answer["X-Session-ID"] == str(run.session_id)
    assert answer["HX-Push-Url"] == f"/chat/{run.session_id}"


def test_the_next_question_follows_the_message_that_is_named(client, user):
    session = SessionFactory(user=user)
    _question, first = exchange(session)
    _other, _second = exchange(session)

    answer = ask(client, f"/chat/{session.pk}", parent=str(first.pk))

    assert answer.status_code == 303
    assert Run.objects.latest("created_at").question.parent_id == first.pk


def test_settings_that_were_not_shown_stay(client, user):
    session = SessionFactory(user=user, enable_web=True, model="quote")

    ask(client, f"/chat/{session.pk}")
    session.refresh_from_db()
    kept = (session.enable_web, session.model)
    ask(client, f"/chat/{session.pk}", with_settings="on")
    session.refresh_from_db()

    assert kept == (True, "quote")
    assert (session.enable_web, session.enable_tools, session.model) == (False, False, "")


@pytest.mark.parametrize(
    "fields",
    [
        {"text": " "},
        {"text": ""},
        {"text": "x" * 200_001},
        {"key": "x"},
        {"parent": "x"},
        {"model": "nobody-has-this"},
        {"with_settings": "on", "collections": [str(uuid4())]},
        {"with_settings": "on", "collections": ["x"]},
    ],
)
def test_a_question_that_cannot_be_asked_leaves_the_text_and_nothing_else(client, user, fields):
    wanted = {"text": "How is <it>?", **fields}

    page, part = client.post("/chat", wanted), client.post("/chat", wanted, headers=HTMX)

    assert (page.status_code, part.status_code) == (422, 422)
    assert 'role="alert"' in text_of(page)
    assert "<html" not in text_of(part)
    if "text" not in fields:
        assert "How is &lt;it&gt;?" in text_of(page)
    assert not Session.objects.exists()


def test_a_foreign_collection_is_no_answer_s_source(client, user):
    foreign = CollectionFactory()

    answer = ask(client, with_settings="on", collections=[str(foreign.pk)])

    assert answer.status_code == 422
    assert foreign.name not in text_of(answer)


def test_a_foreign_parent_is_refused(client, user):
    session = SessionFactory(user=user)
    foreign = MessageFactory()

    answer = ask(client, f"/chat/{session.pk}", parent=str(foreign.pk))

    assert answer.status_code == 422
    assert not Message.objects.filter(session=session).exists()


def test_an_edited_question_stands_beside_the_old_one(client, user):
    session = SessionFactory(user=user)
    first, before = exchange(session)
    old, _answer = exchange(session, parent=before)

    form = text_of(client.get(f"/chat/messages/{old.pk}/edit", headers=HTMX))
    answer = client.post(f"/chat/messages/{old.pk}/edit", {"text": "In other words?"})

    new = Run.objects.latest("created_at").question
    shown = text_of(client.get(answer["Location"].partition("#")[0]))
    assert "How do replicas follow the primary?" in form
    assert new.parent_id == before.pk
    assert articles(shown)[:3] == [first.pk, before.pk, new.pk]
    assert "2/2" in shown


def test_an_edited_first_question_is_another_beginning(client, user):
    session = SessionFactory(user=user)
    first, _answer = exchange(session)

    client.post(f"/chat/messages/{first.pk}/edit", {"text": "In other words?"})

    assert Run.objects.latest("created_at").question.parent_id is None


def test_answers_cannot_be_edited(client, user):
    _question, answer = exchange(SessionFactory(user=user))

    assert client.get(f"/chat/messages/{answer.pk}/edit").status_code == 404
    assert client.post(f"/chat/messages/{answer.pk}/edit", {"text": "No."}).status_code == 404


def test_an_answer_is_made_again_by_another_model_beside_the_first(client, user):
    session = SessionFactory(user=user)
    question, first = exchange(session)

    answer = client.post(f"/chat/messages/{first.pk}/regenerate", {"model": "quote"}, headers=HTMX)

    run = Run.objects.latest("created_at")
    assert (run.question_id, run.model) == (question.pk, "quote")
    assert articles(text_of(answer)) == [run.answer_id]
    assert "2/2" in text_of(client.get(f"/chat/{session.pk}"))


def test_a_version_that_was_chosen_is_shown_from_then_on(client, user):
    session = SessionFactory(user=user)
    question, first = exchange(session)
    second = MessageFactory(session=session, role=MessageRole.ASSISTANT, parent=question)

    newest = text_of(client.get(f"/chat/{session.pk}"))
    answer = client.post(f"/chat/{session.pk}/branch", {"leaf": first.pk})
    chosen = text_of(client.get(f"/chat/{session.pk}"))

    assert articles(newest) == [question.pk, second.pk]
    assert answer["Location"] == f"/chat/{session.pk}?at={first.pk}#m-{first.pk}"
    assert articles(chosen) == [question.pk, first.pk]


@pytest.mark.parametrize("leaf", ["x", "", str(UUID(int=1))])
def test_a_version_that_does_not_exist_is_refused(client, user, leaf):
    session = SessionFactory(user=user)

    assert client.post(f"/chat/{session.pk}/branch", {"leaf": leaf}).status_code == 400


def test_feedback_is_noted_with_its_comment_and_taken_back(client, user):
    _question, answer = exchange(SessionFactory(user=user))
    url = f"/chat/messages/{answer.pk}/feedback"

    rated = text_of(client.post(url, {"rating": "-1", "comment": "Wrong <b>"}, headers=HTMX))
    answer.refresh_from_db()
    noted = (answer.rating, answer.comment)
    same = text_of(client.post(url, {"rating": "-1", "comment": "Worse"}, headers=HTMX))
    client.post(url, {"rating": "0"})
    answer.refresh_from_db()

    assert noted == (-1, "Wrong <b>")
    assert "Wrong &lt;b&gt;" in rated
    # The keyboard goes on at the button that was pressed, which is gone once a comment is saved.
    assert f'id="bad-{answer.pk}"' in rated
    assert ("<summary autofocus>" in rated, "<summary autofocus>" in same) == (False, True)
    assert (answer.rating, answer.comment) == (0, "")
    assert client.post(url, {"rating": "5"}).status_code == 400


def test_a_question_gets_no_feedback(client, user):
    question, _answer = exchange(SessionFactory(user=user))

    answer = client.post(f"/chat/messages/{question.pk}/feedback", {"rating": "1"})

    assert answer.status_code == 400


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.WAITING_APPROVAL])
def test_an_answer_that_waits_is_stopped(client, user, status):
    session = SessionFactory(user=user)
    _question, answer = exchange(session, status=status)

    told = client.post(f"/chat/runs/{answer.run_id}/stop")

    assert told["Location"] == f"/chat/{session.pk}#m-{answer.pk}"
    assert Run.objects.get(pk=answer.run_id).status == RunStatus.STOPPED


def test_what_has_ended_cannot_be_stopped(client, user):
    _question, answer = exchange(SessionFactory(user=user))
    url = f"/chat/runs/{answer.run_id}/stop"

    assert client.post(url).status_code == 302
    assert client.post(url, headers=HTMX).status_code == 409


@pytest.mark.parametrize(("decision", "status"), [("allow", "waiting"), ("deny", "denied")])
def test_a_call_that_waits_is_asked_about_and_decided_once(client, user, decision, status):
    session = SessionFactory(user=user)
    _question, answer = exchange(session, status=RunStatus.WAITING_APPROVAL)
    call = ToolRunFactory(
        session=session, run=answer.run, message=answer, user=user, status=ToolRunStatus.WAITING
    )
    url = f"/chat/runs/{answer.run_id}/tools/{call.pk}"

    asked = text_of(client.get(f"/chat/{session.pk}"))
    done = client.post(url, {"decision": decision}, headers=HTMX)
    late = client.post(url, {"decision": decision}, headers=HTMX)

    assert f'action="{url}"' in asked
    assert 'data-status="approval"' in asked
    assert "data-approval" not in text_of(done)
    assert late.status_code == 409
    call.refresh_from_db()
    assert (call.status, call.decision) == (status, decision)


def test_a_decision_is_allow_or_deny(client, user):
    session = SessionFactory(user=user)
    _question, answer = exchange(session, status=RunStatus.WAITING_APPROVAL)
    call = ToolRunFactory(session=session, run=answer.run, user=user, status=ToolRunStatus.WAITING)
    url = f"/chat/runs/{answer.run_id}/tools/{call.pk}"

    assert client.post(url, {"decision": "always"}).status_code == 400
    assert client.post(url, {}).status_code == 400


def test_a_conversation_is_renamed(client, user):
    session = SessionFactory(user=user)

    answer = client.post(f"/chat/{session.pk}/rename", {"title": "Standbys"})
    refused = client.post(f"/chat/{session.pk}/rename", {"title": ""}, headers=HTMX)

    session.refresh_from_db()
    assert answer["Location"] == f"/chat/{session.pk}"
    assert session.title == "Standbys"
    assert refused.status_code == 422
    assert "<html" not in text_of(refused)


def test_settings_are_kept_and_unknown_ones_refused(client, user):
    session, shelf = SessionFactory(user=user), CollectionFactory(owner=user)
    url = f"/chat/{session.pk}/settings"

    client.post(url, {"model": "quote", "collections": [shelf.pk], "enable_tools": "on"})
    unknown = client.post(url, {"model": "nobody-has-this"})
    foreign = client.post(url, {"collections": [CollectionFactory().pk]})

    session = Session.objects.with_alive_collection_ids().get()
    assert (session.model, session.enable_web) == ("quote", False)
    assert session.alive_collection_ids == [shelf.pk]
    assert (unknown.status_code, foreign.status_code) == (422, 422)


@pytest.fixture
def out_of_reach(user):
    """A conversation whose collection is not shared with its owner any more."""
    shelf = CollectionFactory(owner=user)
    session = services.create_session(collections=[shelf.pk], actor=user)
    shelf.owner = UserFactory()
    shelf.save()
    return session


def chosen_in(session):
    found = Session.objects.with_alive_collection_ids().get(pk=session.pk)
    return found.limited, found.alive_collection_ids


def test_a_conversation_out_of_reach_of_its_collections_says_so(client, out_of_reach):
    page = text_of(client.get(f"/chat/{out_of_reach.pk}"))
    settings = text_of(client.get(f"/chat/{out_of_reach.pk}/settings"))

    assert "Nothing is searched until you choose others." in page
    assert 'name="limited" checked' in page
    assert "nothing is searched" in settings
    assert 'name="limited"' in settings


def test_others_are_told_nothing_about_a_limit(client, user):
    session = services.create_session(collections=[CollectionFactory(owner=user).pk], actor=user)

    page = text_of(client.get(f"/chat/{session.pk}"))
    settings = text_of(client.get(f"/chat/{session.pk}/settings"))

    assert "Nothing is searched" not in page
    assert 'name="limited"' not in page + settings


def test_questions_and_settings_keep_a_choice_that_is_out_of_reach(client, out_of_reach):
    before = chosen_in(out_of_reach)

    ask(client, f"/chat/{out_of_reach.pk}", with_settings="on", limited="on", enable_tools="on")
    client.post(f"/chat/{out_of_reach.pk}/settings", {"limited": "on", "model": "quote"})

    assert before[0]
    assert chosen_in(out_of_reach) == before
    assert Session.objects.get().model == "quote"
    assert Run.objects.get().options["limited"]


def test_a_limit_that_is_out_of_reach_is_ended_or_replaced(client, user, out_of_reach):
    shelf, url = CollectionFactory(owner=user), f"/chat/{out_of_reach.pk}/settings"

    client.post(url, {"limited": "on", "collections": [shelf.pk]})
    replaced = chosen_in(out_of_reach)
    client.post(url, {})

    assert replaced == (True, [shelf.pk])
    assert chosen_in(out_of_reach) == (False, [])


def test_a_collection_out_of_reach_stays_chosen_beside_another(client, user, out_of_reach):
    shelf = CollectionFactory(owner=user)
    out_of_reach.collections.add(shelf)
    before = chosen_in(out_of_reach)

    ask(client, f"/chat/{out_of_reach.pk}", with_settings="on", collections=[str(shelf.pk)])

    assert len(before[1]) == 2
    assert chosen_in(out_of_reach) == before


def test_a_conversation_is_put_away_and_brought_back(client, user):
    session = SessionFactory(user=user)

    client.post(f"/chat/{session.pk}/archive")
    session.refresh_from_db()
    archived = session.archived_at
    client.post(f"/chat/{session.pk}/archive", {"archived": "0"})
    session.refresh_from_db()

    assert archived is not None
    assert session.archived_at is None


def test_a_deleted_conversation_can_be_undone(client, user):
    session = SessionFactory(user=user)
    undo = f"/chat/{session.pk}/restore"

    deleted = client.post(f"/chat/{session.pk}/delete", follow=True)
    gone = client.get(f"/chat/{session.pk}")
    restored = client.post(undo)

    assert f'action="{undo}"' in text_of(deleted)
    assert gone.status_code == 404
    assert restored["Location"] == f"/chat/{session.pk}"
    assert Session.objects.filter(pk=session.pk).exists()


@pytest.mark.usefixtures("rate_limits")
def test_asking_and_beginning_are_counted_as_over_the_api(client, user, monkeypatch):
    monkeypatch.setenv("RATE_CHAT_MESSAGE", "4/m")
    monkeypatch.setenv("RATE_CHAT_SESSION_CREATE", "2/h")
    session = SessionFactory(user=user)

    begun = [ask(client).status_code for _ in range(3)]
    asked = [ask(client, f"/chat/{session.pk}").status_code for _ in range(2)]

    assert begun == [303, 303, 429]
    assert asked == [303, 429]
