"""Golden questions answered by whole runs, and judged."""

from __future__ import annotations

import io
import time
from unittest.mock import AsyncMock

import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command

from accounts.tests.factories import UserFactory
from chat import tasks
from chat.agent.types import TextDelta
from chat.enums import QuestionKind, Verdict
from chat.evaluation import asking, runs
from chat.evaluation.golden import GoldenExpectation, expectation_of
from chat.evaluation.judging import Given, Judged
from chat.exceptions import NoRoom
from chat.llm import endpoints
from chat.models import AnswerEvaluation, ModelServer, Session
from chat.services import background
from chat.services.model_checks import run_apart
from chat.tests.fakes import ScriptedModel
from documents.exceptions import NothingToEvaluate
from documents.management.commands.eval_retrieval import searcher_of
from documents.models import GoldenQuestion
from documents.services import golden_questions
from documents.tests.factories import CollectionFactory, DocumentFactory
from ingestion.management.commands import ingest
from youworker.core.evaluations import MOST_LOSSES
from youworker.tests.support.leases import let_leases_end
from youworker.tests.support.model_server import ModelServer as DoubleServer
from youworker.tests.support.model_server import Turn
from youworker.tests.support.rows import refreshed


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


def evaluate(asker, **options):
    """The evaluation of all questions, by a worker."""
    run = runs.start_evaluation(asker=asker, **options)
    tasks.evaluate_answers()
    return refreshed(run)


def verdicts(run):
    return list(run.answers.order_by("pk").values_list("verdict", flat=True))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_workers_have_all_questions_answered_and_keep_the_figures(library):
    run = evaluate(library, model="quote")

    first = run.answers.earliest("pk")
    assert (run.status, verdicts(run)) == ("done", ["right", "wrong", "refused"])
    assert "28 days" in first.text
    assert [source["title"] for source in first.sources] == ["Leave"]
    assert (first.cited, first.supported, first.is_right_document) == (1, 1, True)
    assert (run.figures["right"], run.figures["right_of"]) == (0.5, 2)
    assert (run.figures["refused"], run.figures["questions"]) == (1.0, 3)
    # No conversation is left to the asker.
    assert Session.objects.count() == Session.objects.unkept().count() == 3


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_question_is_asked_behind_the_one_it_follows(library, spoken_by):
    GoldenQuestion.objects.all().delete()
    golden("And how much is it?", addresses=["fees.md"], follows="What is a locker?")
    model = spoken_by(ScriptedModel([[TextDelta("A box.")], [TextDelta("14 euros.")]]))

    run = evaluate(library)

    assert [turn.content for turn in model.seen[1] if turn.role == "user"] == [
        "What is a locker?",
        "And how much is it?",
    ]
    answer = run.answers.get()
    assert (answer.kind, answer.verdict) == (QuestionKind.FOLLOW_UP, Verdict.UNSOURCED)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_evaluation_goes_on_where_it_was_left_and_asks_nothing_twice(library, spoken_by):
    model = spoken_by(ScriptedModel([[TextDelta("I found nothing.")]] * 3))
    run = runs.start_evaluation(asker=library)

    assert not runs.evaluate_next(until=time.monotonic())
    lost = AnswerEvaluation.objects.claim()  # by a worker that is killed now
    assert verdicts(run) == ["refused"]
    let_leases_end(AnswerEvaluation.objects.all())
    tasks.evaluate_answers()

    run = refreshed(run)
    assert (run.status, run.losses, len(model.seen)) == ("done", 1, 3)
    question = GoldenQuestion.objects.first()
    answer = Judged(expectation_of(question, library), Given("", "", "succeeded", 0.0))
    assert not runs.keep_answer(lost, question, answer)


@pytest.mark.django_db(transaction=True)
def test_what_goes_wrong_is_tried_again_and_then_given_up(monkeypatch):
    run = asked_in_vain(monkeypatch, RuntimeError("a mistake of ours"))

    for _ in range(MOST_LOSSES - 1):
        tasks.evaluate_answers()
        assert refreshed(run).status == "running"
        AnswerEvaluation.objects.update(lease_until=None)
    tasks.evaluate_answers()

    assert refreshed(run).status == "failed"
    assert "the log" in refreshed(run).error


