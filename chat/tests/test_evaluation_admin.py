"""Staff pages of evaluations of answers: who may, what they show, and to whom."""

from __future__ import annotations

from html import unescape

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory, staff_client
from chat.evaluation.runs import figures_in
from chat.models import AnswerEvaluation, JudgedAnswer
from documents.models import GoldenQuestion
from documents.tests.factories import CollectionFactory

pytestmark = pytest.mark.django_db
RUNS = "/admin/chat/answerevaluation/"
SECRET = "The safe opens with 4711."


@pytest.fixture
def staff():
    return staff_client(is_superuser=True, username="root")


def golden(question="Where is the key?"):
    return GoldenQuestion.objects.create(question=question, addresses=["keys.md"])


def evaluated(asker, *verdicts, **fields):
    """A finished evaluation with these verdicts on the golden questions in their order."""
    run = AnswerEvaluation.objects.create(asker=asker, total=len(verdicts), **fields)
    for question, verdict in zip(GoldenQuestion.objects.order_by("pk"), verdicts, strict=True):
        JudgedAnswer.objects.create(
            run=run, question=question, kind="plain", verdict=verdict, text=SECRET,
            sources=[{"index": 1, "title": "Keys", "quote": "<b>4711</b>"}], cited=1, supported=1,
        )  # fmt: skip
    run.status, run.figures, run.finished_at = "done", figures_in(run), timezone.now()
    run.save()
    return run


def page_of(client, run):
    return client.get(f"{RUNS}{run.pk}/change/").content.decode()


def test_an_evaluation_is_begun_with_ones_own_rights(staff):
    golden()
    shelf = CollectionFactory(name="Board")
    GoldenQuestion.objects.create(question="Who?", unanswerable=True, collection=shelf)

    assert staff.get(f"{RUNS}evaluate/").status_code == 200
    assert staff.post(f"{RUNS}evaluate/", {"model": " quote ", "collection": "Board"}).url == RUNS

    run = AnswerEvaluation.objects.get()
    assert (run.model, run.collection, run.total) == ("quote", shelf, 1)
    assert (run.asker.username, run.status) == ("root", "queued")
    assert "0 / 1" in staff.get(RUNS).content.decode()


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({}, "There are no golden questions"),
        ({"collection": "None"}, "There is no collection"),
        ({"model": "gpt-9"}, "gpt-9"),
    ],
)
def test_what_cannot_be_evaluated_is_said_on_the_form(staff, form, reason):
    answer = staff.post(f"{RUNS}evaluate/", form)

    assert answer.status_code == 422
    assert reason in answer.content.decode()
    assert not AnswerEvaluation.objects.exists()


def test_what_is_refused_is_said_in_the_readers_language(staff):
    golden()
    AnswerEvaluation.asker.field.related_model.objects.update(language="it")

    answer = staff.post(f"{RUNS}evaluate/", {"model": "gpt-9"})

    assert "nessun modello chiamato “gpt-9”." in unescape(answer.content.decode())


def test_figures_stand_beside_those_before_and_what_changed_is_listed(staff):
    asker = UserFactory()
    golden("Where is the key?"), golden("Who has it?")
    evaluated(asker, "right", "wrong", model="small")
    run = evaluated(asker, "refused", "right", model="large")
    evaluated(UserFactory(), "right", "right")

    shown, listed = page_of(staff, run), staff.get(RUNS).content.decode()

    assert "50.0 %" in shown
    assert "small" in shown
    assert "Right → Says that there is no answer&emsp;Where is the key?" in shown
    assert "Wrong → Right&emsp;Who has it?" in shown
    assert "+0.0" in listed


def test_shares_are_rounded(staff):
    golden("Where is the key?"), golden("Who has it?"), golden("Since when?")

    run = evaluated(UserFactory(), "right", "right", "wrong")

    assert "66.7 %" in page_of(staff, run)
    assert "66.7 %" in staff.get(RUNS).content.decode()


def test_an_evaluation_is_called_as_its_model(staff):
    golden()

    named, unnamed = (evaluated(UserFactory(), "right", model=name) for name in ("small", ""))

    assert (str(named), str(unnamed)) == ("small", "the default model")
    assert str(unnamed.pk) not in page_of(staff, unnamed).replace(f"/{unnamed.pk}/", "")


def test_texts_are_read_by_the_asker_only(staff):
    golden()
    clerk = staff_client("view_answerevaluation", username="clerk")
    asker = AnswerEvaluation.asker.field.related_model.objects.get(username="clerk")
    run = evaluated(asker, "wrong")

    own, others = page_of(clerk, run), page_of(staff, run)

    assert SECRET in own
    assert "&lt;b&gt;4711" in own
    assert "4711" not in others
    assert "Where is the key?" in others
    assert "Only the person with whose rights" in others


def test_rights_are_those_of_the_console():
    golden()
    nobody, viewer = staff_client(), staff_client("view_answerevaluation")
    run = evaluated(UserFactory(), "right")

    assert nobody.get(RUNS).status_code == 403
    assert nobody.get(f"{RUNS}{run.pk}/change/").status_code == 403
    assert viewer.get(RUNS).status_code == 200
    assert viewer.post(f"{RUNS}evaluate/", {}).status_code == 403
    assert viewer.post(f"{RUNS}{run.pk}/delete/", {"post": "yes"}).status_code == 403
    assert AnswerEvaluation.objects.get() == run
