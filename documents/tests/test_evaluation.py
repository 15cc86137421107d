"""Golden questions asked by the real search, and what the figures are made of."""

import io
import time
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from accounts.tests.factories import UserFactory
from documents import evaluation, services
from documents.enums import SearchMode
from documents.evaluation import Placing, changes_between, figures_of, runs
from documents.exceptions import NothingToEvaluate
from documents.golden_csv import GoldenRow
from documents.models import EvaluationResult, EvaluationRun, GoldenQuestion
from documents.tests.factories import CollectionFactory, DocumentFactory, embed, write
from documents.tests.fakes import BrokenEmbedder, LetterEmbedder
from documents.tests.test_collections import actions
from quotas.models import UsageEvent
from youworker.core.evaluations import MOST_LOSSES, EvaluationStatus
from youworker.core.exceptions import InvalidInput
from youworker.tests.support.leases import let_leases_end
from youworker.tests.support.rows import refreshed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def library(ada, letters):
    """Three documents of hers; two are about penguins."""
    found = {}
    for name, text in (
        ("birds", "penguins live on the ice, and penguins swim"),
        ("ice", "the ice melts where penguins walk in the sun for a very long time"),
        ("tables", "COPY moves data between tables"),
    ):
        document = DocumentFactory(owner=ada, title=name, uri=f"/manual/{name}.html")
        write(document, text)
        found[name] = document
    embed()
    return found


def golden(question, *addresses, **fields):
    return GoldenQuestion.objects.create(question=question, addresses=list(addresses), **fields)


def placed(place, language="en", *, crosses=False, found=1, expected=1):
    return Placing(language, crosses, place, found, expected)


def ask(question, searcher, mode=SearchMode.KEYWORD):
    model = services.ensure_active_model()
    return evaluation.ask_question(question, mode=mode, searcher=searcher, model=model)


def evaluate(searcher, **options):
    run = evaluation.start_evaluation(searcher=searcher, **{"mode": "keyword", **options})
    while evaluation.evaluate_next(until=float("inf")):
        pass
    return refreshed(run)


def test_the_place_is_that_of_the_first_right_document(library, ada):
    assert ask(golden("penguins swim", "birds.html"), ada).place == 1
    assert ask(golden("penguins swim ", "ice.html"), ada).place == 2
    assert ask(golden("penguins  swim", "nothing.html"), ada).place == 0


@pytest.mark.parametrize(
    ("address", "matches"),
    [
        ("tables.html", True),
        ("/manual/tables.html", True),
        ("manual/tables.html", True),
        ("*/tables.*", True),
        ("*", True),
        ("ables.html", False),
        ("tables_html", False),
        ("tables.htm", False),
        ("(", False),
    ],
)
def test_an_address_is_a_whole_one_or_its_end(library, ada, address, matches):
    assert ask(golden("COPY", address), ada).expected >= int(matches)
    assert bool(ask(golden("COPY tables", address), ada).place) is matches


def test_recall_counts_all_right_documents(library, ada):
    placing = ask(golden("penguins", "birds.html", "ice.html", "tables.html"), ada)

    assert (placing.found, placing.expected) == (2, 3)


def test_a_known_passage_has_to_be_found_itself(library, ada):
    write(library["birds"], "penguins penguins penguins", "a penguin  has\nfeathers")
    embed()

    right = ask(golden("penguin feathers", "birds.html", passage="Has feathers"), ada)
    wrong = ask(golden("penguins", "birds.html", passage="has fur"), ada)

    assert right.place >= 1
    assert wrong.place == 0


def test_documents_that_the_searcher_may_not_read_are_not_found(library, ada):
    question = golden("COPY moves data", "tables.html")

    assert ask(question, ada).place == 1
    stranger = ask(question, UserFactory())
    assert (stranger.place, stranger.expected) == (0, 0)


def test_a_question_about_a_collection_is_asked_of_it_only(library, ada):
    other = CollectionFactory(owner=ada)

    assert ask(golden("COPY", "tables.html", collection=other), ada).place == 0
    assert ask(golden("COPY", "tables.html", collection=library["ice"].collection), ada).place == 1


