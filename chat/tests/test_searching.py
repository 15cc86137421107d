"""Finding messages by what was said in them."""

from __future__ import annotations

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.tests.factories import UserFactory
from chat import services
from chat.enums import MessageRole, SessionOrigin
from chat.models import Message
from chat.tests.factories import MessageFactory, SessionFactory
from chat.tests.page_support import exchange
from youworker.core.exceptions import RateLimited
from youworker.tests.support.pages import HTMX, text_of

pytestmark = pytest.mark.django_db


def search(user, words, **wanted):
    client = APIClient()
    client.force_authenticate(user)
    return client.get("/v1/messages", {"search": words, **wanted})


def found(user, words, **wanted):
    return [row["id"] for row in search(user, words, **wanted).json()["results"]]


def said(user, text, **session):
    return MessageFactory(session=SessionFactory(user=user, **session), content=text)


def test_questions_and_answers_are_found_newest_first(user):
    session = SessionFactory(user=user, title="Night shift")
    question = MessageFactory(session=session, content="When does the backup run?")
    answer = MessageFactory(
        session=session, role=MessageRole.ASSISTANT, content="The **backup** runs at\n\n03:00."
    )
    MessageFactory(session=session, content="Thank you.")

    newest, oldest = search(user, "Backup run").json()["results"]

    assert (newest["id"], newest["role"]) == (str(answer.pk), "assistant")
    assert (oldest["id"], oldest["role"]) == (str(question.pk), "user")
    assert (newest["title"], newest["session_id"]) == ("Night shift", str(session.pk))
    assert newest["excerpt"] == "The backup runs at 03:00."
    marked = [newest["excerpt"][span["start"] : span["end"]] for span in newest["matches"]]
    assert marked == ["backup", "run"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("CAFETERIA", "The cafe\u0301te\u0301ria is closed."),
        ("mueller", "Frau Müller weiß es."),
        ("Müller", "Frau Mueller weiß es."),
        ("strasse", "In der Straße nebenan."),
        ("zähler", "Der Wasserzähler steht im Keller."),
        ("вёсла", "Где ВЁСЛА?"),
        ("備份", "每天晚上備份資料庫。"),
        ('"runs at night"', "It **runs** at\nnight."),
        ("„runs at“ it", "It runs at night."),
        ("night it", "It runs at night."),
        ("50%", "Costs fell by 50%."),
        ("a_b", "Call `a_b()`."),
        ("`a_b()`", "Call `a_b()`."),
        ("Mu\u0308ller", "Frau Mueller weiß es."),
        ("2**8", "It is 2**8."),
        ("**kwargs", "Take **kwargs."),
        ('"这是重点内容"', "这是**重点**内容。"),
    ],
)
def test_words_are_found_however_they_are_written(user, words, text):
    message = said(user, text)

    assert found(user, words) == [str(message.pk)]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("night day", "It runs at night."),
        ('"night runs"', "It runs at night."),
        ("axb", "Call a_b."),
        ('""', "It runs at night."),
        ("\u0301", "It runs at night."),
        ("**", "It **runs** at night."),
        ("28", "It is 2**8."),
    ],
)
def test_what_does_not_have_all_the_words_is_not_found(user, words, text):
    said(user, text)

    assert found(user, words) == []


def test_only_what_is_listed_is_searched(user):
    said(UserFactory(), "A backup of others")
    said(user, "A deleted backup").session.soft_delete()
    archived = said(user, "An archived backup", archived_at=timezone.now())
    program = said(user, "A program's backup", origin=SessionOrigin.OPENAI)
    listed = said(user, "A backup")

    assert found(user, "backup") == [str(listed.pk)]
    assert found(user, "backup", archived="true") == [str(archived.pk)]
    assert found(user, "backup", origin="openai") == [str(program.pk)]


def test_a_damaged_message_is_not_found_by_what_is_shown_instead(user):
    message = said(user, "A backup")
    Message.objects.filter(pk=message.pk).update(content=Message.content.field.seal("x", Message()))

    assert found(user, "damaged") == []


@pytest.mark.parametrize("words", ["", "x" * 201])
def test_a_search_for_nonsense_is_refused(user, words):
    assert search(user, words).status_code == 400