@pytest.mark.django_db(transaction=True)
def test_people_come_first(monkeypatch):
    run = asked_in_vain(monkeypatch, NoRoom("No room."))

    tasks.evaluate_answers()

    run = refreshed(run)
    assert (run.status, run.losses, run.lease_token) == ("running", 0, None)
    with pytest.raises(CommandError, match="later"):
        call_command("eval_answers", "--user", run.asker.username, "--json")


def asked_in_vain(monkeypatch, error):
    golden("When?", unanswerable=True)

    async def fail(*_, **__):
        raise error

    monkeypatch.setattr(runs, "hold_conversation", fail)
    return runs.start_evaluation(asker=UserFactory())


@pytest.mark.django_db(transaction=True)
def test_a_server_without_room_is_left_to_people(monkeypatch):
    monkeypatch.setattr(background, "may_begin", lambda *_, **__: False)
    monkeypatch.setattr(asking, "ROOM_SECONDS", 0.0)

    with pytest.raises(NoRoom):
        run_apart(asking.hold_conversation(["When?"], model="", actor=UserFactory()))
    assert not Session.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("is_stopped", "status"), [(True, "stopped"), (False, "running")])
async def test_an_answer_that_takes_too_long_counts_as_none(
    spoken_by, monkeypatch, is_stopped, status
):
    spoken_by(ScriptedModel([[TextDelta("So far."), 600.0]]))
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 0.5)
    if not is_stopped:
        monkeypatch.setattr(asking, "request_stop", AsyncMock())
        monkeypatch.setattr(asking, "LAST_SECONDS", 0.1)

    (given,) = await asking.hold_conversation(
        ["When?"], model="", actor=await sync_to_async(UserFactory)()
    )

    assert given.status == status
    assert Judged(GoldenExpectation(QuestionKind.PLAIN), given).verdict == Verdict.FAILED


@pytest.mark.django_db(transaction=True)
def test_a_worker_knows_the_servers_that_staff_added(monkeypatch):
    golden("When?", unanswerable=True)
    with DoubleServer() as double:
        double.script(Turn(text="I found nothing."))
        address = double.base_url.removeprefix("http://")
        ModelServer.objects.create(name="late", url=double.base_url, address=address)
        monkeypatch.setattr(endpoints, "stored", endpoints.Stored())  # as in a new worker
        run = runs.create_evaluation("double", None, UserFactory(), held=False)

        tasks.evaluate_answers()

        run = refreshed(run)

        assert (run.status, run.error, verdicts(run)) == ("done", "", ["refused"])
        assert len(double.chats) == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_command_tells_what_is_wrong_and_what_changed(library, spoken_by, capsys):
    spoken_by(ScriptedModel([[TextDelta("I found nothing.")]] * 6))
    with pytest.raises(CommandError, match=r"0.3333 of the answers are as expected, not 0.9"):
        call_command("eval_answers", "--user=ann", "--min-right=0.9")
    printed = capsys.readouterr().out
    spider = GoldenQuestion.objects.get(question__contains="spider")
    spider.unanswerable, spider.addresses = False, ["leave.md"]
    golden_questions.save_question(spider)

    call_command("eval_answers", "--user=ann")

    assert "refused: How much does a locker cost?" in printed
    assert "spider" not in printed
    assert "as expected -0.3333 since" in (later := capsys.readouterr().out)
    assert "worse: refused -> refused  How many legs has a spider?" in later


@pytest.mark.django_db
def test_the_command_asks_as_the_collections_owner():
    shelf = CollectionFactory()

    assert searcher_of(None, shelf) == shelf.owner
    with pytest.raises(NothingToEvaluate):
        runs.start_evaluation(collection=shelf, asker=shelf.owner)


@pytest.mark.django_db
def test_documents_of_others_are_no_right_sources():
    owner, stranger = UserFactory(), UserFactory()
    row = golden("When?", document_ids=[DocumentFactory(owner=owner).pk])

    seen = [expectation_of(row, user).documents for user in (owner, stranger)]

    assert seen == [{str(row.document_ids[0])}, frozenset()]


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
    expected = GoldenExpectation(QuestionKind.PLAIN, answer=answer)

    assert expected.is_said_in(text) is said