def test_figures_are_those_of_the_books():
    figures = figures_of(
        [
            placed(1),
            placed(2),
            placed(10, "it", crosses=True),
            placed(0, "it", found=0),
            placed(0, found=0, expected=0),
        ]
    )

    assert figures["questions"] == 5
    assert figures["unreachable"] == 1
    assert [figures[f"hit@{depth}"] for depth in (1, 5, 10)] == [0.2, 0.4, 0.6]
    assert figures["mrr@10"] == pytest.approx((1 + 0.5 + 0.1) / 5)
    assert figures["recall@10"] == 0.6
    assert figures["languages"]["it"]["mrr@10"] == 0.05
    assert figures["cross_language"]["questions"] == 1
    assert figures["same_language"]["questions"] == 4


def test_recall_of_more_than_ten_right_documents_can_be_complete():
    assert figures_of([placed(1, found=10, expected=40)])["recall@10"] == 1.0


def test_a_question_crosses_languages_when_no_right_document_has_its_own(library, ada):
    assert ask(golden("COPY", "tables.html", language="it"), ada).crosses
    assert not ask(golden("COPY ", "tables.html", language="en-GB"), ada).crosses


def test_searches_are_not_asked_what_no_search_can_answer(library, ada):
    asked = golden("penguins swim", "birds.html")
    golden("And the ice?", "ice.html", follows="penguins swim")
    golden("Who painted the penguins?", unanswerable=True)

    run = evaluate(ada)

    assert run.total == run.figures["questions"] == 1
    assert run.results.get().question == asked


def test_workers_ask_all_questions_and_keep_the_figures(library, ada):
    golden("penguins swim", "birds.html")
    golden("COPY", "tables.html")

    run = evaluate(ada)

    assert run.status == EvaluationStatus.DONE
    assert run.figures["mrr@10"] == 1.0
    assert run.finished_at is not None
    assert run.lease_token is None
    assert run.results.count() == run.total == 2
    assert not UsageEvent.objects.filter(kind="search").exists()


def test_an_evaluation_goes_on_where_a_killed_worker_left_it(library, ada):
    questions = [golden(f"penguins {number}", "birds.html") for number in range(3)]
    evaluation.start_evaluation(mode="keyword", searcher=ada)
    lost = EvaluationRun.objects.claim()
    runs.keep_placing(lost, questions[0], placed(7))
    assert not evaluation.evaluate_next(until=0)

    let_leases_end(EvaluationRun.objects.all())
    assert evaluation.evaluate_next(until=float("inf"))

    run = EvaluationRun.objects.get(pk=lost.pk)
    assert (run.status, run.losses) == (EvaluationStatus.DONE, 1)
    assert run.results.get(question=questions[0]).place == 7
    assert run.results.count() == 3
    assert not runs.keep_placing(lost, questions[1], placed(9))


def test_an_evaluation_that_costs_workers_is_given_up(library, ada):
    golden("penguins", "birds.html")
    run = evaluation.start_evaluation(mode="keyword", searcher=ada)
    for _ in range(MOST_LOSSES):
        assert EvaluationRun.objects.claim() is not None
        let_leases_end(EvaluationRun.objects.all())

    assert EvaluationRun.objects.claim() is None
    assert refreshed(run).status == EvaluationStatus.FAILED
    assert "Several workers were lost" in refreshed(run).error


def test_an_evaluation_that_goes_wrong_is_tried_again_and_then_given_up(library, ada, monkeypatch):
    golden("penguins", "birds.html")
    run = evaluation.start_evaluation(mode="keyword", searcher=ada)

    def fail(*given, **options):
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(runs, "ask_question", fail)
    for _ in range(MOST_LOSSES - 1):
        assert evaluation.evaluate_next(until=float("inf"))
        assert refreshed(run).status == EvaluationStatus.RUNNING
        assert not evaluation.evaluate_next(until=float("inf"))
        EvaluationRun.objects.update(lease_until=None)
    assert evaluation.evaluate_next(until=float("inf"))

    assert refreshed(run).status == EvaluationStatus.FAILED
    assert run.error == "This failed for a reason that the log has."
    assert run.lease_token is None