def test_no_more_is_read_than_is_taken(user, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(services.searching, "MESSAGES_AT_ONCE", 3)
    session = SessionFactory(user=user)
    MessageFactory.create_batch(9, session=session, content="A backup")

    # The places of all, and the texts of the first three.
    with django_assert_num_queries(2):
        next(services.find_said("backup", actor=user))


def test_others_go_between_long_messages_and_their_excerpts(user, monkeypatch):
    turns = []
    monkeypatch.setattr(services.searching, "give_way", lambda: turns.append(1))
    monkeypatch.setattr(services.searching, "CHARACTERS_AT_ONCE", 1000)
    session = SessionFactory(user=user)
    MessageFactory.create_batch(3, session=session, content="A backup. " * 200)
    MessageFactory.create_batch(3, session=session, content="A backup.")

    places = list(services.find_said("backup", actor=user))
    assert len(turns) == 3 + 1

    turns.clear()
    ids = [place.message_id for place in places]
    assert len(list(services.read_found(ids, "backup", actor=user))) == len(turns) == 6


def test_what_went_meanwhile_is_not_shown(user):
    gone, kept = said(user, "A backup"), said(user, "A backup")
    gone.session.soft_delete()

    rows = list(services.read_found([gone.pk, kept.pk], "backup", actor=user))

    assert [row.message for row in rows] == [kept]


def test_pages_of_messages_are_counted(user):
    session = SessionFactory(user=user)
    messages = MessageFactory.create_batch(5, session=session, content="A backup")

    page = search(user, "backup", limit=2, offset=2).json()

    assert page["count"] == 5
    assert [row["id"] for row in page["results"]] == [str(each.pk) for each in messages[2:0:-1]]


def test_a_long_message_is_shown_around_the_words(user):
    said(user, "Before. " * 200 + "The backup runs at night. " + "After. " * 200)

    (row,) = search(user, "backup").json()["results"]

    assert len(row["excerpt"]) < 250
    assert "The backup runs" in row["excerpt"]
    (span,) = row["matches"]
    assert row["excerpt"][span["start"] : span["end"]] == "backup"


def test_the_list_asks_for_messages_below_the_titles(client, user):
    SessionFactory(user=user, title="Sailing")

    shown = text_of(client.get("/chat/list", {"search": "sail & row"}, headers=HTMX))
    trash = text_of(client.get("/chat/list", {"search": "sail", "deleted": 1}, headers=HTMX))

    assert 'hx-get="/chat/said?search=sail+%26+row"' in shown
    assert "/chat/said" not in trash
    assert "/chat/said" not in text_of(client.get("/chat/list", headers=HTMX))


def test_each_conversation_is_shown_once_with_its_latest_message(client, user):
    session = SessionFactory(user=user, title="Boats")
    exchange(session, "You sail with the wind.")
    _, latest = exchange(session, "They <b>sail</b> at night.")

    shown = text_of(client.get("/chat/said", {"search": "sail"}, headers=HTMX))

    assert shown.count('data-test="said"') == 1
    assert f'href="/chat/{session.pk}?at={latest.pk}#m-{latest.pk}"' in shown
    assert "They &lt;b&gt;<mark>sail</mark>&lt;/b&gt; at night." in shown
    assert "<html" not in shown
    assert "No message" not in shown


def test_conversations_with_the_words_come_in_pages(client, user):
    for number in range(25):
        said(user, "A backup", title=f"Number {number}")

    first = text_of(client.get("/chat/said", {"search": "backup"}, headers=HTMX))
    second = text_of(client.get("/chat/said", {"search": "backup", "page": 2}, headers=HTMX))

    assert first.count('data-test="said"') == 20
    assert "Number 24" in first
    assert "page=2" in first
    assert second.count('data-test="said"') == 5
    assert "Number 0<" in second
    assert "page=3" not in second
    assert "In messages" not in second


def test_who_finds_nothing_is_told(client, user):
    assert "No message has these words." in text_of(client.get("/chat/said", {"search": "sail"}))


def test_without_scripts_messages_are_searched_on_a_page(client, user):
    said(user, "A backup", title="Nights", archived_at=timezone.now())

    usual = text_of(client.get("/chat/said", {"search": "backup"}))
    shown = text_of(client.get("/chat/said", {"search": "backup", "archived": 1}))

    assert "Nights" not in usual
    assert "<html" in shown
    assert "Nights" in shown
    assert 'value="backup"' in shown
    assert '<input type="hidden" name="archived" value="1">' in shown
    assert "<h1>Archive</h1>" in shown
    assert 'href="/chat/list?archived=1">Archive</a>' in shown


def test_a_search_of_messages_for_nonsense_is_refused_on_its_page(client, user):
    assert client.get("/chat/said").status_code == 400
    assert client.get("/chat/said", {"search": "x" * 201}).status_code == 400


def test_who_searches_too_often_is_told_to_wait(client, user, monkeypatch):
    def refuse(name, actor):
        raise RateLimited("Too many requests, try again in %(wait)s s.", wait=7)

    monkeypatch.setattr("chat.pages.conversations.check_rate_limit", refuse)

    shown = text_of(client.get("/chat/said", {"search": "sail"}, headers=HTMX))

    assert "try again in 7 s." in shown
