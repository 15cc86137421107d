"""Staff keep what a search found as the right answer to it."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.tests.factories import UserFactory
from documents.models import GoldenQuestion
from documents.models.golden import LONGEST_QUESTION
from documents.tests.factories import DocumentFactory, write
from youworker.tests.support.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def measurer():
    user = UserFactory(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="add_goldenquestion"))
    return user


@pytest.fixture
def leave(measurer):
    document = DocumentFactory(owner=measurer, title="Leave", language="en")
    write(document, "Everybody has thirty days of leave a year.")
    return document


@pytest.fixture
def page(measurer):
    client = Client()
    client.force_login(measurer)
    return client


def keep(page, document, question="how much leave?", **more):
    return page.post(f"/documents/{document.pk}/keep-answer", {"question": question, **more})


def test_a_document_found_becomes_a_right_answer(page, measurer, leave):
    shown = text_of(page.get("/search?q=thirty+days+type:text&mode=keyword"))
    assert "This is the right answer" in shown
    assert 'name="question" value="thirty days"' in shown

    answer = keep(page, leave, "  thirty\n days ", next="/search?q=thirty")

    assert (answer.status_code, answer["Location"]) == (302, "/search?q=thirty")
    row = GoldenQuestion.objects.get()
    assert (row.question, row.document_ids, row.author) == ("thirty days", [leave.pk], measurer)
    assert row.collection is None
    assert "Kept as a right answer." in text_of(page.get("/search"))


def test_a_question_has_several_right_answers_each_once(page, measurer, leave):
    other = DocumentFactory(owner=measurer)
    for document in (leave, other, leave):
        keep(page, document)

    assert GoldenQuestion.objects.get().document_ids == [leave.pk, other.pk]
    assert "This was kept already." in text_of(page.get("/search"))


def test_a_question_that_a_document_answers_is_answerable(page, leave):
    GoldenQuestion.objects.create(question="how much leave?", unanswerable=True)

    keep(page, leave)

    row = GoldenQuestion.objects.get()
    assert (row.document_ids, row.unanswerable) == ([leave.pk], False)


@pytest.mark.parametrize("question", ["", " \n ", "x" * (LONGEST_QUESTION + 1)])
def test_what_is_no_question_is_refused(page, leave, question):
    answer = keep(page, leave, question)

    assert answer.status_code == 302
    assert not GoldenQuestion.objects.exists()
    assert "1 to 500 characters" in text_of(page.get("/search"))


def test_a_longer_search_is_not_cut_into_another_question(page, leave):
    longest = "x" * LONGEST_QUESTION

    keep(page, leave, longest)

    assert GoldenQuestion.objects.get().question == longest


def test_documents_of_others_do_not_exist(page):
    assert keep(page, DocumentFactory()).status_code == 404
    assert not GoldenQuestion.objects.exists()


def test_who_writes_no_golden_questions_is_not_offered_it(leave, measurer):
    measurer.user_permissions.clear()
    page = Client()
    page.force_login(measurer)

    assert "right answer" not in text_of(page.get("/search?q=thirty&mode=keyword"))
    assert keep(page, leave).status_code == 404


def test_a_right_without_being_staff_is_not_enough(leave, measurer):
    measurer.is_staff = False
    measurer.save()
    page = Client()
    page.force_login(measurer)

    assert "right answer" not in text_of(page.get("/search?q=thirty&mode=keyword"))
    assert keep(page, leave).status_code == 404
