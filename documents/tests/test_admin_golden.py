"""Staff pages of golden questions and evaluations: who may, tables in and out, and the history."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory, staff_client
from documents import evaluation
from documents.golden_csv import MOST_BYTES
from documents.models import EmbeddingModel, EvaluationResult, EvaluationRun, GoldenQuestion
from documents.tests.factories import CollectionFactory, DocumentFactory, embed, write
from documents.tests.fakes import LetterEmbedder
from documents.tests.test_collections import actions

pytestmark = pytest.mark.django_db
QUESTIONS = "/admin/documents/goldenquestion/"
RUNS = "/admin/documents/evaluationrun/"


@pytest.fixture
def staff():
    return staff_client(is_superuser=True, username="root")


def golden(question="penguins swim", *addresses):
    return GoldenQuestion.objects.create(
        question=question, addresses=list(addresses or ["birds.html"])
    )


def table(text="question;addresses\npenguins swim;birds.html\n"):
    return SimpleUploadedFile("golden.csv", text.encode(), "text/csv")


def test_a_question_is_written_changed_and_removed(staff):
    fields = {"question": "How?", "addresses": "a.html\nb/*.pdf", "document_ids": ""}

    assert staff.post(f"{QUESTIONS}add/", fields).status_code == 302
    row = GoldenQuestion.objects.get()
    assert (row.addresses, row.author.username) == (["a.html", "b/*.pdf"], "root")
    page = f"{QUESTIONS}{row.pk}/change/"
    assert "a.html\nb/*.pdf" in staff.get(page).content.decode()
    assert staff.post(page, {**fields, "note": "x"}).status_code == 302
    row.refresh_from_db()
    assert row.note == "x"
    assert staff.post(f"{QUESTIONS}{row.pk}/delete/", {"post": "yes"}).status_code == 302

    assert not GoldenQuestion.objects.exists()
    assert actions().count("admin.settings.update") == 3


def test_a_question_without_a_right_document_is_told_so(staff):
    answer = staff.post(f"{QUESTIONS}add/", {"question": "How?", "addresses": " "})

    assert "Name at least one right document." in answer.content.decode()
    assert not GoldenQuestion.objects.exists()


def test_a_question_that_nobody_can_answer_has_no_document(staff):
    fields = {"question": "Who knows?", "unanswerable": "on"}

    refused = staff.post(f"{QUESTIONS}add/", {**fields, "addresses": "a.html"})
    assert "has no right document and no right answer" in refused.content.decode()
    assert staff.post(f"{QUESTIONS}add/", fields).status_code == 302

    assert GoldenQuestion.objects.get().unanswerable


def test_the_same_question_twice_is_told_so(staff):
    golden("How?")

    answer = staff.post(f"{QUESTIONS}add/", {"question": "How?", "addresses": "a"})

    assert answer.status_code == 200
    assert GoldenQuestion.objects.count() == 1


def test_tables_go_in_and_out(staff):
    assert staff.get(f"{QUESTIONS}import/").status_code == 200
    answer = staff.post(f"{QUESTIONS}import/", {"file": table()}, follow=True)
    assert "1 questions added, 0 brought up to date." in answer.content.decode()

    out = staff.get(f"{QUESTIONS}export/")

    assert out["Content-Type"].startswith("text/csv")
    assert "penguins swim,birds.html" in out.content.decode("utf-8-sig")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"file": table("what\n1\n")}, "The first line has to name the columns"),
        ({"file": table("question;addresses\nHow?;\n")}, "Line 2 names no document."),
        ({"file": table("x" * (MOST_BYTES + 1))}, "A table of questions has at most"),
        ({"file": table(), "collection": "None"}, "There is no collection “None”."),
        ({}, "This field is required."),
    ],
)
def test_a_table_that_is_none_is_refused_in_words(staff, fields, words):
    answer = staff.post(f"{QUESTIONS}import/", fields)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not GoldenQuestion.objects.exists()


def test_evaluations_are_begun_with_ones_own_rights_and_shown(staff, letters):
    for owner, name in ((None, "birds"), (UserFactory(), "ice")):
        fields = {"owner": owner} if owner else {"owner__username": "root2"}
        write(DocumentFactory(uri=f"/{name}.html", **fields), "penguins swim")
    embed()
    golden()

    assert staff.get(f"{QUESTIONS}evaluate/").url == f"{RUNS}evaluate/"
    assert staff.get(f"{RUNS}evaluate/").status_code == 200
    assert staff.post(f"{RUNS}evaluate/", {"mode": "keyword"}).status_code == 302
    while evaluation.evaluate_next(until=float("inf")):
        pass

    run = EvaluationRun.objects.get()
    assert run.searcher.username == "root"
    assert run.figures["unreachable"] == 1
    assert "1 / 1" in staff.get(RUNS).content.decode()


def test_questions_are_found_by_their_words_and_addresses(staff):
    golden("penguins swim", "birds.html")
    golden("zebras run", "savannah.html")

    for word in ("zebras", "savannah"):
        found = staff.get(QUESTIONS, {"q": word}).content.decode()
        assert "zebras run" in found
        assert "penguins swim" not in found


def test_staff_name_only_collections_they_may_look_at(staff):
    CollectionFactory(name="Board papers")
    clerk = staff_client("add_goldenquestion", "change_goldenquestion", "add_evaluationrun")
    fields = {"file": table(), "collection": "Board papers"}

    assert clerk.post(f"{QUESTIONS}import/", fields).status_code == 422
    asked = clerk.post(f"{RUNS}evaluate/", {"mode": "keyword", "collection": "Board papers"})
    assert "There is no collection “Board papers”." in asked.content.decode()
    fields = {"file": table(), "collection": "Board papers"}
    assert staff.post(f"{QUESTIONS}import/", fields).status_code == 302
    adder = staff_client("add_goldenquestion")
    assert adder.post(f"{QUESTIONS}import/", {"file": table()}).status_code == 403


def test_a_get_begins_nothing_and_a_refusal_is_told(staff, letters):
    answer = staff.post(f"{RUNS}evaluate/", {"mode": "keyword"})

    assert answer.status_code == 422
    assert "There are no golden questions to ask." in answer.content.decode()
    golden()
    staff.get(f"{RUNS}evaluate/")
    assert not EvaluationRun.objects.exists()


def run_with(mrr, place, question):
    figures = evaluation.figures_of(
        [evaluation.Placing("en", crosses=False, place=place, found=1, expected=1)]
    )
    run = EvaluationRun.objects.create(
        mode="keyword", status="done", model_name="m", figures={**figures, "mrr@10": mrr}, total=1
    )
    EvaluationResult.objects.create(run=run, question=question, place=place)
    return run


def test_the_history_tells_the_difference_and_what_got_worse(staff):
    question = golden("<b>which</b> penguin?")
    run_with(0.75, 1, question)
    EvaluationRun.objects.create(mode="keyword", status="failed", model_name="m", error="away")
    run = run_with(0.25, 4, question)

    listed = staff.get(RUNS).content.decode()
    page = staff.get(f"{RUNS}{run.pk}/change/").content.decode()

    assert "-0.5000" in listed
    assert "1 → 4" in page
    assert "&lt;b&gt;which&lt;/b&gt; penguin?" in page
    assert "<b>which" not in page
    assert "0.75" in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_have_a_fixed_number_of_queries(staff, count, django_assert_max_num_queries):
    for number in range(count):
        run_with(0.5, 2, golden(f"q{number}"))

    for page in (RUNS, QUESTIONS):
        with django_assert_max_num_queries(8):
            assert staff.get(page).status_code == 200


def test_pages_are_for_staff_with_the_right(letters):
    golden()
    nobody, viewer = staff_client(), staff_client("view_goldenquestion", "view_evaluationrun")

    for path in ("import/", "export/", ""):
        assert nobody.get(f"{QUESTIONS}{path}").status_code == 403
    assert viewer.get(QUESTIONS).status_code == 200
    assert viewer.get(f"{QUESTIONS}export/").status_code == 200
    assert viewer.post(f"{QUESTIONS}import/", {"file": table()}).status_code == 403
    assert viewer.post(f"{RUNS}evaluate/", {"mode": "keyword"}).status_code == 403
    assert not EvaluationRun.objects.exists()
    somebody = Client()
    somebody.force_login(UserFactory())
    assert somebody.get(f"{QUESTIONS}export/").status_code == 302


def test_urls_have_names():
    assert reverse("admin:documents_evaluationrun_evaluate") == f"{RUNS}evaluate/"


MODELS = "/admin/documents/embeddingmodel/"


@pytest.fixture
def two_models(staff, letters, use):
    """The active model, and one that was active before it and was evaluated worse."""
    older = LetterEmbedder(10)
    older.name = "older"
    other = use(older, active=False)
    EmbeddingModel.objects.filter(pk=other.pk).update(active_until=timezone.now())
    root = User.objects.get(username="root")
    for model, mrr in ((letters, 0.9), (other, 0.4)):
        EvaluationRun.objects.create(
            model=model, searcher=root, status="done", figures={"mrr@10": mrr}, total=1
        )
    return letters, other


def act(staff, name, model):
    fields = {"action": name, "_selected_action": [str(model.pk)]}
    return staff.post(MODELS, fields, follow=True).content.decode()


def test_staff_see_and_respect_what_models_find(staff, two_models):
    active, other = two_models

    assert "0.4000" in staff.get(MODELS).content.decode()
    assert "finds less: MRR@10 is 0.4000 instead of 0.9000" in act(staff, "activate", other)
    assert EmbeddingModel.objects.active().get() == active

    assert "answers searches now" in act(staff, "activate_although_worse", other)
    assert EmbeddingModel.objects.active().get() == other


def test_staff_compare_models(staff, two_models):
    _, other = two_models
    assert "There are no golden questions to ask." in act(staff, "compare", other)
    golden()

    assert "is being compared" in act(staff, "compare", other)

    queued = EvaluationRun.objects.filter(status="queued")
    assert {run.model for run in queued} == set(two_models)


def test_staff_go_back_by_a_post_only(staff, two_models):
    active, other = two_models

    assert "older" in staff.get(f"{MODELS}roll-back/").content.decode()
    assert EmbeddingModel.objects.active().get() == active
    assert staff.post(f"{MODELS}roll-back/").status_code == 302
    assert EmbeddingModel.objects.active().get() == other
    assert staff_client("view_embeddingmodel").post(f"{MODELS}roll-back/").status_code == 403


def test_there_may_be_no_way_back(staff, letters):
    answer = staff.get(f"{MODELS}roll-back/", follow=True)

    assert "There is no embedding model to go back to." in answer.content.decode()
