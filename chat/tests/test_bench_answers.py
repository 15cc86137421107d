"""Answers to questions about the files of a company, by whole runs, and how they are judged."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command

from accounts.tests.factories import UserFactory
from chat.evaluation.judging import Cited, Given, Judged
from ingestion.management.commands import ingest
from youworker.tests.bench import answers as bench
from youworker.tests.bench.answer_questions import (
    GOLDEN,
    HELD_OUT,
    LIBRARY,
    Expected,
    read_questions,
)

FILES = [
    LIBRARY / "hr" / "travel-policy.md",
    LIBRARY / "it" / "standby-server.html",
    LIBRARY / "products" / "p200-manual.html",
    LIBRARY / "sales" / "price-list-2026.csv",
    LIBRARY / "verona" / "manuale-s50.html",
    LIBRARY / "zurich" / "arbeitszeit.md",
]
RIGHT = [
    "How much may a hotel in Switzerland cost per night?",
    "What is a standby server?",
    "And how do I promote it?",
    "How do I vent the P200 pump?",
    "What does error code E04 on the P200 mean?",
    "How much does the P400 high temperature version cost?",
    "Come si calibra la bilancia S50?",
    "How many vacation days do employees in Zurich have?",
]
REFUSED = [
    "What does error code E12 on the P200 mean?",
    "How long is the cable of the P200?",
    "Di che colore è la bilancia S50?",
    "What is the capital of Mongolia?",
    "How many days of leave do staff in Paris have?",
    "Quanto costa la pompa P600?",
]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
async def test_the_built_in_model_answers_and_refuses_over_real_files(monkeypatch, capsys):
    monkeypatch.setattr(ingest, "PATIENCE", 0)
    user = await sync_to_async(UserFactory)(username="ann")
    await sync_to_async(call_command)("ingest", *FILES, "--user=ann")
    golden = {one.question: one for one in read_questions(GOLDEN)}
    expected = [golden[question] for question in [*RIGHT, *REFUSED]]
    everything = bench.conversations_of(list(golden.values()))
    asked = [chain for chain in everything if chain[-1] in {*RIGHT, *REFUSED}]
    asked.sort(key=lambda chain: [*RIGHT, *REFUSED].index(chain[-1]))

    given = await bench.hold_conversations(asked, "quote", user)

    measured = bench.judged("quote", "golden", expected, given)
    assert list(map(bench.line_of, measured.failures())) == []
    assert all(one.given.status == "succeeded" for one in measured.answers)
    cited = [one for judged in measured.answers for one in judged.given.citations]
    assert all(one.supported for one in cited)
    assert len(cited) >= len(RIGHT)


# The files of the questions.


@pytest.mark.parametrize("path", [GOLDEN, HELD_OUT])
def test_every_question_names_a_file_that_says_the_answer(path):
    files = {file.name: file for file in LIBRARY.rglob("*.*")}

    for one in read_questions(path):
        named = [file for name, file in files.items() if one.document and one.document in name]
        assert len(named) == bool(one.document), one
        if named:
            text = re.sub(r"<[^>]+>", " ", named[0].read_text(encoding="utf-8"))
            assert one.is_said_in(text), one


def test_there_are_enough_questions_of_each_kind():
    both = [*read_questions(GOLDEN), *read_questions(HELD_OUT)]

    kinds = Counter((one.is_answerable, bool(one.follows)) for one in both)

    assert kinds[True, False] >= 60
    assert kinds[True, True] >= 20
    assert kinds[False, False] >= 60
    assert len({one.question for one in both}) == len(both)


def test_a_file_of_questions_is_read(tmp_path):
    path = tmp_path / "mine.tsv"
    path.write_text("# remark\n\nWhen?\ta.md\t12:\\d\\d\nAnd where?\ta.md\t\tWhen?\nWho?\n")

    found = read_questions(path)

    assert found == [
        Expected("When?", "a.md", r"12:\d\d"),
        Expected("And where?", "a.md", "", "When?"),
        Expected("Who?"),
    ]
    assert [one.is_answerable for one in found] == [True, True, False]
    assert bench.conversations_of(found) == [["When?"], ["When?", "And where?"], ["Who?"]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("# nothing\n", "holds no question"), ("When?\ta.md\t(\n", "line 1: the pattern is not one")],
)
def test_a_file_that_cannot_be_measured_is_refused(tmp_path, text, reason):
    path = tmp_path / "mine.tsv"
    path.write_text(text)

    with pytest.raises(ValueError, match=reason):
        read_questions(path)


def test_questions_that_follow_each_other_in_a_circle_are_asked_once():
    circle = [Expected("A?", "a", "", "B?"), Expected("B?", "a", "", "A?")]

    assert bench.conversations_of(circle) == [["B?", "A?"], ["A?", "B?"]]


# How answers are judged.

WHEN = Expected("When?", "plan.md", "noon")
PLAN, OTHER = Cited("Plan", "/a/plan.md", "At noon.", True), Cited("Other", "/a/b.md", "", False)  # noqa: FBT003


def given(text, *citations):
    return Given("When?", text, "succeeded", 0.5, citations)


@pytest.mark.parametrize(
    ("answer", "answered", "first", "right"),
    [
        (given("At NOON [1].", PLAN), True, True, True),
        (given("At noon [1][2].", OTHER, PLAN), True, False, True),
        (given("At noon [1].", OTHER), True, False, False),
        (given("At one [1].", PLAN), True, True, False),
        (given("At noon."), False, False, False),
        (given("The documents do not mention it [1], noon?", PLAN), False, False, False),
        (given(""), False, False, False),
    ],
)
def test_an_answer_is_right_by_its_words_and_its_source(answer, answered, first, right):
    judged = Judged(WHEN, answer)

    assert (judged.is_answered, judged.is_right_document, judged.is_right) == (
        answered,
        first,
        right,
    )


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("I found nothing about this in your documents.", True),
        ("Non ho trovato nulla su questo nei tuoi documenti.", True),
        ("The documents don't contain this information.", True),
        ("Your documents say:\n\n“The form is not available.” [1]", False),
        ("At noon.", False),
        ("", False),
    ],
)
def test_who_says_that_there_is_no_answer_refuses(text, refused):
    assert Judged(Expected("When?"), given(text)).is_refusal is refused


def test_figures_have_budgets_for_the_built_in_model_only():
    expected = [WHEN, Expected("Who?")]
    answers = [[given("At noon [1].", PLAN)], [given("Somebody [1].", OTHER)]]

    own = bench.report_of([bench.judged("quote", "mine", expected, answers)])
    theirs = bench.report_of([bench.judged("llama", "mine", expected, answers)])

    values = {figure.name.partition(": ")[2]: figure.value for figure in own.figures}
    assert values["right answer (of 1)"] == 1.0
    assert values["refused of the unanswerable (of 1)"] == 0.0
    assert values["citations that hold their sentences (of 2)"] == 0.5
    assert False in {figure.ok for figure in own.figures}
    assert {figure.ok for figure in theirs.figures} == {None}
    assert own.notes == ["quote, mine, not as expected:", "  Who? -> Somebody [1]. (Other)"]
    assert Given.from_json(answers[0][0].as_json()) == answers[0][0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--models=,"], "needs --models"),
        (["--user=ann"], "both or neither"),
        (["--user=nobody", f"--questions={GOLDEN}"], "There is no user 'nobody'"),
    ],
)
def test_the_command_says_what_it_needs(options, reason):
    with pytest.raises(CommandError, match=reason):
        call_command("bench", "answers", *options)
