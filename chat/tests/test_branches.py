"""Branches of a conversation: over HTTP, by what is asked, and as they are shown."""

from __future__ import annotations

from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts.tests.factories import UserFactory
from chat import services
from chat.branches import MessageTree, Place, read_siblings, read_tree, shown_leaf
from chat.models import Message, Run, Session
from chat.tests.factories import MessageFactory, SessionFactory
from youworker.core.exceptions import InvalidInput, NotFound

pytestmark = pytest.mark.django_db


def client_of(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def said(session, parent=None, role="user", **fields):
    return MessageFactory(session=session, parent=parent, role=role, **fields)


@pytest.fixture
def talk():
    """Two versions of the second question; the first version has two answers."""
    session = SessionFactory()
    first = said(session)
    answer = said(session, first, "assistant")
    old = said(session, answer)
    old_answer = said(session, old, "assistant")
    new = said(session, answer)
    new_answer = said(session, new, "assistant")
    other_answer = said(session, old, "assistant")
    return session, [first, answer, old, old_answer, new, new_answer, other_answer]


def listed(session, **query):
    url = f"/v1/sessions/{session.pk}/messages"
    return client_of(session.user).get(url, query)


def ids_of(answer):
    return [row["id"] for row in answer.json()["results"]]


def names(messages):
    return [str(message.pk) for message in messages]


def test_each_message_names_the_versions_of_itself(talk):
    session, made = talk
    first, answer, old, old_answer, new, new_answer, other_answer = made

    rows = listed(session).json()["results"]

    assert [row["id"] for row in rows] == names(made)
    assert [row["siblings"] for row in rows] == [
        names(versions)
        for versions in (
            [first],
            [answer],
            [old, new],
            [old_answer, other_answer],
            [old, new],
            [new_answer],
            [old_answer, other_answer],
        )
    ]


def test_two_beginnings_are_versions_of_each_other_and_only_in_their_conversation():
    session = SessionFactory()
    beginnings = [said(session), said(session)]
    said(SessionFactory(user=session.user))

    rows = listed(session).json()["results"]
    one = client_of(session.user).get(f"/v1/messages/{beginnings[0].pk}").json()

    assert [row["siblings"] for row in rows] == [names(beginnings)] * 2
    assert one["siblings"] == names(beginnings)


def test_one_branch_is_listed_from_its_root_to_its_leaf(talk):
    session, made = talk
    first, answer, old, _, new, new_answer, other_answer = made

    assert ids_of(listed(session, leaf=new_answer.pk)) == names([first, answer, new, new_answer])
    assert ids_of(listed(session, leaf=other_answer.pk)) == names(
        [first, answer, old, other_answer]
    )
    assert ids_of(listed(session, leaf=old.pk)) == names([first, answer, old])


def test_a_page_lies_right_before_or_right_after_a_message(talk):
    session, made = talk
    first, answer, _, _, new, new_answer, _ = made

    newest = listed(session, leaf=new_answer.pk, before=new_answer.pk, limit=2)
    older = listed(session, leaf=new_answer.pk, before=new_answer.pk, limit=2, offset=2)
    following = listed(session, leaf=new_answer.pk, after=first.pk, limit=2)
    of_all = listed(session, after=made[4].pk)

    assert ids_of(newest) == names([answer, new])
    assert newest.json()["count"] == 3
    assert newest.json()["next"] is not None
    assert ids_of(older) == names([first])
    assert older.json()["next"] is None
    assert ids_of(following) == names([answer, new])
    assert ids_of(of_all) == names(made[5:])
    assert ids_of(listed(session, before=first.pk)) == []


@pytest.mark.parametrize("name", ["leaf", "before", "after"])
def test_messages_that_are_not_there_bound_no_page(name, talk):
    session, _ = talk
    foreign = said(SessionFactory(user=session.user))

    assert listed(session, **{name: foreign.pk}).status_code == 404
    assert listed(session, **{name: uuid4()}).status_code == 404
    assert listed(session, **{name: "nonsense"}).status_code == 400


def test_a_message_of_another_branch_bounds_no_page(talk):
    session, made = talk

    assert listed(session, leaf=made[5].pk, before=made[2].pk).status_code == 404


def test_a_page_lies_on_one_side_of_a_message(talk):
    session, made = talk

    answer = listed(session, before=made[3].pk, after=made[0].pk)

    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "after")


def test_nobody_lists_branches_of_others(talk):
    session, made = talk
    url = f"/v1/sessions/{session.pk}/messages"

    answer = client_of(UserFactory()).get(url, {"leaf": str(made[5].pk)})

    assert answer.status_code == 404


def test_only_what_is_on_the_page_is_read(talk, django_assert_num_queries, monkeypatch):
    from youworker.encryption import fields

    session, made = talk
    opened = []
    decrypt = fields.decrypt
    monkeypatch.setattr(
        fields,
        "decrypt",
        lambda token, *, context: opened.append(token) or decrypt(token, context=context),
    )

    with django_assert_num_queries(5):
        listed(session, leaf=made[5].pk, before=made[5].pk, limit=1)

    assert len(opened) == 1


def test_one_message_is_read_with_its_reasoning():
    session = SessionFactory()
    question = said(session)
    answer = said(session, question, "assistant", reasoning="Let me see.")
    client = client_of(session.user)

    read = client.get(f"/v1/messages/{answer.pk}").json()
    rows = listed(session).json()["results"]

    assert read.pop("reasoning") == "Let me see."
    assert read == rows[1]
    assert [row["has_reasoning"] for row in rows] == [False, True]
    assert client.get(f"/v1/messages/{question.pk}").json()["reasoning"] == ""


