"""Golden questions answered by whole runs, and judged."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from accounts.tests.factories import UserFactory
from chat.agent.types import TextDelta
from chat.enums import QuestionKind, Verdict
from chat.evaluation.golden import GoldenExpectation, expectations
from chat.management.commands import eval_answers
from chat.models import Session
from chat.services import background
from chat.tests.fakes import ScriptedModel
from documents.models import Document, GoldenQuestion
from documents.services import golden_questions
from documents.tests.factories import CollectionFactory, DocumentFactory
from ingestion.management.commands import ingest


def golden(question, **fields):
    row = GoldenQuestion(question=question, **fields)
    golden_questions.save_question(row)
    return row


@pytest.fixture
def library(monkeypatch, tmp_path):
    """Somebody's two documents, and questions about them."""
    monkeypatch.setattr(ingest, "PATIENCE", 0)
    user = UserFactory(username="ann")
    leave, fees = tmp_path / "leave.md", tmp_path / "fees.md"
    leave.write_text("# Leave\n\nEvery employee has 28 days of annual leave.\n")
    fees.write_text("# Fees\n\nA locker costs 14 euros a month.\n")
    call_command("ingest", leave, fees, "--user=ann", stdout=io.StringIO())
    golden("How many days of annual leave do employees have?", addresses=["leave.md"], answer="28")
    golden("How much does a locker cost?", addresses=["leave.md"])
    golden("How many legs has a spider?", unanswerable=True)
    return user


def evaluated(*arguments):
    printed = io.StringIO()
    call_command("eval_answers", "--user=ann", "--json", *arguments, stdout=printed)
    return json.loads(printed.getvalue())


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_built_in_model_is_judged_by_whole_answers_of_which_nothing_stays(library):
    found = evaluated("--model=quote")

    assert [one["verdict"] for one in found["answers"]] == ["right", "wrong", "refused"]
    assert found["answers"][0]["citations"][0]["supported"]
    assert found["figures"]["right"] == 0.5
    assert found["figures"]["refused"] == 1.0
    assert found["counts"]["as_expected"] == 3
    assert Session.objects.count() == Session.objects.unkept().count() == 3


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_question_is_asked_behind_the_one_it_follows(library, spoken_by):
    GoldenQuestion.objects.all().delete()
    golden("And how much is it?", addresses=["fees.md"], follows="What is a locker?")
    model = spoken_by(ScriptedModel([[TextDelta("A box.")], [TextDelta("14 euros.")]]))

    found = evaluated()

    assert [turn.content for turn in model.seen[1] if turn.role == "user"] == [
        "What is a locker?",
        "And how much is it?",
    ]
    assert [(one["kind"], one["verdict"]) for one in found["answers"]] == [
        (QuestionKind.FOLLOW_UP, Verdict.UNSOURCED)
    ]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_too_few_right_answers_end_with_an_error_and_are_told(library, capsys):
    with pytest.raises(CommandError, match=r"0.6667 of the answers are as expected, not 0.9"):
        call_command("eval_answers", "--user=ann", "--min-right=0.9", "--model=quote")

    printed = capsys.readouterr().out
    assert "wrong: How much does a locker cost?" in printed
    assert "legs" not in printed


@pytest.mark.django_db
def test_documents_of_others_are_no_right_sources():
    owner, stranger = UserFactory(), UserFactory()
    document = DocumentFactory(owner=owner)
    golden("When?", document_ids=[document.pk])

    seen = [expectations(None, user)[0].documents for user in (owner, stranger)]

    assert seen == [{str(document.pk)}, frozenset()]
    assert Document.objects.visible_to(owner).exists()


@pytest.mark.django_db
def test_questions_of_a_collection_are_asked_alone():
    shelf = CollectionFactory()
    golden("Of all?", unanswerable=True)
    golden("Of it?", unanswerable=True, collection=shelf)

    assert [one.question for one in expectations(shelf, shelf.owner)] == ["Of it?"]
    assert eval_answers.asking_as(None, shelf) == shelf.owner


@pytest.mark.django_db
def test_without_questions_nobody_is_asked():
    UserFactory(username="ann")

    with pytest.raises(CommandError, match="no golden questions"):
        call_command("eval_answers", "--user=ann")


@pytest.mark.django_db(transaction=True)
def test_it_gives_up_where_people_leave_no_room(monkeypatch):
    UserFactory(username="ann")
    golden("When?", unanswerable=True)
    monkeypatch.setattr(background, "may_begin", lambda *_, **__: False)
    monkeypatch.setattr("chat.evaluation.asking.ROOM_SECONDS", 0.0)

    with pytest.raises(CommandError, match="no room"):
        call_command("eval_answers", "--user=ann")


@pytest.mark.parametrize(
    ("answer", "text", "said"),
    [
        ("28 days|twenty-eight", "They have 28  days [1].", True),
        ("28 days|twenty-eight", "Twenty-eight.", True),
        ("28", "128, 28.5, 1.28 and 280", False),
        ("28", "(28)", True),
        ("Monday\n9:00", "On monday, at 9:00.", True),
        ("Monday\n9:00", "On Monday.", False),
        ("perché", "PERCHE no", True),
        ("Straße", "in der Strasse", True),
        ("a.c", "abc", False),
        ("", "anything", True),
        ("|", "anything", True),
    ],
)
def test_what_has_to_be_said_is_found(answer, text, said):
    expected = GoldenExpectation("?", QuestionKind.PLAIN, answer=answer)

    assert expected.is_said_in(text) is said