def test_an_evaluation_is_put_down_in_time_and_taken_up(library, ada):
    for number in range(3):
        golden(f"penguins {number}", "birds.html")
    run = evaluation.start_evaluation(mode="keyword", searcher=ada)

    assert evaluation.evaluate_next(until=time.monotonic())
    assert (run.results.count(), refreshed(run).status) == (1, EvaluationStatus.RUNNING)
    assert evaluation.evaluate_next(until=time.monotonic())
    assert evaluation.evaluate_next(until=time.monotonic())

    assert refreshed(run).status == EvaluationStatus.DONE
    assert not evaluation.evaluate_next(until=time.monotonic())


@pytest.mark.parametrize("mode", ["hybrid", "semantic"])
def test_a_model_that_is_away_is_told_and_not_taken_for_a_bad_one(ada, use, mode):
    use(BrokenEmbedder(), active=True)
    write(DocumentFactory(owner=ada, uri="a.html"), "penguins")
    golden("penguins", "a.html")

    run = evaluate(ada, mode=mode)

    assert run.status == EvaluationStatus.FAILED
    assert "does not answer" in run.error
    assert not run.figures


def test_a_model_beside_the_active_one_is_evaluated(library, ada, use):
    second = LetterEmbedder(10)
    second.name = "second"
    model = use(second, active=False)
    services.embedding_queue.add_backfill(model, [row.pk for row in library.values()])
    embed()
    golden("penguins swim", "birds.html")
    second.batches.clear()

    run = evaluate(ada, mode="semantic", model=model)

    assert run.figures["hit@10"] == 1.0
    assert second.batches == [1]
    assert run.model_name == "second (openai, 10)"
    assert services.ensure_active_model() != model


def test_nothing_is_evaluated_without_questions_or_on_a_model_in_preparation(ada, letters):
    with pytest.raises(NothingToEvaluate):
        evaluation.start_evaluation(searcher=ada)

    golden("penguins", "a.html")
    letters.state = "preparing"
    letters.save()
    with pytest.raises(InvalidInput):
        evaluation.start_evaluation(searcher=ada)


def test_questions_that_got_worse_come_first(library, ada):
    fallen, lost, risen = (golden(f"penguins {n}", "birds.html") for n in range(3))
    before, now = (
        EvaluationRun.objects.create(mode="keyword", searcher=ada, status="done") for _ in range(2)
    )
    for question, old, new in ((fallen, 1, 3), (lost, 2, 0), (risen, 4, 1)):
        EvaluationResult.objects.create(run=before, question=question, place=old)
        EvaluationResult.objects.create(run=now, question=question, place=new)

    changes = changes_between(before, now)

    assert [change.question for change in changes] == [lost, fallen, risen]
    assert [change.is_worse for change in changes] == [True, True, False]
    assert evaluation.previous_evaluation(now) == before
    assert evaluation.previous_evaluation(before) is None


def test_a_question_removed_meanwhile_does_not_end_the_evaluation(library, ada):
    question = golden("penguins", "birds.html")
    evaluation.start_evaluation(mode="keyword", searcher=ada)
    run = EvaluationRun.objects.claim()
    GoldenQuestion.objects.filter(pk=question.pk).delete()

    assert runs.keep_placing(run, question, placed(1))
    assert not run.results.exists()


def test_an_evaluation_of_somebody_who_is_gone_fails(library, ada):
    golden("penguins", "birds.html")
    run = evaluation.start_evaluation(mode="keyword", searcher=ada)
    EvaluationRun.objects.update(searcher=None)

    evaluation.evaluate_next(until=float("inf"))

    assert "is gone" in refreshed(run).error