def test_messages_of_others_and_of_deleted_conversations_are_not_there():
    answer = said(SessionFactory(), role="assistant")
    url = f"/v1/messages/{answer.pk}"

    assert client_of(UserFactory()).get(url).status_code == 404
    answer.session.soft_delete()
    assert client_of(answer.session.user).get(url).status_code == 404


# What is asked where.


def asked(session, **where):
    posted = services.post_message(session, text="How?", actor=session.user, **where)
    return Message.objects.get(pk=posted.message_id)


def test_a_question_follows_the_latest_message_a_given_one_or_none():
    session = SessionFactory()
    first = asked(session)
    answer = Message.objects.get(parent=first)

    follows = asked(session)
    edited = asked(session, parent_id=answer.pk)
    beginning = asked(session, parent_id=None)

    assert [row.parent_id for row in (first, follows, edited, beginning)] == [
        None,
        answer.pk,
        answer.pk,
        None,
    ]


def test_the_first_question_is_edited_over_http():
    session = SessionFactory()
    first = asked(session)
    url = f"/v1/sessions/{session.pk}/messages"
    body = {"text": "What?", "parent_id": None}

    posted = client_of(session.user).post(url, body, format="json")

    made = Message.objects.get(pk=posted.json()["message"]["id"])
    assert (posted.status_code, made.parent_id) == (202, None)
    assert set(read_tree(session).siblings_of(first.pk)) == {first.pk, made.pk}


def test_a_retry_says_again_where_its_question_stands():
    session = SessionFactory()
    services.post_message(session, text="How?", idempotency_key="k", actor=session.user)

    again = services.post_message(session, text="How?", idempotency_key="k", actor=session.user)

    assert not again.is_new
    with pytest.raises(Exception, match="another") as refused:
        services.post_message(
            session, text="How?", idempotency_key="k", parent_id=None, actor=session.user
        )
    assert refused.value.code == "idempotency_key_reused"


# What is shown.


def test_the_newest_branch_is_shown_until_another_one_is_chosen(talk):
    session, made = talk
    tree = read_tree(session)
    assert shown_leaf(session, tree) == made[6].pk

    services.update_session(session, leaf=made[4].pk, actor=session.user)

    assert shown_leaf(Session.objects.get(pk=session.pk), tree) == made[5].pk


def test_what_was_chosen_goes_on_with_what_follows_it(talk):
    session, made = talk
    services.update_session(session, leaf=made[5].pk, actor=session.user)
    later = said(session, said(session, made[5]), "assistant")

    assert shown_leaf(session, read_tree(session)) == later.pk


@pytest.mark.parametrize("again", [False, True])
def test_what_is_asked_is_shown_next(again, talk):
    session, made = talk
    services.update_session(session, leaf=made[5].pk, actor=session.user)

    if again:
        run = services.regenerate(made[3], actor=session.user).run_id
    else:
        posted = services.post_message(
            session, text="How?", parent_id=made[3].pk, actor=session.user
        )
        run = posted.run_id

    session.refresh_from_db()
    answer = Run.objects.get(pk=run).answer_id
    assert session.leaf is None
    assert shown_leaf(session, read_tree(session)) == answer


def test_a_branch_is_chosen_over_http_and_given_back(talk):
    session, made = talk
    client, url = client_of(session.user), f"/v1/sessions/{session.pk}"

    chosen = client.patch(url, {"leaf": str(made[2].pk)}).json()
    read = client.get("/v1/sessions").json()["results"][0]
    back = client.patch(url, {"leaf": None}, format="json").json()

    assert chosen["leaf"] == read["leaf"] == str(made[2].pk)
    assert back["leaf"] is None


def test_messages_of_other_conversations_cannot_be_chosen(talk):
    session, _ = talk
    foreign = said(SessionFactory(user=session.user))
    url = f"/v1/sessions/{session.pk}"

    answers = [
        client_of(session.user).patch(url, {"leaf": str(pk)}) for pk in (foreign.pk, uuid4())
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json()["errors"] == answers[1].json()["errors"]
    with pytest.raises(InvalidInput):
        services.update_session(session, leaf=foreign.pk, actor=session.user)


def test_a_chosen_message_that_went_counts_for_nothing(talk):
    session, made = talk
    session.leaf = uuid4()

    assert shown_leaf(session, read_tree(session)) == made[6].pk


def test_an_empty_conversation_has_no_branch():
    tree = MessageTree([])

    assert (tree.latest_leaf(), tree.branch_of(None), tree.ids) == (None, [], [])
    with pytest.raises(NotFound):
        tree.branch_of(uuid4())


def test_a_branch_of_thousands_of_messages_is_found():
    ids = [uuid4() for _ in range(20_000)]
    tree = MessageTree(Place(pk, ids[n - 1] if n else None, "user") for n, pk in enumerate(ids))

    assert tree.branch_of(tree.latest_leaf()) == ids
    assert tree.latest_leaf(below=ids[7]) == ids[-1]


def test_siblings_are_read_without_the_rest_of_the_conversation(talk, django_assert_num_queries):
    session, made = talk
    tree = read_tree(session)

    for message in made:
        with django_assert_num_queries(1):
            found = read_siblings([message])
        beside = {each.pk for each in made if each.parent_id == message.parent_id}
        assert found.siblings_of(message.pk) == tree.siblings_of(message.pk)
        assert set(found.places) == beside


def test_siblings_of_a_question_and_its_answer_are_read_at_once(talk, django_assert_num_queries):
    _session, (_first, _answer, old, _old_answer, new, new_answer, _other_answer) = talk

    with django_assert_num_queries(1):
        found = read_siblings([new, new_answer])

    assert found.siblings_of(new.pk) == [old.pk, new.pk]
    assert found.siblings_of(new_answer.pk) == [new_answer.pk]
