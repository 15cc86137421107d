"""The pages of the chat: what they show, and whom they show it to."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from django.utils import timezone

from chat.enums import MessageRole, RunStatus, ToolRunStatus
from chat.models import Run
from chat.pages import showing
from chat.tests.factories import (
    CitationFactory,
    MessageFactory,
    RunFactory,
    SessionFactory,
    ToolRunFactory,
)
from chat.tests.page_support import articles, exchange
from documents.enums import DocumentStatus
from documents.tests.factories import DocumentFactory, write
from youworker.encryption import fields
from youworker.tests.support.configuring import override_config
from youworker.tests.support.pages import HTMX, text_of

# The same in every process that collects these tests.
NOBODYS = UUID(int=1)
pytestmark = pytest.mark.django_db


def test_the_first_page_says_who_answers_and_where_to_begin(client, user):
    shown = text_of(client.get("/chat"))

    assert "No language model is connected" in shown
    assert "Drop a file here" in shown
    assert 'data-test="composer"' in shown


@pytest.mark.parametrize(
    ("others", "told"),
    [
        (0, "You are next in line."),
        (1, "You are second in line."),
        (2, "You are third in line."),
        (11, "You are number 12 in line."),
    ],
)
def test_who_waits_for_their_turn_is_told_their_place(client, user, others, told):
    for _ in range(others):
        RunFactory(status=RunStatus.QUEUED)
    _, answer = exchange(SessionFactory(user=user))
    Run.objects.filter(pk=answer.run_id).update(status=RunStatus.QUEUED)

    assert told in text_of(client.get(f"/chat/{answer.session_id}"))


def test_the_composer_knows_what_may_be_sent_at_once(client, user):
    with override_config("ingestion", max_upload_files=7, max_file_bytes=2048):
        shown = text_of(client.get("/chat"))

    assert 'data-files-at-once="7"' in shown
    assert 'data-bytes-at-once="50000000"' in shown
    assert 'data-largest-file="2048"' in shown


def test_the_first_page_asks_about_what_documents_really_have(client, user):
    document = DocumentFactory(owner=user, title="Guide", status=DocumentStatus.READY)
    write(document, "The boiler is in the cellar.", heading="Guide > Heating")

    shown = text_of(client.get("/chat"))

    assert "Drop a file here" not in shown
    assert "What does “Guide” say about “Heating”?" in shown


def test_a_document_of_one_level_gives_an_example_too_but_not_by_its_title(client, user):
    flat = DocumentFactory(owner=user, title="Rules", status=DocumentStatus.READY)
    write(flat, "Doors close at six.", heading="Opening hours")
    untold = DocumentFactory(owner=user, title="Notes", status=DocumentStatus.READY)
    write(untold, "Nothing yet.", heading="Notes")
    write(untold, "Nor here.", heading="")
    recording = DocumentFactory(owner=user, title="Talk", status=DocumentStatus.READY)
    write(recording, "Welcome.", heading="00:01:30")

    shown = text_of(client.get("/chat"))

    assert "What does “Rules” say about “Opening hours”?" in shown
    assert "What does “Notes”" not in shown
    assert "What does “Talk”" not in shown


def test_a_question_of_a_link_stands_in_the_composer(client, user):
    shown = text_of(client.get("/chat", {"text": "</textarea><script>"}))

    assert "&lt;/textarea&gt;&lt;script&gt;</textarea>" in shown


def test_a_conversation_shows_its_branch_with_the_details_of_each_answer(client, user):
    session = SessionFactory(user=user)
    question, answer = exchange(session)
    CitationFactory(message=answer, index=1, quote="They follow.")

    shown = text_of(client.get(f"/chat/{session.pk}"))

    assert articles(shown) == [question.pk, answer.pk]
    assert f'id="d-{answer.pk}"' in shown
    assert '"quote": "They follow."' in shown
    assert f'data-leaf="{answer.pk}"' in shown
    assert f'name="parent" value="{answer.pk}"' in shown


def test_tools_of_ours_have_words_and_others_their_names(client, user):
    session = SessionFactory(user=user)
    _question, answer = exchange(session, status=RunStatus.WAITING_APPROVAL)
    for name in ("semantic.query", "mail.send"):
        waiting = {"tool_name": name, "status": ToolRunStatus.WAITING}
        ToolRunFactory(session=session, message=answer, run=answer.run, user=user, **waiting)

    shown = text_of(client.get(f"/chat/{session.pk}"))

    assert '<span class="tool-name">Search in your documents</span>' in shown
    assert "May <strong>Search in your documents</strong> be used" in shown
    assert '<span class="tool-name">mail.send</span>' in shown
    # For steps that are taken while the page is open.
    assert '{"semantic.query": "Search in your documents"}</script>' in shown


def test_a_call_that_waits_for_a_sign_in_shows_the_way(client, user):
    session = SessionFactory(user=user)
    answer = exchange(session)[1]
    ToolRunFactory(
        session=session,
        message=answer,
        run=answer.run,
        user=user,
        tool_name="crm.find",
        status=ToolRunStatus.FAILED,
        error="The user is not signed in.",
        error_code="tool_sign_in_required",
    )

    shown = text_of(client.get(f"/chat/{session.pk}"))

    assert '<a href="/account/tools" target="_blank" rel="noopener">Connected tools</a>' in shown


def test_only_a_conversation_waits_for_its_place_before_it_is_painted(client, user):
    session = SessionFactory(user=user)
    exchange(session)

    assert 'blocking="render"' in text_of(client.get(f"/chat/{session.pk}"))
    assert 'blocking="render"' not in text_of(client.get("/chat"))


def test_what_is_said_is_text_and_nothing_else(client, user):
    session = SessionFactory(user=user, title="<img src=x onerror=alert(1)>")
    _question, answer = exchange(session, "<script>alert(1)</script>")
    CitationFactory(message=answer, title="</script><b>", quote="</script>")

    shown = text_of(client.get(f"/chat/{session.pk}"))

    assert "<img src=x" not in shown
    assert "<script>alert" not in shown
    assert "</script><b>" not in shown


def test_a_message_is_named_by_its_speaker_and_the_time_it_shows(client, user):
    messages = exchange(SessionFactory(user=user))

    shown = text_of(client.get(f"/chat/{messages[0].session_id}"))

    # The browser writes a time in its own zone: a second one in the name would be another.
    for message in messages:
        assert shown.count(f'aria-labelledby="who-{message.pk} when-{message.pk}"') == 1
        assert shown.count(f'<span id="who-{message.pk}">') == 1
        assert shown.count(f'<time id="when-{message.pk}" datetime=') == 1


def test_a_window_holds_forty_messages_and_leads_to_those_before_it(client, user):
    session = SessionFactory(user=user)
    said, parent = [], None
    for number in range(50):
        role = MessageRole.ASSISTANT if number % 2 else MessageRole.USER
        parent = MessageFactory(session=session, role=role, parent=parent)
        said.append(parent.pk)

    last = text_of(client.get(f"/chat/{session.pk}"))
    older = text_of(client.get(f"/chat/{session.pk}/messages", {"before": said[10]}))
    newer = text_of(client.get(f"/chat/{session.pk}/messages", {"after": said[47]}))
    around = text_of(client.get(f"/chat/{session.pk}", {"at": said[2]}))
    none = client.get(f"/chat/{session.pk}/messages", {"after": said[49]})

    assert articles(last) == said[10:]
    assert f"?before={said[10]}" in last
    assert articles(older) == said[:10]
    assert "data-older" not in older
    assert articles(newer) == said[48:]
    assert articles(around) == said[1:41]
    assert "data-newer" in around
    assert articles(text_of(none)) == []


@pytest.mark.parametrize("name", ["at", "before", "after"])
def test_a_message_of_another_conversation_is_not_found(client, user, name):
    session = SessionFactory(user=user)
    exchange(session)
    foreign, _answer = exchange(SessionFactory(user=user))

    assert client.get(f"/chat/{session.pk}", {name: foreign.pk}).status_code == 404
    assert client.get(f"/chat/{session.pk}/messages", {name: foreign.pk}).status_code == 404
    assert client.get(f"/chat/{session.pk}", {name: "x"}).status_code == 400


def test_pages_take_as_many_queries_for_one_exchange_as_for_twenty(
    client, user, django_assert_num_queries
):
    short, long = SessionFactory(user=user), SessionFactory(user=user)
    exchange(short)
    parent = None
    for _ in range(20):
        _question, parent = exchange(long, parent=parent)
        CitationFactory.create_batch(2, message=parent)
    client.get(f"/chat/{short.pk}")

    for session in (short, long):
        # Who asks (2), the session, who follows whom, messages, citations, calls, their runs,
        # the list, collections.
        with django_assert_num_queries(10):
            client.get(f"/chat/{session.pk}")


def test_a_long_conversation_is_shown_at_once_and_only_what_is_shown_is_decrypted(
    client, user, monkeypatch
):
    session = SessionFactory(user=user)
    many = [
        MessageFactory.build(session=session, role=role)
        for _ in range(1000)
        for role in (MessageRole.USER, MessageRole.ASSISTANT)
    ]
    for former, row in pairwise(many):
        row.parent = former
    type(many[0]).objects.bulk_create(many)
    client.get(f"/chat/{session.pk}")
    opened, decrypt = [], fields.decrypt
    monkeypatch.setattr(
        fields, "decrypt", lambda *args, **more: opened.append(1) or decrypt(*args, **more)
    )

    began = timezone.now()
    shown = text_of(client.get(f"/chat/{session.pk}"))
    took = timezone.now() - began

    assert len(articles(shown)) == 40
    # The messages, and the title at its four places.
    assert 40 <= len(opened) <= 50
    assert took < timedelta(seconds=2)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (RunStatus.STOPPED, "You stopped this answer."),
        (RunStatus.FAILED, "This answer is not complete. The model is away."),
        (RunStatus.INTERRUPTED, "This answer was interrupted. The model is away."),
    ],
)
def test_an_answer_that_ended_otherwise_says_so_and_can_be_tried_again(client, user, status, words):
    session = SessionFactory(user=user)
    exchange(session, status=status, error_detail="The model is away.")

    shown = text_of(client.get(f"/chat/{session.pk}"))

    assert words in shown
    assert "Try again" in shown
    assert 'data-state="done"' in shown


def test_an_answer_in_the_making_can_be_stopped_and_reloaded(client, user):
    session = SessionFactory(user=user)
    _question, answer = exchange(session, status=RunStatus.RUNNING)

    shown = text_of(client.get(f"/chat/{session.pk}"))

    assert 'aria-busy="true"' in shown
    assert f'data-run="{answer.run_id}"' in shown
    assert f"/chat/runs/{answer.run_id}/stop" in shown
    assert "Answering…" in shown


def test_an_answer_that_ends_while_it_is_looked_up_is_shown_as_growing(client, user, monkeypatch):
    session = SessionFactory(user=user)
    _question, answer = exchange(session, text="", status=RunStatus.RUNNING)
    read = showing.read_messages

    def read_just_before_the_end(ids):
        rows = list(read(ids))
        Run.objects.update(status=RunStatus.SUCCEEDED)
        return rows

    monkeypatch.setattr(showing, "read_messages", read_just_before_the_end)
    shown = text_of(client.get(f"/chat/{session.pk}"))

    # Whoever sees it follows the run, and gets the text; "done" without text would stay so.
    assert f'data-run="{answer.run_id}"' in shown


def test_the_list_groups_by_when_conversations_were_used(client, user):
    now = timezone.now()
    for title, days in [("New", 0), ("Late", 1), ("Week", 5), ("Month", 20)]:
        SessionFactory(user=user, title=title, active_at=now - timedelta(days=days))
    SessionFactory(title="Foreign")

    shown = text_of(client.get("/chat/list", headers=HTMX))

    places = [
        shown.index(f">{word}<")
        for word in (
            "Today",
            "New",
            "Yesterday",
            "Late",
            "Last 7 days",
            "Week",
            "Last 30 days",
            "Month",
        )
    ]
    assert places == sorted(places)
    assert "Foreign" not in shown
    assert "<html" not in shown
    assert "<html" in text_of(client.get("/chat/list"))


def test_the_list_goes_on_where_its_first_page_ended(client, user):
    SessionFactory.create_batch(45, user=user)

    first = text_of(client.get("/chat/list", headers=HTMX))
    second = text_of(client.get("/chat/list", {"page": 2}, headers=HTMX))

    assert first.count('class="session"') == 40
    assert "page=2" in first
    assert second.count('class="session"') == 5
    assert "Today" not in second
    assert 'id="sessions"' not in second


def test_the_list_is_searched_and_shows_what_was_put_away(client, user):
    SessionFactory(user=user, title="Cooking")
    SessionFactory(user=user, title="Sailing")
    SessionFactory(user=user, title="Old sails", archived_at=timezone.now())
    SessionFactory(user=user, title="Gone sails").soft_delete()

    found = text_of(client.get("/chat/list", {"search": "SAIL"}, headers=HTMX))
    archived = text_of(client.get("/chat/list", {"archived": 1}, headers=HTMX))
    deleted = text_of(client.get("/chat/list", {"deleted": 1}, headers=HTMX))

    assert "Sailing" in found
    assert "Cooking" not in found
    assert "Old sails" not in found
    assert "Old sails" in archived
    assert "Gone sails" in deleted
    assert "/restore" in deleted


def test_a_list_of_nonsense_is_refused(client, user):
    assert client.get("/chat/list", {"search": "x" * 201}).status_code == 400


@pytest.mark.parametrize("page", ["0", "x", "-1", "", "99", "9" * 30])
def test_a_page_that_the_list_has_not_is_its_first(client, user, page):
    SessionFactory(user=user, title="Sailing")

    shown = text_of(client.get("/chat/list", {"page": page}))

    assert "Sailing" in shown
    assert 'rel="prev"' not in shown


def test_nothing_is_put_behind_the_end_of_the_list(client, user):
    SessionFactory(user=user, title="Sailing")

    assert "Sailing" not in text_of(client.get("/chat/list", {"page": 2}, headers=HTMX))


def test_a_single_message_is_a_part_or_leads_to_its_conversation(client, user):
    session = SessionFactory(user=user)
    _question, answer = exchange(session)

    part = client.get(f"/chat/messages/{answer.pk}", headers=HTMX)
    whole = client.get(f"/chat/messages/{answer.pk}")

    assert articles(text_of(part)) == [answer.pk]
    assert "<html" not in text_of(part)
    assert whole["Location"] == f"/chat/{session.pk}?at={answer.pk}#m-{answer.pk}"


def test_reasoning_is_read_only_when_somebody_asks_for_it(client, user):
    session = SessionFactory(user=user)
    _question, answer = exchange(session)
    answer.reasoning = "First I think <b>."
    answer.save()

    page = text_of(client.get(f"/chat/{session.pk}"))
    part = text_of(client.get(f"/chat/messages/{answer.pk}/reasoning", headers=HTMX))

    assert "First I think" not in page
    assert f'data-reasoning="/chat/messages/{answer.pk}/reasoning">' in page
    assert "First I think &lt;b&gt;." in part


@pytest.mark.parametrize(
    "url", ["/chat", "/chat/list", f"/chat/{NOBODYS}", f"/chat/messages/{NOBODYS}/edit"]
)
def test_who_is_signed_out_is_sent_to_sign_in(client, url):
    assert client.get(url)["Location"].startswith("/sign-in?next=%2Fchat")
    assert client.get(url, headers=HTMX).status_code == 401


def test_a_run_of_a_former_version_has_no_model_to_name(client, user):
    session = SessionFactory(user=user)
    run = RunFactory(session=session)

    assert str(run.answer_id) in text_of(client.get(f"/chat/{session.pk}"))
