"""Summaries of older messages, as their users see them; and what becomes of them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.urls import reverse

from accounts.tests.factories import UserFactory
from chat import services
from chat.enums import MessageRole
from chat.models import Summary
from chat.privacy import DATA_POLICIES
from chat.tests.factories import MessageFactory, SessionFactory
from youworker.core.data_policies import ErasureAction

pytestmark = pytest.mark.django_db


def summarised(user, content="They spoke of notice periods."):
    """A summary of a conversation of the user's, and its last message."""
    question = MessageFactory(session=SessionFactory(user=user))
    answer = MessageFactory(
        session=question.session, role=MessageRole.ASSISTANT, parent=question, content="Three."
    )
    return Summary.objects.create(
        session=question.session,
        upto=answer,
        model="some/model:1",
        messages=2,
        content=content,
        tokens_in=30,
        tokens_out=7,
    )


def test_the_route_lists_summaries_of_ones_own_conversation(client, user):
    summary = summarised(user)
    path = f"/v1/sessions/{summary.session_id}/summaries"

    (row,) = client.get(path).json()["results"]
    client.force_login(UserFactory())
    foreign = client.get(path)

    assert row.pop("created_at")
    assert row == {
        "id": str(summary.pk),
        "message_id": str(summary.upto_id),
        "model": "some/model:1",
        "messages": 2,
        "content": "They spoke of notice periods.",
        "tokens_in": 30,
        "tokens_out": 7,
    }
    assert foreign.status_code == 404


def test_the_page_says_where_a_summary_stands_and_opens_it(client, user):
    summary = summarised(user, "They spoke of <b>notice</b> periods.")
    opened = reverse("chat-summary", args=[summary.upto_id])

    page = client.get(reverse("chat-session", args=[summary.session_id])).content.decode()
    part = client.get(opened, headers={"HX-Request": "true"}).content.decode()
    whole = client.get(opened).content.decode()
    client.force_login(UserFactory())

    assert page.count(opened) == 2
    assert "notice" not in page
    for shown in (part, whole):
        assert "They spoke of &lt;b&gt;notice&lt;/b&gt; periods." in shown
        assert "some/model:1" in shown
    assert client.get(opened).status_code == 404


def test_a_page_of_messages_looks_for_summaries_without_a_query_of_its_own(
    client, user, django_assert_max_num_queries
):
    summary = summarised(user)
    url = reverse("chat-session", args=[summary.session_id])
    with django_assert_max_num_queries(60) as before:
        client.get(url)
    for _ in range(3):
        MessageFactory(session=summary.session, parent=summary.upto)

    with django_assert_max_num_queries(len(before)):
        client.get(url)


def test_what_was_summarised_is_not_readable_in_the_database(user):
    summarised(user)

    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM chat_summary")
        stored = cursor.fetchone()[0]
    assert "notice" not in stored


def test_summaries_go_with_their_conversation_and_are_exported(user):
    summary = summarised(user)
    other = summarised(UserFactory())

    services.clear_history(user, actor=user)

    assert [each.pk for each in Summary.objects.all()] == [other.pk]
    (policy,) = [each for each in DATA_POLICIES if each.model == "chat.Summary"]
    assert policy.erasure_action == ErasureAction.ERASED
    assert "content" in policy.exported
    assert summary.pk != other.pk