def test_questions_are_imported_once_and_brought_up_to_date(ada):
    collection = CollectionFactory(owner=ada, name="Manuals")
    rows = [
        GoldenRow("How?", ("a.html",)),
        GoldenRow("How?", ("b.html",), collection="Manuals"),
        GoldenRow("Why?", document_ids=(uuid4(),), collection=str(collection.pk)),
    ]

    assert services.import_questions(rows, actor=ada) == (3, 0)
    changed = [GoldenRow("How?", ("c.html",), note="new")]
    assert services.import_questions(changed, actor=UserFactory()) == (0, 1)

    plain = GoldenQuestion.objects.get(question="How?", collection=None)
    assert (plain.addresses, plain.note, plain.author) == (["c.html"], "new", ada)
    assert services.table_of([plain]) == [GoldenRow("How?", ("c.html",), note="new")]
    assert actions().count("admin.settings.update") == 2


def test_an_import_that_names_no_collection_changes_nothing(ada):
    for _ in range(2):
        CollectionFactory(name="Twins")
    for name in ("Nowhere", "Twins"):
        with pytest.raises(InvalidInput):
            services.import_questions(
                [GoldenRow("How?", ("a.html",)), GoldenRow("Why?", ("a",), collection=name)]
            )

    assert not GoldenQuestion.objects.exists()


def told(*arguments, **options):
    out = io.StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def test_commands_import_evaluate_and_export(library, ada, tmp_path):
    table = tmp_path / "golden.csv"
    table.write_text("question;addresses\npenguins swim;birds.html\nCOPY;ice.html\n")

    assert "2 questions added, 0" in told("golden_questions", "import", str(table), user="ada")
    first = told("eval_retrieval", mode="keyword", user="ada")
    assert "2 questions as ada" in first
    assert "all" in first
    assert "0.5000" in first

    GoldenQuestion.objects.filter(question="penguins swim").update(addresses=["ice.html"])
    second = told("eval_retrieval", all=True, mode="keyword", user="ada")
    assert "MRR@10 -0.2500 since" in second
    assert "worse: 1 -> 2  penguins swim" in second

    assert told("golden_questions", "list").count("->") == 2
    told("golden_questions", "export", str(tmp_path / "out.csv"))
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfquestion,addresses")
    assert EvaluationRun.objects.count() == 2


@pytest.mark.parametrize("act", ["list", "export"])
def test_a_reader_who_leaves_is_no_trouble_with_a_file(library, act):
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    golden("penguins swim", "birds.html")

    with pytest.raises(BrokenPipeError):
        call_command("golden_questions", act, stdout=Closed())


def test_the_command_fails_below_the_least_that_is_good_enough(library, ada):
    golden("penguins swim", "ice.html")

    told("eval_retrieval", mode="keyword", user="ada", min_mrr=0.5)
    with pytest.raises(CommandError, match=r"MRR@10 is 0\.5000, less than 0\.6"):
        told("eval_retrieval", mode="keyword", user="ada", min_mrr=0.6)


def test_the_command_searches_as_the_collections_owner_or_the_first_superuser(library, ada):
    collection = library["ice"].collection
    golden("penguins", "birds.html", collection=collection)

    assert "as ada" in told("eval_retrieval", mode="keyword", collection=str(collection.pk))
    with pytest.raises(CommandError, match="--user"):
        told("eval_retrieval", mode="keyword")
    UserFactory(username="root", is_superuser=True)
    assert "1 questions have no right document that may be read" in told(
        "eval_retrieval", mode="keyword"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["eval_retrieval", "--user", "nobody"], "no active user 'nobody'"),
        (["eval_retrieval", "--collection", "Nowhere"], "There is no collection “Nowhere”."),
        (["eval_retrieval", "--user", "ada", "--model", "none"], "no embedding model 'none'"),
        (["eval_retrieval", "--user", "ada"], "There are no golden questions to ask."),
        (["golden_questions", "import", "/nowhere.csv"], "No such file"),
    ],
)
def test_commands_refuse_in_words(ada, letters, arguments, words):
    with pytest.raises(CommandError, match=words):
        call_command(*arguments)
